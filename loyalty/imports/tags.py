"""A manual tag filled from a file of phones: steps of rows, each a transaction of its own.

An import that was interrupted is started again from the beginning: whoever has the tag has it
already, so it ends the same.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from loyalty.core.db import in_transaction
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import BATCH_ROWS
from loyalty.core.phone import PhoneNumber
from loyalty.imports import phone_rows, source
from loyalty.imports.columns import PHONE_COLUMN, find_columns
from loyalty.imports.phone_rows import PhoneRow
from loyalty.imports.refused_rows import Refused, refused
from loyalty.imports.source import File
from loyalty.tags import service as tags
from loyalty.tags.service import Filled


@dataclass(kw_only=True)
class Tally:
    """What an import did: `unchanged` had the tag already (or had it not, where it is taken
    off), or stood twice in the file."""

    rows: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def as_document(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": dict(sorted(self.rejected.items())),
        }


def fill_from_file(
    path: File,
    *,
    slug: str,
    takes_off: bool,
    on_step: Callable[[Tally, int, int], None],
    on_refused: Callable[[Sequence[str], Iterable[Refused]], None],
) -> Tally:
    """Give the whole file the tag, or take it off; raises `source.BadFile`, `unknown_tag` and
    `tag_has_rule` before anything is written.

    `on_step(tally, line, lines)` hears of every finished step, `on_refused(header, rows)` of
    what it refused.
    """
    file = source.check(path)
    place = find_columns(file.header, required=("phone",), among=PHONE_COLUMN)["phone"]
    tally = Tally()
    rows = source.rows_of(file)
    while step := list(itertools.islice(rows, BATCH_ROWS)):
        found, not_read = phone_rows.read(file, place, step)
        phones = [row.phone for row in found]
        filled = in_transaction(partial(_fill, slug, phones, takes_off=takes_off))
        unknown = _unknown(found, filled)
        _count(tally, filled, known=len(found) - len(unknown), refused=[*not_read, *unknown])
        on_refused(file.header, sorted([*not_read, *unknown], key=lambda row: row.line))
        on_step(tally, step[-1][0], file.lines)
    return tally


def _fill(slug: str, phones: Sequence[PhoneNumber], *, takes_off: bool) -> Filled:
    if takes_off:
        return tags.fill_by_phone(slug, remove=phones)
    return tags.fill_by_phone(slug, add=phones)


def _unknown(found: Sequence[PhoneRow], filled: Filled) -> list[Refused]:
    why = Problem(Code.UNKNOWN_MEMBER)
    return [refused(row.line, row.cells, why) for row in found if row.phone in filled.unknown]


def _count(tally: Tally, filled: Filled, *, known: int, refused: Sequence[Refused]) -> None:
    tally.rows += known + len(refused)
    tally.changed += filled.changed
    tally.unchanged += known - filled.changed
    tally.rejected.update(row.code for row in refused)
