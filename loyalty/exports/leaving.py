"""The file of those who went out since an earlier export: it takes people off a list elsewhere.

Whoever took a consent back, is restricted or turned out to be a child is in it: being taken off is
what they asked for. It says no more of them than the receiver needs to find them, and nothing of
those who are erased or closed, whom nobody may be told of any more (`selection`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from loyalty.exports.columns import FIXED

if TYPE_CHECKING:
    from loyalty.exports.columns import Column
    from loyalty.exports.formats.base import Row

NAMED_BY = ("id", "phone", "email")


def columns_of(asked: Sequence[Column], *, reach: str | None) -> list[Column]:
    """Of the columns asked for, those that say who it is; the contact where it is none of
    them."""
    if not asked:
        return []
    contact = FIXED["email" if reach == "email" else "phone"]
    return [column for column in asked if column.name in NAMED_BY] or [contact]


class Leaving:
    """`without_contact` counts those who have nothing left to be named by, and no row."""

    def __init__(self) -> None:
        self.without_contact = 0

    def rows(
        self, batches: Iterable[Sequence[Row]], names: Sequence[str]
    ) -> Iterator[Sequence[Row]]:
        """Rows as `read_rows` gives them, nothing in them but ids and contacts."""
        stays = [place for place, name in enumerate(names, start=1) if name in NAMED_BY]
        for batch in batches:
            named = [row for row in batch if any(row[place] for place in stays)]
            self.without_contact += len(batch) - len(named)
            yield [_only(row, (0, *stays)) for row in named]


def _only(row: Row, places: Sequence[int]) -> Row:
    return tuple(value if place in places else None for place, value in enumerate(row))
