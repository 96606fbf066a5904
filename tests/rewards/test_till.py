"""What a till shows and does: gifts within reach, vouchers, one press, and its limit for a
phone that is only spoken."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.core.errors import Code, Problem
from loyalty.rewards import service
from tests.core.rows import column
from tests.purchases.receipts import buy
from tests.rewards.spending import later, offer, spend, standing
from tests.staff.people import acting, furnish, hash_quickly


@pytest.fixture(autouse=True)
def member(shop, app, api):
    """Member 1 with 1,000 points, and people of staff."""
    buy(api, amount=10_000_000)


@pytest.fixture
def people(app, monkeypatch):
    """A cashier (han), her colleague of another store, managers; ids by login."""
    hash_quickly(monkeypatch)
    return furnish(app)


def as_cashier(app, act, login="han"):
    """What `act` returns, done by a person at a till."""
    with acting(app, login):
        return act()


def within_reach(app, member_id=1):
    with acting(app, None):
        return [
            (offer.reward.name, offer.missing_points, offer.why_not)
            for offer in service.within_reach(member_id)
        ]


def test_what_is_within_reach_first_then_what_is_missing(app, api):
    offer(api, name="Dear", cost=1_500)
    offer(api, name="Dearer", cost=3_000)
    offer(api, name="Gone", cost=10, stock=0)
    offer(api, name="Had", cost=20, per_member=1)
    offer(api, name="Mine", cost=900)
    offer(api, name="Later", cost=1, starts_at=later(days=1).isoformat())
    spend(api, reward=4)
    assert within_reach(app) == [
        ("Mine", 0, None),
        ("Gone", 0, Code.OUT_OF_STOCK),
        ("Had", 0, Code.REWARD_TAKEN),
        ("Dear", 520, None),
        ("Dearer", 2_020, None),
    ]


def test_vouchers_that_can_be_used_the_first_to_end_first(app, api):
    for days in (None, 30, 1):
        offer(api, name=f"{days}", kind="voucher", voucher_days=days)
    got = [spend(api, reward=number) for number in (1, 2, 3)]
    offer(api, name="gift")
    spend(api, reward=4)
    with acting(app, None):
        assert [each["id"] for each in service.vouchers_of(1)] == [3, 2, 1]
    with time_machine.travel(later(days=2), tick=False):
        buy(api, receipt_no="HD-2", redemptions=[got[0]["id"]])
        with acting(app, None):
            assert [each["id"] for each in service.vouchers_of(1)] == [2]


def test_one_press_gives_a_gift_and_its_giver_takes_it_back_for_a_minute(app, api, people):
    gift = offer(api, cost=100, stock=5)
    given = as_cashier(app, lambda: service.redeem_now(1, reward_id=gift["id"], store_id=1))
    assert (given["state"], given["store"]) == ("captured", "S01")
    with pytest.raises(Problem) as refused:
        as_cashier(app, lambda: service.undo(given["id"]), login="cuc")
    assert refused.value.code is Code.FORBIDDEN
    for _ in range(2):
        assert as_cashier(app, lambda: service.undo(given["id"]))["state"] == "reversed"
    assert standing(api) == (1_000, 0, 1_000)
    again = as_cashier(app, lambda: service.redeem_now(1, reward_id=gift["id"]))
    late = later() + timedelta(minutes=1, seconds=1)
    with time_machine.travel(late, tick=False), pytest.raises(Problem) as refused:
        as_cashier(app, lambda: service.undo(again["id"]))
    assert refused.value.code is Code.FORBIDDEN


def test_spoken_phone_opens_so_many_points_a_day(app, api, people):
    def typed(points, login="han", **given):
        return as_cashier(app, lambda: service.redeem_now(1, points=points, **given), login)

    given = typed(300)
    for login in ("han", "cuc"):
        with pytest.raises(Problem) as refused:
            typed(201, login)
        assert refused.value.code is Code.PIN_REQUIRED
        assert refused.value.extra == {"limit": 500, "left": 200}
    typed(200)
    spend(api, points=1)  # calls by key are exempt
    typed(10, "kim")  # and so are managers
    as_cashier(app, lambda: service.undo(given["id"]))
    with pytest.raises(Problem):
        typed(291)
    typed(1)
    typed(300, approved_by=people["kim"])
    logged = "SELECT actor FROM audit_events WHERE action = 'points.redeem'"
    assert column(app, logged) == [f"person:{people['kim']}"]
    with time_machine.travel(later(days=1), tick=False):
        typed(400)
