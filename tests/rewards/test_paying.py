"""Receipts that use points: holds, gifts and vouchers are spent with them and come back with
them."""

from __future__ import annotations

import pytest
import time_machine

from tests.properties.shop import broken_invariants
from tests.purchases.receipts import OTHER_PHONE, buy, problem, send
from tests.rewards.spending import HOLD, done, hold, later, left, offer, seen, spend, standing, step


@pytest.fixture(autouse=True)
def member(shop, api):
    """Member 1 with 100 points."""
    buy(api, amount=1_000_000)


def pay(api, *used, amount=300_000, **changes):
    """Receipt HD-2 of 300,000, on which 30 points are earned."""
    ids = [redemption["id"] for redemption in used]
    return buy(api, receipt_no="HD-2", amount=amount, redemptions=ids, **changes)


def give_back(api, amount, number=1):
    answer = api.post("/purchases/2/returns", {"return_no": f"R-{number}", "amount": amount})
    assert answer.status_code == 201, answer.json
    return answer.get_json()["return"]["points_restored"]


def test_receipt_spends_what_it_names(api):
    gift, payment = hold(api, reward=offer(api)["id"]), hold(api, points=20)
    paid = pay(api, gift, payment)
    assert paid["member"]["points"] == 100 - 25 + 30
    for used in (gift, payment):
        now = seen(api, used)
        assert (now["state"], now["purchase_id"], now["store"]) == ("captured", 2, "S01")
    assert standing(api) == (105, 0, 105)


def test_the_receipt_again_spends_nothing_more(api):
    payment = hold(api, points=20)
    pay(api, payment)
    again = send(api, receipt_no="HD-2", amount=300_000, redemptions=[payment["id"]])
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert standing(api) == (110, 0, 110)


def test_what_cannot_be_used_refuses_the_receipt(api):
    buy(api, phone=OTHER_PHONE, receipt_no="HD-3")
    whose = hold(api, 2, points=1)
    voided = done(api, hold(api, points=1), "void")
    captured = spend(api, points=1)
    cases = [({"id": 99}, 404, "unknown_redemption"), (whose, 404, "unknown_redemption")]
    cases += [(voided, 409, "redemption_ended"), (captured, 409, "redemption_ended")]
    good = hold(api, points=1)
    for wrong, status, code in cases:
        ids = [good["id"], wrong["id"]]
        told = problem(send(api, receipt_no="HD-2", redemptions=ids), status, code)
        assert told["redemption"] == wrong["id"]
    assert seen(api, good)["state"] == "held"
    with time_machine.travel(later() + HOLD, tick=False):
        ids = [good["id"]]
        problem(send(api, receipt_no="HD-2", redemptions=ids), 409, "hold_lapsed")
    assert api.get("/purchases", store="S01", receipt_no="HD-2").get_json()["items"] == []


def test_a_receipts_points_do_not_come_back_without_it(api):
    payment = hold(api, points=20)
    pay(api, payment)
    problem(step(api, payment, "reverse"), 409, "redemption_ended")
    problem(step(api, payment, "void"), 409, "redemption_ended")


@pytest.mark.parametrize("parts", [[300_000], [1, 299_998, 1]])
def test_points_come_back_in_proportion_and_a_gift_with_everything(api, parts):
    gift = offer(api, stock=1)
    got, payment = hold(api, reward=gift["id"]), hold(api, points=10)
    pay(api, got, payment)
    back = [give_back(api, part, number) for number, part in enumerate(parts)]
    assert sum(back) == 15
    assert sum(back[:-1]) == 10 * sum(parts[:-1]) // 300_000
    assert standing(api) == (100, 0, 100)
    assert [seen(api, each)["state"] for each in (got, payment)] == ["reversed", "reversed"]
    assert left(api, gift) == 1


