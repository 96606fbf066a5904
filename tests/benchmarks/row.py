"""One line of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

TURNS = 3


@dataclass(frozen=True, kw_only=True)
class Row:
    """`ratio` is measured / reference; `bound` says in words what `holds` tells."""

    name: str
    database: str
    what: str
    measured: float
    reference: float
    unit: str
    reference_is: str
    bound: str
    holds: bool
    how: str

    @property
    def ratio(self) -> float:
        return self.measured / self.reference


Benchmark = Callable[["Options"], Iterator[Row]]
"""A group of rows that share what they prepare; yields each as soon as it is known."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """`seconds`: how long one turn of a load lasts."""

    seconds: int


def in_turns(measure: Callable[[int], float], refer: Callable[[], float]) -> tuple[float, float]:
    """Medians of `measure(turn)` and of `refer()`, run one after the other `TURNS` times."""
    pairs = [(refer(), measure(turn)) for turn in range(TURNS)]
    return median(pair[1] for pair in pairs), median(pair[0] for pair in pairs)
