"""The programme's points month by month: earned, spent, lapsed, and what is outstanding.

What closed months add up to is kept (`MonthlyPoints`), so that the figures cost the same however
long the ledger grows: `keep_sums`, run nightly, adds what was recorded since, and `by_month` adds
the entries that came after. Nothing of this is on the way of a purchase.

An entry counts in the local month in which it occurred. A lot that is past its expiry counts as
lapsed at its expiry, whether the job that expires lots has been there or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select

from loyalty.core import clock
from loyalty.core.bulk import append_many
from loyalty.core.db import connection, in_transaction, lock_name, table_of
from loyalty.members.models import Member
from loyalty.points.invariants import Invariants
from loyalty.points.models import IS_OPEN, EntryKind, MonthlyPoints, PointEntry, PointLot

EXPIRING_DAYS = 30
MOST_MONTHS = 60
"""So many can be told apart; what is older is one sum."""
STEP_ENTRIES = 50_000
"""So many entries are read in one transaction, which writes a few sums."""
SETTLED = timedelta(hours=1)
"""No transaction takes so long: of older entries none with a lower id can still come."""

_entries = table_of(PointEntry)
_lots = table_of(PointLot)
_members = table_of(Member)
_sums = table_of(MonthlyPoints)


class Part(StrEnum):
    """What a change of points is to the programme as a whole."""

    EARNED = "earned"
    """By purchases and bonuses, less what was taken back."""
    SPENT = "spent"
    """On gifts and payments, less what was given back."""
    EXPIRED = "expired"
    ADJUSTED = "adjusted"
    """By hand, and brought along from an older system; a merge adds up to 0."""
    HELD = "held"
    """Set aside and free again: no change of what members have."""


_PART = case(
    (
        _entries.c.kind.in_(
            (EntryKind.EARN, EntryKind.BONUS, EntryKind.ACTIVATE, EntryKind.REVERSE_EARN)
        ),
        Part.EARNED,
    ),
    (_entries.c.kind.in_((EntryKind.HOLD, EntryKind.RELEASE)), Part.HELD),
    (_entries.c.kind == EntryKind.REDEEM, Part.SPENT),
    (
        and_(_entries.c.kind == EntryKind.RESTORE, _entries.c.redemption_id.is_not(None)),
        Part.SPENT,
    ),
    # What else is restored had lapsed, and is taken back the same moment.
    (_entries.c.kind.in_((EntryKind.EXPIRE, EntryKind.RESTORE)), Part.EXPIRED),
    else_=Part.ADJUSTED,
)

Sums = Counter[tuple[date, str]]
"""Points by month (its first day) and part."""


@dataclass(frozen=True, kw_only=True)
class Month:
    """In points. `outstanding` at its end, or now: what members had, points on hold with it,
    less what they had to make up."""

    month: date
    earned: int
    spent: int
    expired: int
    outstanding: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """In points; the running month comes last. `outstanding` is what all members see of theirs:
    the last month's, and `debt` more."""

    as_of: datetime
    months: tuple[Month, ...]
    outstanding: int
    debt: int
    held: int
    expiring: int
    """Lapses within `EXPIRING_DAYS`."""

    @property
    def earned(self) -> int:
        """In all months shown; so are these."""
        return sum(month.earned for month in self.months)

    @property
    def spent(self) -> int:
        return sum(month.spent for month in self.months)

    @property
    def expired(self) -> int:
        return sum(month.expired for month in self.months)


def share(part: int, whole: int) -> float | None:
    """None where there is no whole to speak of."""
    return part / whole if whole > 0 else None


# -- reading ---------------------------------------------------------------------------


def by_month(months: int, *, now: datetime) -> Figures:
    """The last so many months, the running one included."""
    sums, counted = _kept()
    sums.update(_added_up(_entries.c.id > counted, now))
    sums.update(_lapsed_unswept(now))
    debt = connection().scalar(select(func.sum(_members.c.debt)).where(_members.c.debt > 0))
    shown = tuple(_months(sums, last_months(months, now=now)))
    return Figures(
        as_of=now,
        months=shown,
        outstanding=shown[-1].outstanding + int(debt or 0),
        debt=int(debt or 0),
        held=-sum(points for (_, part), points in sums.items() if part == Part.HELD),
        expiring=_expiring(now),
    )


def last_months(count: int, *, now: datetime) -> list[date]:
    """The first days of the running month and those before it, the oldest first."""
    running = now.astimezone(_zone()).date().replace(day=1)
    return [clock.add_months(running, ago) for ago in range(1 - count, 1)]


