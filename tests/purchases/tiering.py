"""Tiers in a test: silver from 1,000,000 VND within a year, gold from 5,000,000."""

from __future__ import annotations

from typing import Any

from flask import Flask

from loyalty.core import clock
from loyalty.purchases.tiers_review import Reviewed, review
from tests.api import Api
from tests.purchases.receipts import PHONE

SILVER, GOLD = 1_000_000, 5_000_000


def add_tier(api: Api, slug: str, threshold: int, multiplier_percent: int = 100) -> None:
    given = {"slug": slug, "name": slug.title(), "threshold": threshold}
    answer = api.post("/tiers", {**given, "multiplier_percent": multiplier_percent})
    assert answer.status_code == 201, answer.json


def set_tiers(api: Api, **thresholds: int) -> None:
    for slug, threshold in (thresholds or {"silver": SILVER, "gold": GOLD}).items():
        add_tier(api, slug, threshold)


def set_policy(api: Api, **settings: Any) -> None:
    answer = api.patch("/programme", {"policy": settings})
    assert answer.status_code == 200, answer.json


def tier_of(api: Api, written_phone: str = PHONE) -> str | None:
    return api.get("/members", phone=written_phone).get_json()["items"][0]["tier"]


def tiers_of(api: Api, member_id: int) -> dict[str, Any]:
    answer = api.get(f"/members/{member_id}/tiers")
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def moves_of(api: Api, member_id: int) -> list[tuple[Any, ...]]:
    """(from, to, cause, measured), the first first."""
    items = reversed(tiers_of(api, member_id)["items"])
    return [(each["from"], each["to"], each["cause"], each["measured"]) for each in items]


def review_now(app: Flask) -> Reviewed:
    with app.app_context():
        return review(clock.now())
