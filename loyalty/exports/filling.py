"""The files of an export filled with rows: one lot of files, or two where only what changed since
an earlier export is wanted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app
from pyroaring import BitMap
from sqlalchemy import Row

from loyalty.core.db import read
from loyalty.core.errors import Code, Problem
from loyalty.exports import columns
from loyalty.exports.formats.base import Around, Format
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
    """`rows` are those of all files, `fewest_rows` of how many on the platform makes use of
    them; `left_out` counts values that a platform's column cannot hold."""

    fewest_rows: int | None
    files: list[WrittenFile] = field(default_factory=list)
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def fill(export: Row[Any], chosen: Selection, folder: Path, *, report: Report) -> Filled:
    """Write the files of a row of `exports` into `folder`. Raises what `report` does, and
    `disk_full`."""
    order = order_of(export)
    around = _around(export, chosen)
    made_as = format_named(order.format)
    filled = Filled(fewest_rows=made_as.fewest_rows)
    progress = _Progress(report, total=len(chosen.members) + len(chosen.leaving))
    asked = _columns(order, made_as)
    stem = f"{order.format}-{chosen.as_of.astimezone(around.zone):%Y%m%d}"
    for ending, members in _lots(order, chosen):
        made = made_as(asked, around)
        written = write_files(
            made,
            read_rows(members, made.needs(), as_of=chosen.as_of),
            folder,
            stem=stem + ending,
            rows_per_file=order.rows_per_file,
            on_rows=partial(progress.at, filled.rows),
        )
        filled.files += written.files
        filled.rows += written.rows
        filled.left_out += made.left_out
    return filled


def _lots(order: Order, chosen: Selection) -> list[tuple[str, BitMap]]:
    """What the names of the files end on, and who is in them."""
    if order.since_export is None:
        return [("", chosen.members)]
    return [("-added", chosen.members), ("-removed", chosen.leaving)]


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
