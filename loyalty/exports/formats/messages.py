"""Formats of message senders: a phone, and what the message says to whom as parameters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from loyalty.core.spreadsheets import is_risky
from loyalty.exports.columns import ColumnKind
from loyalty.exports.formats import normal
from loyalty.exports.formats.delimited import Cells, Delimited
from loyalty.exports.written import writer_of

if TYPE_CHECKING:
    from loyalty.exports.columns import Column
    from loyalty.exports.formats.base import Around

Write = Callable[[Any], str | None]
"""None for what is left out."""

_BREAKS = ("Cc", "Zl", "Zp")
"""Categories of what parts lines, and of control characters."""
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the text of the message around."""
_NUMBERS = (ColumnKind.NUMBER, ColumnKind.POINTS, ColumnKind.MONEY)


class Messages(Delimited):
    """Phones are digits with the country code and no +: `84912345678`. A parameter is text,
    a plain number in major units, or a date dd/mm/yyyy; a text that a spreadsheet would run,
    or with a line break or a direction mark in it, is left out."""

    takes_columns = True

    @cached_property
    def _parameters(self) -> list[Column]:
        """The phone has its column already."""
        return [column for column in self.chosen if column.name != "phone"]

    @cached_property
    def _writers(self) -> list[Write]:
        return [_writer_of(column, self.around) for column in self._parameters]

    def needs(self) -> tuple[str, ...]:
        return ("phone", *(column.name for column in self._parameters))

    def phones(self, values: Sequence[Any]) -> Cells:
        return self._cells("phone", _phone, values)

    def parameters(self, columns: Sequence[Sequence[Any]]) -> Iterable[Cells]:
        for column, write, values in zip(self._parameters, self._writers, columns, strict=True):
            yield self._cells(column.name, write, values)

    def _cells(self, name: str, write: Write, values: Sequence[Any]) -> Cells:
        cells = ["" if value is None else write(value) for value in values]
        if left_out := cells.count(None):
            self.left_out[name] += left_out
        return cells


def _phone(e164: str) -> str | None:
    return normal.phone_digits(e164) or None


def _writer_of(column: Column, around: Around) -> Write:
    if column.kind is ColumnKind.DATE:
        return _day
    if column.kind is ColumnKind.TIME:
        return partial(_local_day, zone=around.zone)
    write = writer_of(column, around)
    return write if column.kind in _NUMBERS else lambda value: _clean(write(value))


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _local_day(moment: datetime, *, zone: ZoneInfo) -> str:
    return _day(moment.astimezone(zone).date())


@lru_cache(maxsize=65_536)
def _clean(text: str) -> str | None:
    is_bad = is_risky(text) or any(map(_is_misplaced, text))
    return None if is_bad else text


def _is_misplaced(character: str) -> bool:
    return character in _DIRECTIONS or unicodedata.category(character) in _BREAKS
