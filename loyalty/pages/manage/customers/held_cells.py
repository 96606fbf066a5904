"""What a copy of everything held is made of: sections of facts or of rows, times in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

from flask_babel import gettext

from loyalty.pages import formats

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cell:
    label: str
    value: Any
    is_figure: bool = False


@dataclass(frozen=True, kw_only=True)
class Section:
    """A list of label and value, or a table; neither where nothing is held."""

    title: str
    facts: tuple[tuple[str, Any], ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()

    @property
    def columns(self) -> tuple[Cell, ...]:
        return self.rows[0] if self.rows else ()


def table(title: str, rows: Iterable[Sequence[Cell]]) -> Section:
    """Columns in which nothing stands are left out."""
    every = [tuple(row) for row in rows]
    filled = [any(cell.value for cell in column) for column in zip(*every, strict=True)]
    return Section(title=title, rows=tuple(tuple(compress(row, filled)) for row in every))


def time(text: str | None) -> str:
    return formats.date_and_time(datetime.fromisoformat(text)) if text else ""


def last_day(text: str | None) -> str:
    """What ends at midnight can be used on the day before."""
    return formats.full_date(formats.last_day(datetime.fromisoformat(text))) if text else ""


def yes_or_no_or_nothing(value: bool | None) -> str:
    return "" if value is None else yes_or_no(value)


def yes_or_no(value: bool) -> str:
    return gettext("Yes") if value else gettext("No")
