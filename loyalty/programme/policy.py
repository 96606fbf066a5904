"""What the business decided beside its earning rules: one document of settings, each with a
default, read into plain values. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any

from loyalty.core.access import Role

EXPIRY_MONTHS = 12


class ExpiryMode(StrEnum):
    """When points lapse (semantics, Lots and expiry)."""

    MONTHS = "months"
    """So many months after they were earned."""
    YEARLY = "yearly"
    """On a fixed date each year."""
    AFTER_PURCHASE = "after_purchase"
    """So many months after the member's last purchase."""
    NEVER = "never"


class TierBasis(StrEnum):
    SPEND = "spend"
    POINTS = "points"


@dataclass(frozen=True, kw_only=True)
class Expiry:
    mode: ExpiryMode = ExpiryMode.MONTHS
    months: int = EXPIRY_MONTHS
    month: int = 12
    day: int = 31
    """`month` and `day`: of a yearly date."""


@dataclass(frozen=True, kw_only=True)
class Bonuses:
    """In points; 0 is off."""

    sign_up: int = 0
    first_purchase: int = 0
    birthday: int = 0


@dataclass(frozen=True, kw_only=True)
class Redeeming:
    """From which balance and after how many purchases points can be spent; how many a day at the
    till on a spoken phone alone; how long a hold lasts."""

    min_points: int = 0
    min_purchases: int = 0
    spoken_phone_points: int = 500
    hold_minutes: int = 15


@dataclass(frozen=True, kw_only=True)
class Tiering:
    basis: TierBasis = TierBasis.SPEND
    window_months: int = 12


@dataclass(frozen=True, kw_only=True)
class Caps:
    """The most points that a person or key of the role may add to and take from one member by
    hand in a local day, both together."""

    cashier: int = 0
    manager: int = 10_000

    def of(self, role: Role) -> int:
        return {Role.CASHIER: self.cashier, Role.MANAGER: self.manager}.get(role, 0)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """`point_value` in minor units, None: the currency's default; `pending_days` until earned
    points count; `receipts_a_day` of one phone in a store that cashiers may type unquestioned."""

    point_value: int | None = None
    pending_days: int = 0
    receipts_a_day: int = 3
    expiry: Expiry = field(default_factory=Expiry)
    bonuses: Bonuses = field(default_factory=Bonuses)
    redeeming: Redeeming = field(default_factory=Redeeming)
    tiering: Tiering = field(default_factory=Tiering)
    adjustments: Caps = field(default_factory=Caps)


def read_policy(document: Mapping[str, Any]) -> Policy:
    """The settings of a document that was checked when it was written; what is missing is the
    default."""
    return Policy(**_given(Policy(), document))


def policy_document(policy: Policy) -> dict[str, Any]:
    """Every setting, JSON-ready."""
    return asdict(policy)


def _given(defaults: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for each in fields(defaults):
        if each.name not in document:
            continue
        default, value = getattr(defaults, each.name), document[each.name]
        if is_dataclass(default) and not isinstance(default, type):
            value = type(default)(**_given(default, value))
        elif isinstance(default, StrEnum):
            value = type(default)(value)
        values[each.name] = value
    return values
