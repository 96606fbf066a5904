"""A member's points over a period: what there was, what came and went, what there is.

In terms of the balance shown, so that opening + earned - spent - expired + adjusted = closing, and
each end is what people saw at that moment. An expiry counts at its own moment, whenever the job
came that wrote it: what a lot had left then is worked out from what was taken from it before. So
nothing here depends on when jobs ran. A debt has no part in it: what repaid one was never shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select

from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import STATEMENT_ENTRIES
from loyalty.members import service as members
from loyalty.members.merging import accounts_of
from loyalty.points.models import EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.statement_rules import Line, Statement

_entries = table_of(PointEntry)
_lots = table_of(PointLot)
_taken = table_of(LotAllocation)
_born = _entries.alias("born")
"""The entry that brought a lot."""

_HOLDS = (EntryKind.HOLD, EntryKind.RELEASE)


def statement(member_id: int, *, since: date, until: date) -> Statement:
    """Of local days, both included, for a member and the accounts merged into it; up to now.
    Raises `unknown_member`, and `invalid_request` for a period that is none or holds too much."""
    members.get(member_id)
    if since > until:
        raise Problem(Code.INVALID_REQUEST, errors={"to": ["Must not be before `from`."]})
    zone = current_app.extensions["settings"].time_zone
    # What was written this very moment is part of it.
    now = clock.now() + timedelta(microseconds=1)
    start, end = min(clock.start_of_day(since, zone), now), min(clock.end_of_day(until, zone), now)
    accounts = accounts_of(member_id)
    lines = [*_of_entries(accounts, start, end), *_of_expiries(accounts, start, end)]
    return Statement(
        member_id=member_id,
        since=since,
        until=until,
        opening=balance_at(accounts, start),
        lines=sorted(lines, key=_place_of),
    )


def _place_of(line: Line) -> tuple[datetime, bool, int]:
    """What lapsed because of an entry stands after it."""
    return line.at, line.entry_id is None, line.entry_id or 0


def balance_at(accounts: Sequence[int], moment: datetime) -> int:
    """The balance shown at a moment in the past: what lots that were live had left, and what was
    on hold."""
    is_live = or_(_lots.c.expires_at.is_(None), _lots.c.expires_at > moment)
    theirs = _lots.join(_born, _born.c.id == _lots.c.entry_id)
    was_there = (_born.c.member_id.in_(accounts), _born.c.recorded_at < moment, is_live)
    brought = select(func.sum(_lots.c.points)).select_from(theirs).where(*was_there)
    taken = (
        select(func.sum(_taken.c.points))
        .select_from(theirs.join(_taken, _taken.c.lot_id == _lots.c.entry_id))
        .join(_entries, _entries.c.id == _taken.c.entry_id)
        .where(*was_there, _entries.c.recorded_at < moment)
    )
    held = select(-func.sum(_entries.c.points)).where(
        _entries.c.member_id.in_(accounts),
        _entries.c.recorded_at < moment,
        _entries.c.kind.in_(_HOLDS),
    )
    return _sum(brought) - _sum(taken) + _sum(held)


def _sum(query: Select[Any]) -> int:
    return int(connection().scalar(query) or 0)


# -- what entries changed ----------------------------------------------------------


def _of_entries(accounts: Sequence[int], start: datetime, end: datetime) -> Iterator[Line]:
    found = connection().execute(_in_period(accounts, start, end)).all()
    if len(found) > STATEMENT_ENTRIES:
        raise Problem(
            Code.INVALID_REQUEST,
            errors={"from": [f"More than {STATEMENT_ENTRIES} entries: ask for it in parts."]},
        )
    not_shown: dict[datetime, int] = defaultdict(int)
    for row in found:
        if shown := _shown_by(row):
            yield _line(row, shown)
        if not _is_sweeping(row):
            not_shown[row.recorded_at] += row.past_expiry
    for moment, points in not_shown.items():
        if points:
            yield Line(at=moment, kind=EntryKind.EXPIRE, points=points)


def _in_period(accounts: Sequence[int], start: datetime, end: datetime) -> Select[Any]:
    """Entries with the lot that each brought, what it took from lots (below 0: put back), and
    how much of that from lots past their expiry."""
    own = _lots.alias("own")
    was_over = _lots.c.expires_at <= _entries.c.recorded_at
    return (
        select(
            *(_entries, own.c.points.label("brought")),
            func.coalesce(func.sum(_taken.c.points), 0).label("taken"),
            func.coalesce(func.sum(case((was_over, _taken.c.points), else_=0)), 0).label(
                "past_expiry"
            ),
        )
        .outerjoin(own, own.c.entry_id == _entries.c.id)
        .outerjoin(_taken, _taken.c.entry_id == _entries.c.id)
        .outerjoin(_lots, _lots.c.entry_id == _taken.c.lot_id)
        .where(
            _entries.c.member_id.in_(accounts),
            _entries.c.recorded_at >= start,
            _entries.c.recorded_at < end,
        )
        .group_by(_entries.c.id, own.c.entry_id)
        .order_by(_entries.c.id)
        .limit(STATEMENT_ENTRIES + 1)
    )


def _shown_by(row: Row[Any]) -> int:
    """By how much an entry changed what lots have left, and what is on hold. Emptying lots past
    their expiry, and filling them again to take from them, changes nothing."""
    if _is_sweeping(row):
        return int(row.past_expiry - row.taken)
    on_hold = -row.points if row.kind in _HOLDS else 0
    return int((row.brought or 0) - row.taken + on_hold)


def _is_sweeping(row: Row[Any]) -> bool:
    is_revival = row.kind == EntryKind.RESTORE and row.redemption_id is None
    return is_revival or bool(row.kind == EntryKind.EXPIRE)


def _line(row: Row[Any], points: int) -> Line:
    return Line(
        at=row.recorded_at,
        kind=EntryKind(row.kind),
        points=points,
        entry_id=row.id,
        purchase_id=row.purchase_id,
        redemption_id=row.redemption_id,
        reason=row.reason,
    )


# -- what lapsed -------------------------------------------------------------------


def _of_expiries(accounts: Sequence[int], start: datetime, end: datetime) -> Iterator[Line]:
    """What lots had left when they lapsed: the moment of their expiry, or that of their entry
    where they were past it already."""
    by_moment: dict[datetime, int] = defaultdict(int)
    for row in connection().execute(_lapsed_in(accounts, start, end)):
        by_moment[max(row.expires_at, row.recorded_at)] += int(row.points - row.taken)
    for moment, points in by_moment.items():
        if points:
            yield Line(at=moment, kind=EntryKind.EXPIRE, points=-points)


def _lapsed_in(accounts: Sequence[int], start: datetime, end: datetime) -> Select[Any]:
    """`taken`: before they lapsed, or as they came in by a debt."""
    came_late = _born.c.recorded_at >= _lots.c.expires_at
    in_time = (_lots.c.expires_at > start) & (_lots.c.expires_at <= end) & ~came_late
    late = came_late & (_born.c.recorded_at >= start) & (_born.c.recorded_at < end)
    by_debt = _taken.c.entry_id == _lots.c.entry_id
    counts = or_(by_debt, _entries.c.recorded_at < _lots.c.expires_at)
    taken: ColumnElement[int] = func.sum(case((counts, _taken.c.points), else_=0))
    return (
        select(
            *(_lots.c.points, _lots.c.expires_at, _born.c.recorded_at),
            func.coalesce(taken, 0).label("taken"),
        )
        .join(_born, _born.c.id == _lots.c.entry_id)
        .outerjoin(_taken, _taken.c.lot_id == _lots.c.entry_id)
        .outerjoin(_entries, _entries.c.id == _taken.c.entry_id)
        .where(_born.c.member_id.in_(accounts), or_(in_time, late))
        .group_by(_lots.c.entry_id, _born.c.id)
    )