def _months(sums: Sums, shown: list[date]) -> Iterator[Month]:
    changes: Counter[date] = Counter()
    for (month, part), points in sums.items():
        if part != Part.HELD:
            changes[month] += points
    outstanding = sum(points for month, points in changes.items() if month < shown[0])
    for month in shown:
        outstanding += changes[month]
        yield Month(
            month=month,
            earned=sums[month, Part.EARNED],
            spent=-sums[month, Part.SPENT],
            expired=-sums[month, Part.EXPIRED],
            outstanding=outstanding,
        )


def _lapsed_unswept(now: datetime) -> Mapping[tuple[date, str], int]:
    """What lots past their expiry still hold, until the job has been there."""
    month = _month(lambda start: _lots.c.expires_at > start, now)
    rows = connection().execute(
        select(month.label("month"), func.sum(_lots.c.remaining))
        .where(IS_OPEN, _lots.c.expires_at <= now)
        .group_by("month")
    )
    return {(date.fromisoformat(month), Part.EXPIRED): -int(points) for month, points in rows}


def _expiring(now: datetime) -> int:
    soon = now + timedelta(days=EXPIRING_DAYS)
    query = select(func.sum(_lots.c.remaining)).where(
        IS_OPEN, _lots.c.expires_at > now, _lots.c.expires_at <= soon
    )
    return int(connection().scalar(query) or 0)


# -- adding up -------------------------------------------------------------------------


def keep_sums(now: datetime) -> int:
    """Add to the kept sums what was recorded since, step by step; returns how many entries."""
    counted = 0
    while step := in_transaction(lambda: _keep_step(now)):
        counted += step
    return counted


def _keep_step(now: datetime) -> int:
    lock_name(_sums.name)
    sums, counted = _kept()
    last_settled = (
        select(_entries.c.id)
        .where(_entries.c.recorded_at < now - SETTLED)
        .order_by(_entries.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    following = (
        select(_entries.c.id)
        .where(_entries.c.id > counted, _entries.c.id <= last_settled)
        .order_by(_entries.c.id)
        .limit(STEP_ENTRIES)
        .subquery()
    )
    count, last = connection().execute(select(func.count(), func.max(following.c.id))).one()
    if count:
        sums.update(_added_up(_entries.c.id.between(counted + 1, last), now))
        connection().execute(delete(_sums))
        append_many(
            _sums,
            [
                {"month": month, "part": part, "points": points, "entry_id": last}
                for (month, part), points in sums.items()
            ],
        )
    return int(count)


def _kept() -> tuple[Sums, int]:
    """The sums, and the entry as far as which they go."""
    rows = connection().execute(select(_sums)).all()
    sums: Sums = Counter({(row.month, row.part): row.points for row in rows})
    return sums, max((row.entry_id for row in rows), default=0)


def _added_up(which: ColumnElement[bool], now: datetime) -> Mapping[tuple[date, str], int]:
    rows = connection().execute(
        select(
            _month(_has_occurred_since, now).label("month"),
            _PART.label("part"),
            func.sum(_entries.c.points),
        )
        .where(which)
        .group_by("month", "part")
    )
    return {(date.fromisoformat(month), part): int(points) for month, part, points in rows}


def _has_occurred_since(start: datetime) -> ColumnElement[bool]:
    """Points lapse at the end of a day: at midnight they belong to the day before."""
    is_no_expiry = _entries.c.kind != EntryKind.EXPIRE
    return or_(_entries.c.occurred_at > start, and_(_entries.c.occurred_at == start, is_no_expiry))


def _month(
    is_since: Callable[[datetime], ColumnElement[bool]], now: datetime
) -> ColumnElement[str]:
    """The first day of a row's local month, as text: compared with when each month began, since
    SQLite knows no zones, from the newest on, in which most rows are."""
    oldest, *later = last_months(MOST_MONTHS + 1, now=now)
    zone = _zone()
    begun = [(is_since(clock.start_of_day(month, zone)), month.isoformat()) for month in later]
    return case(*reversed(begun), else_=oldest.isoformat())


@cache
def invariants() -> Invariants:
    counted = _entries.c.id <= _sums.c.entry_id
    of_entries = select(func.coalesce(func.sum(_entries.c.points), 0)).where(counted)
    return {
        "the sums kept by month are those of the entries": (
            select(_sums.c.entry_id)
            .group_by(_sums.c.entry_id)
            .having(func.sum(_sums.c.points) != of_entries.scalar_subquery())
        )
    }


def _zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.extensions["settings"].time_zone
    return zone
