"""What the demo shop offers: tiers, gifts and vouchers, promotions."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from loyalty.core.db import in_transaction
from loyalty.demo.past import living_at
from loyalty.programme import promotions, tiers
from loyalty.rewards import service as rewards

TIERS = (
    ("bac", "Bạc", 2_000_000, 110),
    ("vang", "Vàng", 6_000_000, 125),
    ("kim-cuong", "Kim cương", 15_000_000, 150),
)
"""Slug, name, from which spend in 12 months (VND), and how many percent of the points."""

GIFTS: tuple[dict[str, Any], ...] = (
    {"name": "Bánh croissant", "cost": 40, "worth": 18_000},
    {"name": "Cà phê sữa đá", "cost": 60, "worth": 12_000},
    {"name": "Voucher 20.000 ₫", "kind": "voucher", "cost": 150, "worth": 20_000},
    {"name": "Ly sứ An Nhiên", "cost": 200, "worth": 90_000, "stock": 120, "per_member": 2},
    {"name": "Voucher 50.000 ₫", "kind": "voucher", "cost": 400, "worth": 50_000},
    {"name": "Hộp trà ô long", "cost": 500, "worth": 160_000, "tier": "bac", "stock": 60},
    {"name": "Giỏ quà Tết", "cost": 1_200, "worth": 480_000, "tier": "vang", "stock": 20},
)
VOUCHER_DAYS = 60

PROMOTIONS: tuple[dict[str, Any], ...] = (
    {
        "name": "Thứ Ba nhân đôi điểm",
        "terms": {"times_percent": 200, "when": {"weekdays": [2]}, "cap_receipt": 100},
        "begins": timedelta(days=-45),
        "lasts": timedelta(days=90),
    },
    {
        "name": "Chào Thảo Điền",
        "terms": {"points": 20, "when": {"stores": ["S03"], "min_amount": 100_000}},
        "begins": timedelta(days=-75),
        "lasts": timedelta(days=30),
        "budget": 3_000,
    },
)


def offer(now: datetime, *, since: timedelta) -> None:
    """Tiers and gifts are there from the first day, promotions since they began."""
    with living_at(now - since):
        in_transaction(_tiers_and_gifts)
    for promotion in PROMOTIONS:
        with living_at(now + promotion["begins"]):
            in_transaction(partial(_promote, promotion, now))


def _tiers_and_gifts() -> None:
    for slug, name, threshold, multiplier in TIERS:
        tiers.create(slug=slug, name=name, threshold=threshold, multiplier_percent=multiplier)
    for gift in GIFTS:
        days = {"voucher_days": VOUCHER_DAYS} if gift.get("kind") == "voucher" else {}
        rewards.create({"kind": "gift", **gift, **days})


def _promote(promotion: dict[str, Any], now: datetime) -> None:
    begins = now + promotion["begins"]
    promotions.create(
        name=promotion["name"],
        terms=promotion["terms"],
        starts_at=begins,
        ends_at=begins + promotion["lasts"],
        budget=promotion.get("budget"),
    )
