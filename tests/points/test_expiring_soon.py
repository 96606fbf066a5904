"""Members whose points lapse soon."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.points import expiring_soon
from tests.points.lapsing import EARLY, LATE, old_shop
from tests.points.spending import spend
from tests.purchases.receipts import buy, local, phone, problem

LAPSES = local("2028-03-02 00:00")
"""When what was earned early does."""


@pytest.fixture(autouse=True)
def store(app):
    return old_shop(app)


def listed(api, at, **query):
    with time_machine.travel(at, tick=False):
        return api.get("/points/expiring", **query).get_json()


def test_who_loses_points_within_the_days_is_listed_masked_with_how_many(app, api):
    for number, at in ((1, EARLY), (2, EARLY), (3, LATE)):
        with time_machine.travel(at, tick=False):
            buy(api, phone=phone(number), receipt_no=str(number))
            buy(api, phone=phone(number), receipt_no=f"{number}+", amount=30_000)
    with time_machine.travel(LAPSES - timedelta(days=60), tick=False):
        spend(app, 2, 18)
        spend(app, 1, 4)
    page = listed(api, LAPSES - timedelta(days=30))
    assert page == {
        "items": [
            {
                "member_id": 1,
                "phone": "••• 001",
                "points": 14,
                "first_expires_at": "2028-03-01T17:00:00Z",
            }
        ],
        "next": None,
    }
    assert listed(api, LAPSES - timedelta(days=31))["items"] == []
    assert len(listed(api, LAPSES - timedelta(days=31), days=31)["items"]) == 1
    assert listed(api, LAPSES)["items"] == []


def test_list_is_paged(app, api, monkeypatch):
    monkeypatch.setattr(expiring_soon, "PAGE_ROWS", 2)
    with time_machine.travel(EARLY, tick=False):
        for number in range(5):
            buy(api, phone=phone(number), receipt_no=str(number))
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = listed(api, LAPSES - timedelta(days=1), **cursor)
        seen += [item["member_id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [1, 2, 3, 4, 5]


def test_days_have_limits(api):
    for days in ("0", "367", "-1", "x"):
        problem(api.get("/points/expiring", days=days), 422, "invalid_request")