def test_void_gives_back_all_of_it_once(api):
    payment = hold(api, points=100)
    pay(api, payment, amount=0)
    for _ in range(2):
        answer = api.post("/purchases/2/void", {})
        assert answer.get_json()["member"]["points"] == 100
    assert seen(api, payment)["state"] == "reversed"
    assert standing(api) == (100, 0, 100)


def test_receipt_that_used_points_stays_with_its_phone(api):
    pay(api, hold(api, points=10))
    body = {"phone": OTHER_PHONE}
    problem(api.post("/purchases/2/reassign", body), 409, "paid_with_points")


def test_voucher_is_got_once_and_used_once(api):
    voucher = offer(api, kind="voucher", voucher_days=30)
    got = spend(api, reward=voucher["id"])
    assert got["voucher_until"] is not None
    assert got["used_at"] is None
    pay(api, got)
    used = seen(api, got)
    assert (used["purchase_id"], used["state"]) == (2, "captured")
    assert used["used_at"] is not None
    again = send(api, receipt_no="HD-3", redemptions=[got["id"]])
    problem(again, 409, "voucher_used")
    problem(step(api, got, "reverse"), 409, "redemption_ended")
    give_back(api, 299_999)
    assert seen(api, got)["restored"] == 0
    give_back(api, 1, 2)
    assert seen(api, got)["restored"] == 5


def test_voucher_whose_days_are_over(api):
    voucher = offer(api, kind="voucher", voucher_days=0)
    got = spend(api, reward=voucher["id"])
    with time_machine.travel(later(days=1), tick=False):
        refused = send(api, receipt_no="HD-2", redemptions=[got["id"]])
        problem(refused, 409, "voucher_lapsed")


def test_voucher_on_hold_is_got_and_used_by_one_receipt(api):
    held = hold(api, reward=offer(api, kind="voucher")["id"])
    pay(api, held)
    used = seen(api, held)
    assert used["used_at"] == used["captured_at"]
    assert used["voucher_until"] is None


class TestReceiptOverNothing:
    """Paid with points alone: what came back is counted in pieces."""

    def pay_whole(self, api, *used, **changes):
        return pay(api, *used, amount=0, **changes)

    def bring(self, api, number, **given):
        answer = api.post("/purchases/2/returns", {"return_no": f"R-{number}", **given})
        assert answer.status_code == 201, answer.json
        return answer.get_json()["return"]["points_restored"]

    def test_payment_comes_back_piece_by_piece(self, app, api):
        tea, cup = ({"sku": sku, "amount": 0} for sku in ("TEA", "CUP"))
        sold = [{**tea, "quantity": 5}, {**cup, "quantity": 4}]
        self.pay_whole(api, hold(api, points=100), lines=sold)
        pieces = [(tea, 1), (cup, 4), (tea, 3), (tea, 1)]
        back = [
            self.bring(api, number, lines=[{**goods, "quantity": quantity}])
            for number, (goods, quantity) in enumerate(pieces)
        ]
        assert back == [11, 44, 33, 12]
        assert standing(api) == (100, 0, 100)
        assert broken_invariants(app) == ""

    def test_gift_comes_back_with_the_last_piece(self, api):
        sold = {"sku": "TEA", "quantity": 2, "amount": 0}
        self.pay_whole(api, hold(api, reward=offer(api)["id"]), lines=[sold])
        one = {**sold, "quantity": 1}
        assert [self.bring(api, number, lines=[one]) for number in (1, 2)] == [0, 5]

    def test_without_goods_only_a_void_gives_back(self, app, api):
        """A return could not say how much of it came back."""
        self.pay_whole(api, hold(api, points=20))
        for goods in ({"amount": 0}, {"lines": [{"sku": "TEA", "quantity": 1, "amount": 0}]}):
            answer = api.post("/purchases/2/returns", {"return_no": "R-1", **goods})
            problem(answer, 422, "return_exceeds_purchase")
        assert api.post("/purchases/2/void", {}).status_code == 200
        assert standing(api) == (100, 0, 100)
        assert broken_invariants(app) == ""
