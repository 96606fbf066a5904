"""Rules beside the basic one, promotions, and the conditions under which they hold, read from
documents that were checked when they were written (`schemas.py`). No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Hours:
    """From the beginning of one local hour until before another one begins; over midnight where
    `until` is not after `since`."""

    since: int
    until: int

    def holds(self, hour: int) -> bool:
        if self.since < self.until:
            return self.since <= hour < self.until
        return hour >= self.since or hour < self.until


@dataclass(frozen=True, kw_only=True)
class Goods:
    """Those of some SKUs, and those of some categories; none are named where both are empty."""

    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.skus or self.categories)

    def name(self, sku: str | None, category: str | None) -> bool:
        return sku in self.skus or category in self.categories


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Empty sets and None ask for nothing. Weekdays are ISO's, 1 for Monday; `tiers` and `tag`
    are slugs; `min_amount` (minor units) is of the goods that earn. Where goods are named, a rule
    is about those alone."""

    stores: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    weekdays: frozenset[int] = frozenset()
    hours: Hours | None = None
    tiers: frozenset[str] = frozenset()
    tag: str | None = None
    goods: Goods = field(default_factory=Goods)
    min_amount: int = 0

    def about(self, sku: str | None, category: str | None) -> bool:
        return not self.goods or self.goods.name(sku, category)


class Per(StrEnum):
    """What a rule gives its points for."""

    AMOUNT = "amount"
    """For every so many minor units of the goods that it is about."""
    VISIT = "visit"
    """For the receipt, whatever was bought."""
    ITEM = "item"
    """For each piece of the goods that it is about."""


@dataclass(frozen=True, kw_only=True)
class SpecialRule:
    """Goods that an amount or item rule is not about earn by the basic rule."""

    per: Per
    points: int
    per_amount: int = 1
    when: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True, kw_only=True)
class Special:
    """What a version of the earning rule says beside its basic rate: rules that apply instead
    where they bring more, and goods that never earn."""

    rules: tuple[SpecialRule, ...] = ()
    never: Goods = field(default_factory=Goods)

    def earns(self, sku: str | None, category: str | None) -> bool:
        return not self.never.name(sku, category)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Of a promotion. `times_percent` of what the rule gives for the goods that it is about: 200
    doubles; or `points` a receipt. Caps are in points."""

    times_percent: int = 100
    points: int = 0
    when: Conditions = field(default_factory=Conditions)
    cap_receipt: int | None = None
    cap_member: int | None = None


def read_special(document: Mapping[str, Any] | None) -> Special:
    document = document or {}
    return Special(
        rules=tuple(map(_read_rule, document.get("rules", ()))),
        never=_read_goods(document.get("never") or {}),
    )


def read_terms(document: Mapping[str, Any]) -> Terms:
    numbers = ("times_percent", "points", "cap_receipt", "cap_member")
    given = {name: document[name] for name in numbers if document.get(name) is not None}
    return Terms(**given, when=read_conditions(document.get("when")))


def read_conditions(document: Mapping[str, Any] | None) -> Conditions:
    document = document or {}
    sets = ("stores", "channels", "weekdays", "tiers")
    hours = document.get("hours")
    return Conditions(
        **{name: frozenset(document.get(name) or ()) for name in sets},
        hours=None if hours is None else Hours(since=hours["from"], until=hours["to"]),
        tag=document.get("tag"),
        goods=_read_goods(document),
        min_amount=document.get("min_amount") or 0,
    )


def _read_goods(document: Mapping[str, Any]) -> Goods:
    return Goods(
        skus=frozenset(document.get("skus") or ()),
        categories=frozenset(document.get("categories") or ()),
    )


def _read_rule(document: Mapping[str, Any]) -> SpecialRule:
    return SpecialRule(
        per=Per(document["per"]),
        points=document["points"],
        per_amount=document.get("per_amount") or 1,
        when=read_conditions(document.get("when")),
    )
