"""Charts drawn by the server: places in percent of the drawing, so that it fits every screen
while its lines and letters keep their size. The axis begins at 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from loyalty.pages import formats

STEPS = (1, 2, 2.5, 5, 10)
LINES = 3
"""Above the axis."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A value of the axis, and how far below the top it stands."""

    label: str
    y: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A name below the axis; `is_minor` ones give way where there is little room."""

    x: float
    label: str
    is_minor: bool
    is_last: bool = False


@dataclass(frozen=True, kw_only=True)
class Stroke:
    x1: float
    y1: float
    x2: float
    y2: float


def top_of(values: Sequence[int]) -> int:
    """The round number at the top of the axis; at least `LINES`, so that lines are whole."""
    largest = max([*values, LINES])
    step = largest / LINES
    size = 10 ** floor(log10(step))
    return LINES * max(1, ceil(next(round_ * size for round_ in STEPS if round_ * size >= step)))


def axis(top: int) -> list[Line]:
    """From the top down to 0."""
    return [
        Line(label=formats.count(top * line // LINES), y=100 - 100 * line / LINES)
        for line in range(LINES, -1, -1)
    ]


def height(value: int, top: int) -> float:
    """Below 0 there is no bar: more was taken back than given."""
    return round(100 * max(0, value) / top, 2)


def bars(pairs: Sequence[tuple[int, int]], top: int) -> list[Bar]:
    """Two bars side by side for each month; the last is the running one."""
    room = 100 / len(pairs)
    found: list[Bar] = []
    for place, pair in enumerate(pairs):
        is_running = place == len(pairs) - 1
        for which, value in enumerate(pair):
            tall = height(value, top)
            kind = ("earned", "spent")[which]
            found.append(
                Bar(
                    x=round(room * (place + 0.22 + 0.3 * which), 2),
                    y=100 - tall,
                    width=round(room * 0.26, 2),
                    height=tall,
                    kind=f"{kind} running" if is_running else kind,
                )
            )
    return found


def strokes(values: Sequence[int], top: int) -> list[Stroke]:
    """A line through the values, from edge to edge."""
    across = 100 / max(1, len(values) - 1)
    points = [
        (round(across * place, 2), 100 - height(value, top)) for place, value in enumerate(values)
    ]
    return [
        Stroke(x1=x1, y1=y1, x2=x2, y2=y2)
        for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False)
    ]
