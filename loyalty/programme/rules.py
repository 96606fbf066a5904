"""The programme as plain values, and what follows from them. No database here."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from loyalty.core import clock
from loyalty.core.money import decimals_of
from loyalty.programme.models import ReceiptPeriod

GRACE_DAYS = 60
"""Nothing expires in a programme's first days (semantics, Lots and expiry)."""
EXPIRY_MONTHS = 12

_PERIOD_LENGTH = {
    ReceiptPeriod.FOREVER: 0,
    ReceiptPeriod.YEAR: len("2026"),
    ReceiptPeriod.MONTH: len("2026-11"),
    ReceiptPeriod.DAY: len("2026-11-22"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreView:
    id: int
    code: str
    name: str
    receipt_period: ReceiptPeriod
    prints_receipts: bool

    def period_of(self, local_day: date) -> str:
        """Which run of receipt numbers a day belongs to: '' / 2026 / 2026-11 / 2026-11-22."""
        return local_day.isoformat()[: _PERIOD_LENGTH[self.receipt_period]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningRuleView:
    """`points` for every full `per_amount` (minor units)."""

    version: int
    points: int
    per_amount: int
    valid_from: datetime

    def points_for(self, amount: int) -> int:
        """Rounded down once per receipt."""
        return amount * self.points // self.per_amount


@dataclass(frozen=True, kw_only=True)
class Programme:
    """What the business decided, at one revision."""

    revision: str
    shop_name: str
    started_at: datetime
    expiry_months: int | None
    stores: dict[str, StoreView]
    rules: tuple[EarningRuleView, ...]

    def rule_at(self, purchased_at: datetime) -> EarningRuleView:
        """The version in force at the time of purchase; the first one before that.

        By the time of purchase, not of recording, so that the order in which
        receipts arrive changes nothing.
        """
        if len(self.rules) == 1:
            return self.rules[0]
        position = bisect_right(self.rules, purchased_at, key=lambda rule: rule.valid_from)
        return self.rules[max(position - 1, 0)]

    def rule(self, version: int) -> EarningRuleView:
        return self.rules[version - 1]

    def store_by_id(self, store_id: int) -> StoreView:
        return next(store for store in self.stores.values() if store.id == store_id)

    def expires_at(self, earned_on: date, zone: ZoneInfo) -> datetime | None:
        """When points of that local day lapse: at the end of a local day, or never."""
        if self.expiry_months is None:
            return None
        return _expiry(earned_on, self.expiry_months, self.started_at, zone)


@lru_cache(maxsize=4096)
def _expiry(earned_on: date, months: int, started_at: datetime, zone: ZoneInfo) -> datetime:
    grace = started_at.astimezone(zone).date() + timedelta(days=GRACE_DAYS)
    return clock.end_of_day(max(clock.add_months(earned_on, months), grace), zone)


def default_earning(currency: str) -> tuple[int, int]:
    """(points, per amount in minor units): 1 per 10,000 VND, 25 THB, 1.00 of any other."""
    major = {"VND": 10_000, "THB": 25}.get(currency, 1)
    return 1, major * 10 ** decimals_of(currency)


def default_point_value(currency: str) -> int:
    """What a point is worth, in minor units: 100 VND, 0.25 THB, 0.01 of any other."""
    if currency == "VND":
        return 100
    decimals = decimals_of(currency)
    return 25 if currency == "THB" else max(1, 10**decimals // 100)
