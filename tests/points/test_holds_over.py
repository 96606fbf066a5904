"""A hold whose time is over, and points that come in afterwards: which lots repay a debt is the
same whether the job that ends holds came before or after."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.rewards import service as rewards
from tests.core.rows import change
from tests.points.lapsing import old_shop
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import buy, local, points_of

MONTHLY = '{"expiry": {"months": 1}}'
START = local("2027-04-20 10:00")
MEANWHILE = timedelta(days=12)
TEN_MINUTES = timedelta(minutes=10)
AFTERWARDS = timedelta(days=20)
"""The first purchase's points have lapsed by then, the second's have not."""


@pytest.fixture(autouse=True)
def monthly(app):
    old_shop(app)
    change(app, f"UPDATE programme SET settings = '{MONTHLY}', revision = 'monthly'")
    yield
    assert broken_invariants(app) == ""


def ask(api, path, **body):
    answer = api.post(path, body)
    assert answer.status_code in (200, 201), answer.get_json()
    return answer.get_json()


def buy_more(api, held):
    buy(api, receipt_no="more", amount=100_000)


def add_by_hand(api, held):
    ask(api, "/members/1/adjustments", points=10, reason="An apology")


def void(api, held):
    ask(api, f"/redemptions/{held}/void")


def capture_a_part(api, held):
    ask(api, f"/redemptions/{held}/capture", points=2)


def reverse(api, spent):
    ask(api, f"/redemptions/{spent}/reverse")


def standings(app, api, act, *, job_first):
    """Of 10 points and 10 that lapse later, 5 are on hold and the rest is held, or spent, by
    another; the first purchase goes back: a debt of 10. Then the one hold is over, and `act`
    brings points in. Returns what there is then, and when the first lot has lapsed."""
    with time_machine.travel(START, tick=False) as travel:
        first = buy(api, receipt_no="first", amount=100_000)["purchase"]["id"]
        travel.shift(MEANWHILE)
        buy(api, receipt_no="second", amount=100_000)
        ask(api, "/members/1/redemptions", points=5)
        travel.shift(TEN_MINUTES)
        other = ask(api, "/members/1/redemptions", points=15)["id"]
        if act not in (void, capture_a_part):
            ask(api, f"/redemptions/{other}/capture")
        ask(api, f"/purchases/{first}/returns", return_no="R1", amount=100_000)
        assert points_of(api, 1)["debt"] == 10
        travel.shift(TEN_MINUTES)
        if job_first:
            end_holds(app)
        act(api, other)
        now = points_of(api, 1)
        end_holds(app)
        travel.shift(AFTERWARDS)
        return now, points_of(api, 1)


def end_holds(app):
    with app.app_context(), transaction():
        rewards.lapse_due(clock.now())


EXPECTED = {
    buy_more: (5, 5),
    add_by_hand: (5, 5),
    void: (10, 10),
    capture_a_part: (8, 8),
    reverse: (10, 5),
}
"""What there is to spend then and later."""


@pytest.mark.parametrize("job_first", [True, False], ids=["job ran", "job late"])
@pytest.mark.parametrize("act", EXPECTED)
def test_hold_that_is_over_repays_before_what_comes_in(app, api, act, job_first):
    seen = standings(app, api, act, job_first=job_first)
    assert tuple(each["available"] for each in seen) == EXPECTED[act]
    assert [each["debt"] for each in seen] == [0, 0]
