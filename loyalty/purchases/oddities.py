"""What somebody should look at though no receipt of it is flagged: many receipts that one person
cancelled within an hour, and receipts that were entered days after the purchase."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, cast, func, select

from loyalty.audit.models import AuditEvent
from loyalty.core.db import connection, table_of
from loyalty.purchases.figures import Period, of_stores
from loyalty.purchases.models import Purchase
from loyalty.purchases.rules import VOID
from loyalty.purchases.trust import BY_PEOPLE

MANY_VOIDS = 3
WITHIN = timedelta(hours=1)
Void = tuple[datetime, int]
"""When a receipt was cancelled, and its amount."""

DAYS_LATE = 3
"""Before the period began: what is entered the next morning is nothing to look at."""

_purchases = table_of(Purchase)
_events = table_of(AuditEvent)


@dataclass(frozen=True, kw_only=True)
class ManyVoids:
    """The most receipts of a store that somebody cancelled within an hour; `amount` in minor
    units."""

    store_id: int
    actor: str
    count: int
    first_at: datetime
    last_at: datetime
    amount: int


@dataclass(frozen=True, kw_only=True)
class EnteredLate:
    """How many receipts somebody entered late in a store, and the day of the oldest."""

    store_id: int
    actor: str
    count: int
    oldest: date


def many_voids(period: Period, *, store_ids: Collection[int]) -> list[ManyVoids]:
    """By people, one for each person and store; `store_ids` empty means every store."""
    rows = connection().execute(
        select(_purchases.c.store_id, _events.c.actor, _events.c.at, _purchases.c.amount)
        .join(_purchases, _purchases.c.id == cast(_events.c.object_id, BigInteger))
        .where(
            _events.c.action == VOID.name,
            _events.c.at.between(period.since, period.until),
            _events.c.actor.like(BY_PEOPLE),
            of_stores(store_ids),
        )
        .order_by(_events.c.at, _events.c.id)
    )
    voids: defaultdict[tuple[int, str], list[Void]] = defaultdict(list)
    for row in rows:
        voids[row.store_id, row.actor].append((row.at, row.amount))
    most = {who: most_within_an_hour(its_voids) for who, its_voids in voids.items()}
    return [
        ManyVoids(
            store_id=store_id,
            actor=actor,
            count=len(hour),
            first_at=hour[0][0],
            last_at=hour[-1][0],
            amount=sum(amount for _, amount in hour),
        )
        for (store_id, actor), hour in most.items()
        if len(hour) >= MANY_VOIDS
    ]


def most_within_an_hour(voids: Sequence[Void]) -> Sequence[Void]:
    """The longest run of them, which are in order of time."""
    longest: Sequence[Void] = ()
    end = 0
    for begin, (first_at, _) in enumerate(voids):
        while end < len(voids) and voids[end][0] - first_at <= WITHIN:
            end += 1
        longest = max(longest, voids[begin:end], key=len)
    return longest


def entered_late(period: Period, *, store_ids: Collection[int]) -> list[EnteredLate]:
    """What people entered in the period of purchases that are older than it."""
    before = (
        select(_purchases.c.id)
        .where(_purchases.c.recorded_at < period.since)
        .order_by(_purchases.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = connection().execute(
        select(
            _purchases.c.store_id,
            _purchases.c.recorded_by,
            func.count(),
            func.min(_purchases.c.local_date),
        )
        .where(
            _purchases.c.id > func.coalesce(before, 0),
            _purchases.c.local_date <= period.first - timedelta(days=DAYS_LATE),
            _purchases.c.recorded_by.like(BY_PEOPLE),
            _purchases.c.voided_at.is_(None),
            of_stores(store_ids),
        )
        .group_by(_purchases.c.store_id, _purchases.c.recorded_by)
    )
    return [
        EnteredLate(store_id=store_id, actor=actor, count=count, oldest=oldest)
        for store_id, actor, count, oldest in rows
    ]
