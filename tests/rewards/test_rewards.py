"""What is offered, to whom, how often, as long as there is some."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from tests.purchases.receipts import OTHER_PHONE, buy, problem
from tests.rewards.spending import (
    HOLD,
    done,
    hold,
    later,
    left,
    offer,
    refused,
    spend,
    standing,
)


@pytest.fixture(autouse=True)
def members(shop, api):
    """Members 1 and 2 with 15 points each."""
    buy(api)
    buy(api, phone=OTHER_PHONE, receipt_no="HD-2")


def test_reward_is_made_changed_and_ended(api, cashier_api):
    made = offer(api, stock=3)
    assert (made["kind"], made["stock"], made["active"]) == ("gift", 3, True)
    dear = offer(api, name="Áo mưa", cost=50)
    assert cashier_api.get("/rewards").get_json() == {"items": [made, dear], "next": None}
    changed = api.patch(f"/rewards/{made['id']}", {"stock": None, "active": False}).get_json()
    assert changed == {**made, "stock": None, "active": False}
    assert cashier_api.get(f"/rewards/{made['id']}").get_json() == changed
    refused(api, "reward_ended", reward=made["id"])
    problem(cashier_api.post("/rewards", {"name": "x", "cost": 1}), 403, "forbidden")
    problem(api.get("/rewards/9"), 404, "unknown_reward")
    problem(api.patch("/rewards/9", {"cost": 1}), 404, "unknown_reward")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"cost": 0}, "invalid_request"),
    ({"worth": -1}, "invalid_request"),
    ({"stock": -1}, "invalid_request"),
    ({"kind": "favour"}, "invalid_request"),
    ({"voucher_days": 30}, "invalid_request"),
    ({"tier": "gold"}, "unknown_tier"),
    ({"tag": "vip"}, "unknown_tag"),
    ({"starts_at": "2027-02-01", "ends_at": "2027-02-01"}, "invalid_time"),
]


def test_reward_that_cannot_be_is_refused(api):
    there = offer(api)
    for given, code in WRONG:
        for answer in (
            api.post("/rewards", {"name": "x", "cost": 1, **given}),
            api.patch(f"/rewards/{there['id']}", given),
        ):
            assert (answer.status_code in (404, 422), answer.get_json()["code"]) == (True, code)
    assert api.get("/rewards").get_json()["items"] == [there]


def test_stock_is_never_below_nothing_and_what_is_not_given_is_there_again(api):
    gift = offer(api, cost=1, stock=2)
    kept = hold(api, reward=gift["id"])
    given = spend(api, 2, reward=gift["id"])
    assert left(api, gift) == 0
    assert refused(api, "out_of_stock", reward=gift["id"])
    assert standing(api) == (15, 1, 14)
    done(api, kept, "void")
    assert left(api, gift) == 1
    done(api, given, "reverse")
    assert left(api, gift) == 2
    hold(api, reward=gift["id"])
    hold(api, reward=gift["id"])
    with time_machine.travel(later() + HOLD, tick=False):
        # The last piece was on hold for oneself, and its time is over.
        hold(api, reward=gift["id"])
        assert left(api, gift) == 1


def test_a_member_has_so_many_of_a_reward(api):
    gift = offer(api, cost=1, per_member=2)
    first, _ = spend(api, reward=gift["id"]), hold(api, reward=gift["id"])
    refused(api, "reward_taken", reward=gift["id"])
    hold(api, 2, reward=gift["id"])
    done(api, first, "reverse")
    hold(api, reward=gift["id"])
    refused(api, "reward_taken", reward=gift["id"])
    with time_machine.travel(later() + HOLD, tick=False):
        hold(api, reward=gift["id"])


def test_reward_for_a_tier_or_a_tag(api):
    api.post("/tags", {"name": "VIP", "slug": "vip"})
    api.post("/tiers", {"name": "Bạc", "slug": "silver", "threshold": 1_000_000})
    for name, slug in (("tag", "vip"), ("tier", "silver")):
        gift = offer(api, cost=1, **{name: slug})
        assert gift[name] == slug
        refused(api, "not_for_this_member", reward=gift["id"])
    assert api.put("/members/1/tags/vip").status_code == 200
    buy(api, receipt_no="HD-3", amount=1_000_000)
    for reward_id in (1, 2):
        hold(api, reward=reward_id)
        refused(api, "not_for_this_member", 2, reward=reward_id)


def test_points_are_used_from_a_balance_and_after_purchases(api):
    asked = {"min_points": 16, "min_purchases": 2}
    assert api.patch("/programme", {"policy": {"redeeming": asked}}).status_code == 200
    told = refused(api, "not_yet_redeeming", points=1)
    assert {name: told[name] for name in asked} == asked
    buy(api, receipt_no="HD-3", amount=10_000)
    hold(api, points=10)
    # What is on hold is the member's still; a purchase that went back is none.
    hold(api, points=1)
    api.post("/purchases/3/void", {})
    refused(api, "not_yet_redeeming", points=1)


def test_what_members_got_stays_as_it_was_when_a_reward_changes(api):
    voucher = offer(api, kind="voucher", voucher_days=30)
    got = spend(api, reward=voucher["id"])
    api.patch(f"/rewards/{voucher['id']}", {"worth": 1, "cost": 15, "active": False})
    assert api.get(f"/redemptions/{got['id']}").get_json()["reward"]["worth"] == 30_000
    assert done(api, got, "reverse")["restored"] == 5
