"""What was sold, for those who run the shop: by store and by whoever recorded it, and by month.

Purchases stand in the local day of their purchase, net of returns; cancelled ones are in no sum.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, extract, func, select, true

from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.members.models import Member
from loyalty.purchases.models import Purchase

_purchases = table_of(Purchase)
_members = table_of(Member)

Seller = tuple[int, str]
"""(store id, label of whoever recorded it)."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """Local days from `first` to `last`, of which the last has come as far as `until`."""

    first: date
    last: date
    until: datetime

    @classmethod
    def of_days(cls, days: int, *, now: datetime) -> Period:
        """The last so many days, today included."""
        today = now.astimezone(_zone()).date()
        return cls(first=today - timedelta(days=days - 1), last=today, until=now)

    def earlier(self, *, days: int) -> Period:
        """As long, so many days before, and as far into its last day."""
        local = self.until.astimezone(_zone())
        back = timedelta(days=days)
        # By the clock on the wall: where summer time begins in between, a day has 23 hours.
        until = (local.replace(tzinfo=None) - back).replace(tzinfo=_zone())
        return Period(first=self.first - back, last=self.last - back, until=until)

    @property
    def since(self) -> datetime:
        return clock.start_of_day(self.first, _zone())


@dataclass(frozen=True, kw_only=True)
class Sold:
    """`amount` in minor units; `points` that it earned, also those that still wait;
    `new_members` whose first purchase is among them."""

    purchases: int = 0
    amount: int = 0
    points: int = 0
    new_members: int = 0

    def __add__(self, other: Sold) -> Sold:
        return Sold(
            purchases=self.purchases + other.purchases,
            amount=self.amount + other.amount,
            points=self.points + other.points,
            new_members=self.new_members + other.new_members,
        )


def sold(period: Period, *, store_ids: Collection[int]) -> dict[Seller, Sold]:
    """By seller; `store_ids` empty means every store."""
    rows = connection().execute(
        select(
            _purchases.c.store_id,
            _purchases.c.recorded_by,
            func.count(),
            func.sum(_purchases.c.amount - _purchases.c.amount_returned),
            func.sum(_purchases.c.points_earned - _purchases.c.points_reversed),
        )
        .where(_counts_in(period), of_stores(store_ids))
        .group_by(_purchases.c.store_id, _purchases.c.recorded_by)
    )
    came_new = _new_members(period, store_ids)
    return {
        (store_id, label): Sold(
            purchases=purchases,
            amount=int(amount),
            points=int(points),
            new_members=came_new.get((store_id, label), 0),
        )
        for store_id, label, purchases, amount, points in rows
    }


def sales(period: Period, *, store_ids: Collection[int]) -> int:
    """In minor units."""
    query = select(func.sum(_purchases.c.amount - _purchases.c.amount_returned)).where(
        _counts_in(period), of_stores(store_ids)
    )
    return int(connection().scalar(query) or 0)


def sales_by_month(since: date) -> dict[date, int]:
    """In minor units, by the first day of the month."""
    year, month = (extract(part, _purchases.c.local_date) for part in ("year", "month"))
    rows = connection().execute(
        select(year, month, func.sum(_purchases.c.amount - _purchases.c.amount_returned))
        .where(_purchases.c.voided_at.is_(None), _purchases.c.local_date >= since)
        .group_by(year, month)
    )
    return {date(int(year), int(month), 1): int(amount) for year, month, amount in rows}


def of_stores(store_ids: Collection[int]) -> ColumnElement[bool]:
    return _purchases.c.store_id.in_(sorted(store_ids)) if store_ids else true()


def _counts_in(period: Period) -> ColumnElement[bool]:
    return (
        _purchases.c.local_date.between(period.first, period.last)
        & (_purchases.c.purchased_at <= period.until)
        & _purchases.c.voided_at.is_(None)
    )


def _new_members(period: Period, store_ids: Collection[int]) -> Mapping[Seller, int]:
    """Where the members who joined in the period bought first."""
    first_purchases = (
        select(func.min(_purchases.c.id))
        .join(_members, _members.c.id == _purchases.c.member_id)
        .where(_counts_in(period), _members.c.joined_at >= period.since)
        .group_by(_purchases.c.member_id)
    )
    rows = connection().execute(
        select(_purchases.c.store_id, _purchases.c.recorded_by, func.count())
        .where(_purchases.c.id.in_(first_purchases), of_stores(store_ids))
        .group_by(_purchases.c.store_id, _purchases.c.recorded_by)
    )
    return {(store_id, label): count for store_id, label, count in rows}


def _zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.extensions["settings"].time_zone
    return zone
