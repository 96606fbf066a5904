"""Opening balances from a file, for members who are there: steps of rows, each a transaction
of its own.

An import that was interrupted is started again from the beginning: whoever has the balance of
the file has it already, so it ends the same.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from flask import current_app
from flask_babel import gettext

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import BATCH_ROWS
from loyalty.imports import member_cells, source
from loyalty.imports.columns import find_columns
from loyalty.imports.member_columns import MEMBER_COLUMNS
from loyalty.imports.member_rows import MemberReader
from loyalty.imports.refused_rows import Refused, refused
from loyalty.imports.rules import IMPORT_BALANCES
from loyalty.imports.source import File
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points import opening
from loyalty.points.opening import Opening
from loyalty.programme import service as programme

REASON = "import"
"""Why there are points, in the ledger."""

BALANCE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "phone": MEMBER_COLUMNS["phone"],
    "points": (*MEMBER_COLUMNS["points"], "balance", "opening balance", "số dư", "số dư điểm"),
    "expires_at": (
        *("expires", "expires at", "expires on", "expiry", "expiry date", "valid until"),
        *("hết hạn", "ngày hết hạn", "hạn dùng", "hạn sử dụng"),
        *("วันหมดอายุ", "หมดอายุ"),
    ),
}

Row = tuple[int, Sequence[str]]


@dataclass(kw_only=True)
class Tally:
    """What an import did: `recorded` balances of together `points`; `replayed` were the same
    before, or twice in the file; `unchanged` bring no points."""

    rows: int = 0
    recorded: int = 0
    points: int = 0
    replayed: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def as_document(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "points": self.points,
            "replayed": self.replayed,
            "unchanged": self.unchanged,
            "rejected": dict(sorted(self.rejected.items())),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    line: int
    cells: Sequence[str]
    e164: str
    points: int
    expires_at: datetime | None


def import_balances(
    path: File,
    *,
    on_step: Callable[[Tally, int, int], None],
    on_refused: Callable[[Sequence[str], Iterable[Refused]], None],
) -> Tally:
    """Open the balances of the whole file; raises `source.BadFile` before anything is written.

    `on_step(tally, line, lines)` hears of every finished step, `on_refused(header, rows)` of
    what it refused.
    """
    file = source.check(path)
    columns = find_columns(file.header, required=("phone", "points"), among=BALANCE_COLUMNS)
    reader = BalanceReader(columns, width=len(file.header), now=clock.now())
    tally = Tally()
    rows = source.rows_of(file)
    while step := list(itertools.islice(rows, BATCH_ROWS)):
        found, not_read = _read(reader, step)
        done = in_transaction(partial(_open, found, of_file=file.sha256[:16]))
        _add(tally, done)
        not_taken = [*not_read, *done.refused]
        tally.rows += len(step)
        tally.rejected.update(row.code for row in not_taken)
        on_refused(file.header, sorted(not_taken, key=lambda row: row.line))
        on_step(tally, step[-1][0], file.lines)
    return tally


# -- reading -------------------------------------------------------------------------


class BalanceReader:
    """Reads the rows of one file; what it does not say of an expiry is the programme's word."""

    def __init__(self, columns: Mapping[str, int], *, width: int, now: datetime) -> None:
        settings = current_app.extensions["settings"]
        self._region, self._zone = settings.default_region, settings.time_zone
        self._now = now
        self._expires_in = columns.get("expires_at")
        self._rows = MemberReader(
            {name: columns[name] for name in ("phone", "points")},
            width=width,
            region=self._region,
            zone=self._zone,
            attributes={},
        )
        with read():
            terms = programme.snapshot()
            self._default = opening.default_expiry(terms, now=now, zone=self._zone)

    def load(self, line: int, cells: Sequence[str]) -> BalanceRow:
        """Raises `Problem`: see `MemberReader`; and for a day that is over."""
        row = self._rows.load(line, cells)
        return BalanceRow(
            line=line,
            cells=cells,
            e164=row.phone.e164,
            points=row.points or 0,
            expires_at=self._expiry(cells),
        )

    def _expiry(self, cells: Sequence[str]) -> datetime | None:
        """The end of the day that the file names."""
        place = self._expires_in
        written = cells[place].strip() if place is not None and place < len(cells) else ""
        if not written:
            return self._default
        try:
            day = member_cells.day(written, self._region)
            expires_at = clock.end_of_day(day, self._zone)
        except (ValueError, OverflowError):
            raise _invalid(gettext("The expiry is no date such as 2026-11-22.")) from None
        if expires_at <= self._now:
            raise _invalid(gettext("These points have expired already."))
        return expires_at


def _invalid(sentence: str) -> Problem:
    return Problem(Code.INVALID_REQUEST, detail=sentence)


def _read(reader: BalanceReader, step: Sequence[Row]) -> tuple[list[BalanceRow], list[Refused]]:
    found, not_read = [], []
    for line, cells in step:
        try:
            found.append(reader.load(line, cells))
        except Problem as why:
            not_read.append(refused(line, cells, why))
    return found, not_read


# -- writing -------------------------------------------------------------------------


@dataclass(kw_only=True)
class _Done:
    """What became of the rows of a step."""

    openings: list[Opening] = field(default_factory=list)
    replayed: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(each.points for each in self.openings)


def _open(rows: Sequence[BalanceRow], *, of_file: str) -> _Done:
    held = members.lock_by_phone(sorted({row.e164 for row in rows}))
    known = opening.balances_of([member.id for member in held.values()])
    done = _Done()
    for row in rows:
        try:
            _decide(row, held.get(row.e164), known, done)
        except Problem as why:
            done.refused.append(refused(row.line, row.cells, why))
    if done.openings:
        opening.open_balances(done.openings, now=clock.now(), reason=REASON)
        counts: dict[str, Any] = {"recorded": len(done.openings), "points": done.points}
        audit.record(IMPORT_BALANCES.name, "file", of_file, **counts)
    return done


def _decide(
    row: BalanceRow, member: LockedMember | None, known: dict[int, int], done: _Done
) -> None:
    """The same points again are a replay. Raises `unknown_member`, `has_opening_balance`."""
    if member is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    if row.points == 0:
        done.unchanged += 1
    elif member.id not in known:
        known[member.id] = row.points
        done.openings.append(Opening(member=member, points=row.points, expires_at=row.expires_at))
    elif known[member.id] == row.points:
        done.replayed += 1
    else:
        raise Problem(Code.HAS_OPENING_BALANCE)


def _add(tally: Tally, done: _Done) -> None:
    tally.recorded += len(done.openings)
    tally.points += done.points
    tally.replayed += done.replayed
    tally.unchanged += done.unchanged
