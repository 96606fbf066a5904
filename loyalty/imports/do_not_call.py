"""The do-not-call list from a file: steps of rows, each a transaction of its own.

An import that was interrupted is started again from the beginning: numbers that are on the
list are there already, so it ends the same.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from loyalty.core.db import in_transaction
from loyalty.core.limits import BATCH_ROWS
from loyalty.imports import phone_rows, source
from loyalty.imports.columns import PHONE_COLUMN, find_columns
from loyalty.imports.refused_rows import Refused
from loyalty.imports.source import File
from loyalty.members import do_not_call


@dataclass(kw_only=True)
class Tally:
    """What an import did: `listed` were on the list already, or twice in the file."""

    rows: int = 0
    added: int = 0
    listed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def as_document(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "added": self.added,
            "listed": self.listed,
            "rejected": dict(sorted(self.rejected.items())),
        }


def import_numbers(
    path: File,
    *,
    source_name: str,
    on_step: Callable[[Tally, int, int], None],
    on_refused: Callable[[Sequence[str], Iterable[Refused]], None],
) -> Tally:
    """Add the whole file; raises `source.BadFile` before anything is written.

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
        added = in_transaction(partial(do_not_call.add, phones, source=source_name))
        _count(tally, rows=len(step), phones=len(phones), added=added, not_read=not_read)
        on_refused(file.header, not_read)
        on_step(tally, step[-1][0], file.lines)
    return tally


def _count(
    tally: Tally, *, rows: int, phones: int, added: int, not_read: Sequence[Refused]
) -> None:
    tally.rows += rows
    tally.added += added
    tally.listed += phones - added
    tally.rejected.update(row.code for row in not_read)
