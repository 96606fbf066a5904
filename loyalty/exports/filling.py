"""The files of an export filled with rows: one lot of files, or two where only what changed since
an earlier export is wanted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Row

from loyalty.core.db import read
from loyalty.core.errors import Code, Problem
from loyalty.exports import columns, leaving
from loyalty.exports.formats.base import Around, Format
from loyalty.exports.leaving import Leaving
from loyalty.exports.orders import format_named, order_of
from loyalty.exports.rows import read_rows
from loyalty.exports.rules import Order
from loyalty.exports.selection import Selection
from loyalty.exports.writing import WrittenFile, write_files

REPORT_SECONDS = 0.5

Report = Callable[[int, int], None]
"""Hears how many rows are written, of how many."""


@dataclass(kw_only=True)
class Filled:
    """`rows` are those of all files, `added` without those of the file of who went out;
    `left_out` counts values that a platform's column cannot hold, `without_contact` those who
    went out and can be named by nothing."""

    files: list[WrittenFile] = field(default_factory=list)
    rows: int = 0
    added: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    without_contact: int = 0


def fill(export: Row[Any], chosen: Selection, folder: Path, *, report: Report) -> Filled:
    """Write the files of a row of `exports` into `folder`. Raises what `report` does, and
    `disk_full`."""
    order = order_of(export)
    around = _around(export, chosen)
    made_as = format_named(order.format)
    asked = _columns(order, made_as)
    lots = _Lots(order, chosen, folder, report=report)
    made = made_as(asked, around)
    rows = read_rows(chosen.members, made.needs(), as_of=chosen.as_of)
    lots.write(made, rows, ending="" if order.since_export is None else "-added")
    lots.filled.added = lots.filled.rows
    if chosen.leaving:
        made = made_as(leaving.columns_of(asked, reach=order.reach), around)
        told = Leaving()
        rows = read_rows(chosen.leaving, made.needs(), as_of=chosen.as_of)
        lots.write(made, told.rows(rows, made.needs()), ending="-removed")
        lots.filled.without_contact = told.without_contact
    return lots.filled


class _Lots:
    """Files of one kind after another, each named after the format and the day alone."""

    def __init__(self, order: Order, chosen: Selection, folder: Path, *, report: Report) -> None:
        self.filled = Filled()
        self._order = order
        self._folder = folder
        self._as_of = chosen.as_of
        self._progress = _Progress(report, total=len(chosen.members) + len(chosen.leaving))

    def write(
        self, made: Format, rows: Iterable[Sequence[tuple[Any, ...]]], *, ending: str
    ) -> None:
        written = write_files(
            made,
            rows,
            self._folder,
            stem=f"{made.name}-{self._as_of.astimezone(made.around.zone):%Y%m%d}{ending}",
            rows_per_file=self._order.rows_per_file,
            on_rows=partial(self._progress.at, self.filled.rows),
        )
        self.filled.files += written.files
        self.filled.rows += written.rows
        self.filled.left_out += made.left_out


def _around(export: Row[Any], chosen: Selection) -> Around:
    key = f"{export.id} {export.created_at:%Y%m%d%H%M%S}"
    return Around.of(current_app.extensions["settings"], request_key=key, as_of=chosen.as_of)


def _columns(order: Order, made_as: type[Format]) -> list[columns.Column]:
    """Those asked for; of a file for people, where none are, what an import takes back."""
    if not made_as.takes_columns:
        return []
    with read():
        names = order.columns or (columns.default() if made_as.channel is None else ())
        known = columns.columns()
    if not known.keys() >= set(names):
        # An attribute was deleted since.
        raise Problem(Code.UNKNOWN_COLUMN)
    return [known[name] for name in names]


class _Progress:
    """Says so twice a second: a report is a transaction."""

    def __init__(self, report: Report, *, total: int) -> None:
        self._report = report
        self._total = total
        self._next = 0.0

    def at(self, before: int, rows: int) -> None:
        """`rows` more than `before` are written."""
        if time.monotonic() >= self._next:
            self._report(before + rows, self._total)
            self._next = time.monotonic() + REPORT_SECONDS
