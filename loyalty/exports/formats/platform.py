"""Formats of advertising platforms: fixed columns, most of them hashed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from loyalty.exports.formats.delimited import Cells, Delimited
from loyalty.exports.formats.normal import sha256

_KEPT = 65_536


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A column of the file and the member's column it is made of, None where the shop knows
    nothing of the kind. `normal` gives the form that the platform wants, "" where a value has
    none, and `hash` what is written of it (`str`: the form itself). `repeats`: few values stand
    in many rows. `optional`: a value without such a form is not wrong (a name of one word has
    no family name)."""

    header: str
    source: str | None = None
    normal: Callable[[Any], str] = str
    hash: Callable[[str], str] = sha256
    repeats: bool = False
    optional: bool = False

    @cached_property
    def cell(self) -> Callable[[Any], str | None]:
        return lru_cache(_KEPT)(self._cell) if self.repeats else self._cell

    def _cell(self, value: Any) -> str | None:
        """None for what is left out: the hash of an empty text would be somebody to them."""
        normal = self.normal(value)
        if not normal:
            return "" if self.optional else None
        return self.hash(normal)


class Platform(Delimited):
    """Consent to be shown ads is what all of them need."""

    channel = "ads"

    @abstractmethod
    def typed(self) -> Sequence[Typed]: ...

    @cached_property
    def _typed(self) -> Sequence[Typed]:
        return self.typed()

    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.source for each in self._typed if each.source))

    def header(self) -> Sequence[str]:
        return [each.header for each in self._typed]

    def columns_of(self, columns: Sequence[Sequence[Any]]) -> Iterable[Cells]:
        values: dict[str | None, Sequence[Any]] = {None: [None] * len(columns[0])}
        values.update(zip(self.needs(), columns[1:], strict=True))
        return [self._cells(each, values[each.source]) for each in self._typed]

    def _cells(self, typed: Typed, values: Sequence[Any]) -> Cells:
        cells = [typed.cell(value) if value else "" for value in values]
        if left_out := cells.count(None):
            self.left_out[str(typed.source)] += left_out
        return cells
