"""The programme as plain values, and what follows from them. No database here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from loyalty.core import clock
from loyalty.core.access import Role, action
from loyalty.core.money import decimals_of
from loyalty.programme.conditions import Special, Terms, read_special, read_terms
from loyalty.programme.models import ReceiptPeriod
from loyalty.programme.policy import Expiry, ExpiryMode, Policy

VIEW = action(
    "programme.view", *Role, says=_l("See the rules, tiers and promotions of the programme")
)
CHANGE = action(
    "programme.change",
    Role.MANAGER,
    says=_l("Change the rules, tiers, promotions and terms of the programme"),
    whole_shop=True,
    by_password=True,
)
FIGURES = action(
    "programme.figures", Role.MANAGER, says=_l("See the figures of the programme and its stores")
)
STORES = action("store.manage", Role.MANAGER, says=_l("Add and rename stores"), whole_shop=True)

CHANNELS = ("store", "online", "self_service")
"""Where people buy."""
GRACE_DAYS = 60
"""Nothing expires in a programme's first days (semantics, Lots and expiry)."""

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


@dataclass(frozen=True, kw_only=True)
class EarningRuleView:
    """`points` for every full `per_amount` (minor units); `special` as it was written."""

    version: int
    points: int
    per_amount: int
    valid_from: datetime
    special: Mapping[str, Any] | None = None

    @cached_property
    def beside(self) -> Special:
        """`special`, read."""
        return read_special(self.special)

    def points_for(self, amount: int) -> int:
        """Rounded down once per receipt."""
        return amount * self.points // self.per_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class TierView:
    """`threshold` in minor units or points, as the policy's basis says; reached exactly is in."""

    id: int
    slug: str
    name: str
    threshold: int
    multiplier_percent: int


@dataclass(frozen=True, kw_only=True)
class PromotionView:
    """From `starts_at` until before `ends_at`; `terms` as they were written."""

    id: int
    name: str
    terms: Mapping[str, Any]
    starts_at: datetime
    ends_at: datetime
    budget: int | None

    @cached_property
    def read(self) -> Terms:
        """`terms`, read."""
        return read_terms(self.terms)


@dataclass(frozen=True, kw_only=True)
class Programme:
    """What the business decided, at one revision. Tiers from the lowest to the highest."""

    revision: str
    shop_name: str
    started_at: datetime
    stores: dict[str, StoreView]
    rules: tuple[EarningRuleView, ...]
    policy: Policy = field(default_factory=Policy)
    tiers: tuple[TierView, ...] = ()
    promotions: tuple[PromotionView, ...] = ()

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

    @cached_property
    def is_plain(self) -> bool:
        """Whether receipts earn by the basic rate alone, times a tier's multiplier."""
        return not self.promotions and all(rule.special is None for rule in self.rules)

    def promotion(self, promotion_id: int) -> PromotionView:
        return next(each for each in self.promotions if each.id == promotion_id)

    def tier(self, tier_id: int | None) -> TierView | None:
        return next((tier for tier in self.tiers if tier.id == tier_id), None)

    def tier_of(self, measured: int) -> TierView | None:
        """The highest tier that this spend, or these points, reach: exactly is in."""
        return next((t for t in reversed(self.tiers) if measured >= t.threshold), None)

    def point_value(self, currency: str) -> int:
        """What a point is worth, in minor units."""
        return self.policy.point_value or default_point_value(currency)

    def expires_at(self, earned_on: date, zone: ZoneInfo) -> datetime | None:
        """When points of that local day lapse: at the end of a local day, or never."""
        if self.policy.expiry.mode is ExpiryMode.NEVER:
            return None
        return _expiry(earned_on, self.policy.expiry, self.started_at, zone)

    def pending_until(self, earned_on: date, zone: ZoneInfo) -> datetime | None:
        """When points of that local day begin to count: at the end of a local day, so many whole
        days later; None: at once."""
        days = self.policy.pending_days
        return clock.end_of_day(earned_on + timedelta(days=days), zone) if days else None


@lru_cache(maxsize=4096)
def _expiry(earned_on: date, expiry: Expiry, started_at: datetime, zone: ZoneInfo) -> datetime:
    grace = started_at.astimezone(zone).date() + timedelta(days=GRACE_DAYS)
    if expiry.mode is ExpiryMode.YEARLY:
        lapses = _next_date(earned_on, expiry)
    else:
        lapses = clock.add_months(earned_on, expiry.months)
    return clock.end_of_day(max(lapses, grace), zone)


def _next_date(earned_on: date, expiry: Expiry) -> date:
    """The date of a year, after that day: what is earned on it lasts a year. 29 February is the
    28th in other years."""
    years = (earned_on.year, earned_on.year + 1)
    # Counted from January, which has all days, so that the end of a shorter month is clipped.
    dates = (clock.add_months(date(year, 1, expiry.day), expiry.month - 1) for year in years)
    return next(day for day in dates if day > earned_on)


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
