"""A receipt that is undone: what it spent comes back, what was got before it is whole again."""

from __future__ import annotations

import pytest

from tests.core.rows import change
from tests.purchases.receipts import buy
from tests.rewards.spending import done, hold, left, offer, seen, spend, standing


@pytest.fixture(autouse=True)
def member(shop, api):
    """Member 1 with 100 points."""
    buy(api, amount=1_000_000)


def pay(api, *used, receipt_no="HD-2"):
    ids = [redemption["id"] for redemption in used]
    return buy(api, receipt_no=receipt_no, amount=300_000, redemptions=ids)["purchase"]["id"]


def undo(api, purchase_id):
    assert api.post(f"/purchases/{purchase_id}/void", {"reason": "typo"}).status_code == 200


def test_voucher_of_before_is_good_again_though_its_points_lapsed_meanwhile(app, api):
    voucher = offer(api, kind="voucher", cost=50, stock=3, voucher_days=60)
    got = spend(api, reward=voucher["id"])
    change(app, "UPDATE point_lots SET expires_at = '2026-01-01 00:00:00.000000'")
    before = standing(api)
    undo(api, pay(api, got))
    now = seen(api, got)
    assert (now["state"], now["used_at"], now["purchase_id"]) == ("captured", None, None)
    assert (now["restored"], left(api, voucher)) == (0, 2)
    assert standing(api) == before
    pay(api, got)
    assert seen(api, got)["used_at"] is not None


def test_voucher_of_before_is_good_again_though_it_is_offered_no_more(api):
    voucher = offer(api, kind="voucher", voucher_days=60)
    got = spend(api, reward=voucher["id"])
    purchase = pay(api, got)
    api.patch(f"/rewards/{voucher['id']}", {"active": False})
    undo(api, purchase)
    assert pay(api, got, receipt_no="HD-3")


def test_voucher_that_the_receipt_itself_got_comes_back_as_points(api):
    got = hold(api, reward=offer(api, kind="voucher")["id"])
    undo(api, pay(api, got))
    assert (seen(api, got)["state"], standing(api)) == ("reversed", (100, 0, 100))


def test_voucher_of_before_may_be_given_back_after_the_undo(api):
    got = spend(api, reward=offer(api, kind="voucher")["id"])
    undo(api, pay(api, got))
    assert done(api, got, "reverse")["state"] == "reversed"
    assert standing(api) == (100, 0, 100)


def test_goods_that_came_back_bring_the_points_of_a_voucher_back(api):
    got = spend(api, reward=offer(api, kind="voucher")["id"])
    purchase = pay(api, got)
    brought = {"return_no": "R-1", "amount": 300_000}
    assert api.post(f"/purchases/{purchase}/returns", brought).status_code == 201
    assert (seen(api, got)["state"], standing(api)) == ("reversed", (100, 0, 100))
