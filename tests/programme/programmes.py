"""Programmes for tests of pure rules, without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.programme.earning import Buyer, Line, Sale
from loyalty.programme.rules import EarningRuleView, Programme, PromotionView, TierView

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SUNDAY_EVENING = datetime(2026, 11, 22, 19, 30, tzinfo=ZONE)

GOLD = TierView(id=1, slug="gold", name="Gold", threshold=10_000_000, multiplier_percent=150)


def programme(
    *promotions: PromotionView,
    points: int = 1,
    per_amount: int = 10_000,
    rules: Sequence[Mapping[str, Any]] | None = None,
    never: Mapping[str, Any] | None = None,
) -> Programme:
    special = {"rules": rules or [], "never": never or {}} if rules or never else None
    rule = EarningRuleView(
        version=1, points=points, per_amount=per_amount, valid_from=BEGAN, special=special
    )
    return Programme(
        revision="1",
        shop_name="Shop",
        started_at=BEGAN,
        stores={},
        rules=(rule,),
        tiers=(GOLD,),
        promotions=promotions,
    )


def promotion(number: int = 1, *, budget: int | None = None, **terms: Any) -> PromotionView:
    return PromotionView(
        id=number,
        name=f"Promotion {number}",
        terms=terms,
        starts_at=BEGAN,
        ends_at=BEGAN + timedelta(days=365),
        budget=budget,
    )


def sale(amount: int | None = None, *lines: Line, **changes: Any) -> Sale:
    """Of these lines, or of an amount alone."""
    if amount is None:
        amount = sum(line.amount for line in lines)
    given = {"store": "S01", "channel": "store", "local": SUNDAY_EVENING}
    return Sale(amount=amount, lines=lines, **{**given, **changes})


def line(sku: str, amount: int, *, quantity: int = 1, category: str | None = None) -> Line:
    return Line(sku=sku, category=category, quantity=quantity, amount=amount)


NOBODY = Buyer()
GOLDEN = Buyer(tier=GOLD)
