"""Goods that come back: what they take back, what is left, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.core.db import read, transaction
from loyalty.privacy.erasure import erase
from loyalty.purchases import returns
from tests.api import Api
from tests.core.rows import column, row_counts
from tests.purchases.goods import (
    bring_back,
    buy_goods,
    decide,
    line,
    look,
    pay_with_points,
    send_back,
    verify,
)
from tests.purchases.receipts import OTHER_PHONE, PHONE, balance, buy, points_of, problem
from tests.shop import make_store

pytestmark = pytest.mark.usefixtures("store")

TEA = line("TEA", 3, 100_000, name="Trà sen", category="tea")
CUP = line("CUP", 2, 50_000)


class TestPoints:
    def test_what_is_due_on_what_is_kept_stays(self, app, api):
        """15 points for 150,000: 9 are due on 95,000, 4 on 49,999, none on nothing."""
        purchase_id = buy(api)["purchase"]["id"]
        kept = []
        for number, amount in enumerate((55_000, 45_001, 49_999)):
            answer = bring_back(api, purchase_id, f"TH-{number}", amount=amount)
            kept.append((answer["return"]["points_reversed"], answer["member"]["points"]))
        assert kept == [(6, 9), (5, 4), (4, 0)]
        purchase = look(api, purchase_id)
        assert (purchase["amount_returned"], purchase["points_reversed"]) == (150_000, 15)
        verify(app)

    def test_points_that_were_spent_become_a_debt(self, app, api):
        bought = buy(api)
        pay_with_points(api, bought["member"]["id"], 10, receipt_no="HD-2", amount=9_000)
        bring_back(api, bought["purchase"]["id"], amount=150_000)
        standing = points_of(api, bought["member"]["id"])
        assert (standing["balance"], standing["debt"]) == (0, 10)
        verify(app)

    def test_pending_points_go_first(self, app, api):
        decide(app, pending_days=7)
        purchase_id = buy(api)["purchase"]["id"]
        answer = bring_back(api, purchase_id, amount=50_000)
        assert answer["return"]["points_reversed"] == 5
        assert column(app, "SELECT points FROM pending_points") == [10]
        assert column(app, "SELECT count(*) FROM point_entries") == [0]
        bring_back(api, purchase_id, "TH-2", amount=100_000)
        assert column(app, "SELECT points FROM pending_points") == []
        verify(app)

    def test_history_without_points_gives_none_back(self, app, api, cli, tmp_path):
        file = tmp_path / "history.csv"
        file.write_text(
            "phone,store,receipt_no,purchased_at,amount\n0912345678,S01,HD-1,2025-11-22,150000\n"
        )
        assert (
            cli.invoke(args=["purchases", "import", str(file), "--without-points"]).exit_code == 0
        )
        answer = bring_back(api, 1, amount=150_000)
        assert (answer["return"]["points_reversed"], answer["member"]["points"]) == (0, 0)
        verify(app)

    def test_bonus_of_the_first_purchase_goes_with_the_last_of_it(self, app, api):
        decide(app, bonuses={"first_purchase": 20})
        bought = buy(api)
        assert bought["member"]["points"] == 35
        part = bring_back(api, bought["purchase"]["id"], amount=140_000)
        assert (part["return"]["points_reversed"], part["member"]["points"]) == (14, 21)
        rest = bring_back(api, bought["purchase"]["id"], "TH-2", amount=10_000)
        assert (rest["return"]["points_reversed"], rest["member"]["points"]) == (21, 0)
        assert buy(api, receipt_no="HD-2")["member"]["points"] == 35
        verify(app)


class TestPaidWithPoints:
    def test_what_was_spent_comes_back_in_the_same_measure(self, app, api):
        """20 points on a receipt of 30,000, of which a third comes back, then the rest."""
        member = buy(api, amount=500_000)["member"]
        bought = pay_with_points(api, member["id"], 20, receipt_no="HD-2", amount=30_000)
        assert bought["member"]["points"] == 33
        third = bring_back(api, bought["purchase"]["id"], amount=10_000)
        assert third["return"]["points_restored"] == 6
        assert (third["return"]["points_reversed"], third["member"]["points"]) == (1, 38)
        rest = bring_back(api, bought["purchase"]["id"], "TH-2", amount=20_000)
        assert rest["return"]["points_restored"] == 14
        assert (rest["return"]["points_reversed"], rest["member"]["points"]) == (2, 50)
        verify(app)

    def test_receipt_paid_with_points_alone_gives_them_back(self, app, api):
        member = buy(api, amount=500_000)["member"]
        tea = line("TEA", 1, 0)
        bought = pay_with_points(*(api, member["id"], 20), receipt_no="HD-2", amount=0, lines=[tea])
        answer = bring_back(api, bought["purchase"]["id"], lines=[tea])
        assert (answer["return"]["points_restored"], answer["member"]["points"]) == (20, 50)
        verify(app)

    def test_void_gives_them_back(self, app, api):
        member = buy(api, amount=500_000)["member"]
        bought = pay_with_points(api, member["id"], 20, receipt_no="HD-2", amount=30_000)
        answer = api.post(f"/purchases/{bought['purchase']['id']}/void", {})
        assert (answer.status_code, answer.get_json()["member"]["points"]) == (200, 50)
        again = api.post(f"/purchases/{bought['purchase']['id']}/void", {})
        assert again.get_json() == answer.get_json()
        verify(app)

    def test_it_is_not_moved_to_another_phone(self, app, api):
        """The wrong member's points paid for it."""
        member = buy(api, amount=500_000)["member"]
        bought = pay_with_points(api, member["id"], 20, receipt_no="HD-2", amount=30_000)
        before = row_counts(app)
        path = f"/purchases/{bought['purchase']['id']}/reassign"
        problem(api.post(path, {"phone": OTHER_PHONE}), 409, "paid_with_points")
        assert row_counts(app) == before


class TestLines:
    def test_line_without_amount_is_its_share_and_ends_with_the_whole(self, app, api):
        purchase_id = buy_goods(api, TEA, CUP)["purchase"]["id"]
        amounts = [
            bring_back(api, purchase_id, f"TH-{n}", lines=[line("TEA", 1)])["return"]["amount"]
            for n in range(3)
        ]
        assert amounts == [33_333, 33_333, 33_334]
        assert look(api, purchase_id)["left"] == {
            "amount": 50_000,
            "lines": [{"sku": "CUP", "name": None, "quantity": 2, "amount": 50_000}],
        }
        verify(app)

    def test_sku_on_two_lines_comes_back_first_line_first(self, api):
        cheap = line("TEA", 2, 10_000)
        purchase_id = buy_goods(api, TEA, CUP, cheap)["purchase"]["id"]
        answer = bring_back(api, purchase_id, lines=[line("TEA", 4)])
        assert answer["return"]["amount"] == 105_000
        assert look(api, purchase_id)["left"]["lines"][0] == {
            "sku": "TEA",
            "name": "Trà sen",
            "quantity": 1,
            "amount": 5_000,
        }

    def test_goods_that_came_back_cheaper_leave_the_rest_kept(self, app, api):
        """A fee was kept: 40,000 of 50,000 for both cups."""
        purchase_id = buy_goods(api, CUP)["purchase"]["id"]
        bring_back(api, purchase_id, lines=[line("CUP", 2, 40_000)])
        assert look(api, purchase_id)["left"] == {
            "amount": 10_000,
            "lines": [{"sku": "CUP", "name": None, "quantity": 0, "amount": 10_000}],
        }
        assert balance(api, PHONE) == 1
        verify(app)

    def test_after_money_back_goods_are_worth_what_is_left(self, app, api):
        """60,000 of 100,000 were paid back for a flaw; then the tea itself comes back."""
        purchase_id = buy_goods(api, TEA)["purchase"]["id"]
        bring_back(api, purchase_id, amount=60_000)
        answer = bring_back(api, purchase_id, "TH-2", lines=[line("TEA", 3)])
        assert answer["return"]["amount"] == 40_000
        assert look(api, purchase_id)["left"] == {"amount": 0, "lines": []}
        verify(app)

    def test_receipt_without_lines_takes_goods_for_an_amount(self, api):
        purchase_id = buy(api)["purchase"]["id"]
        wrong = problem(send_back(api, purchase_id, lines=[line("TEA", 1)]), 422, "invalid_request")
        assert list(wrong["errors"]["lines"]["0"]) == ["amount"]
        answer = bring_back(api, purchase_id, lines=[line("TEA", 1, 30_000)])
        assert answer["return"]["amount"] == 30_000
        assert answer["return"]["lines"] == [
            {"purchase_id": purchase_id, "sku": "TEA", "quantity": 1, "amount": 30_000}
        ]

    def test_lines_beside_an_amount_add_up_to_it(self, app, api):
        purchase_id = buy_goods(api, TEA, CUP)["purchase"]["id"]
        before = row_counts(app)
        lines = [line("TEA", 1), line("CUP", 1, 20_000)]
        wrong = send_back(api, purchase_id, lines=lines, amount=53_332)
        problem(wrong, 422, "lines_do_not_add_up")
        assert row_counts(app) == before
        assert (
            bring_back(api, purchase_id, lines=lines, amount=53_333)["return"]["amount"] == 53_333
        )


class TestTooMuch:
    def test_more_than_is_left_is_refused_with_what_is_left(self, app, api):
        purchase_id = buy_goods(api, TEA, CUP)["purchase"]["id"]
        bring_back(api, purchase_id, lines=[line("TEA", 2, 50_000)])
        before = row_counts(app)
        for given in (
            {"amount": 100_001},
            {"lines": [line("CUP", 3)]},
            {"lines": [line("CUP", 1), line("CUP", 2)]},
            {"lines": [line("CUP", 1, 50_001)]},
            {"lines": [line("SPOON", 1)]},
            {"lines": [line("SPOON", 0)]},
            {"lines": [line("TEA", 2)]},
        ):
            answer = send_back(api, purchase_id, "TH-2", **given)
            refused = problem(answer, 422, "return_exceeds_purchase")
            assert refused["left"] == {
                "amount": 100_000,
                "lines": [
                    {"sku": "TEA", "name": "Trà sen", "quantity": 1, "amount": 50_000},
                    {"sku": "CUP", "name": None, "quantity": 2, "amount": 50_000},
                ],
            }
            assert list(refused["errors"]) == list(given)
        assert row_counts(app) == before

    def test_nothing_comes_back_of_a_void_receipt(self, api):
        purchase_id = buy(api)["purchase"]["id"]
        api.post(f"/purchases/{purchase_id}/void", {})
        problem(send_back(api, purchase_id, amount=1), 409, "purchase_voided")

    @pytest.mark.parametrize("back", [{"amount": 1}, {"lines": [line("FREE", 1)]}])
    def test_receipt_with_returns_is_neither_void_nor_moved(self, app, api, back):
        purchase_id = buy_goods(api, TEA, line("FREE", 1, 0))["purchase"]["id"]
        bring_back(api, purchase_id, **back)
        before = row_counts(app)
        problem(api.post(f"/purchases/{purchase_id}/void", {}), 409, "purchase_has_returns")
        moved = api.post(f"/purchases/{purchase_id}/reassign", {"phone": OTHER_PHONE})
        problem(moved, 409, "purchase_has_returns")
        assert row_counts(app) == before

    def test_unknown_purchase_is_not_found(self, app, api):
        before = row_counts(app)
        for purchase_id in (0, 999_999, 2**63 - 1):
            problem(send_back(api, purchase_id, amount=1), 404, "unknown_purchase")
            problem(api.get(f"/purchases/{purchase_id}"), 404, "unknown_purchase")
            problem(api.get(f"/returns/{purchase_id}"), 404, "unknown_return")
        assert row_counts(app) == before

    def test_bad_bodies_are_refused(self, app, api):
        purchase_id = buy_goods(api, TEA)["purchase"]["id"]
        before = row_counts(app)
        given: dict[str, Any]
        for given in (
            {},
            {"amount": -1},
            {"amount": 1.0},
            {"amount": None, "lines": None},
            {"lines": []},
            {"lines": [{"sku": "TEA"}]},
            {"lines": [line("TEA", -1)]},
            {"amount": 1, "phone": PHONE},
        ):
            problem(send_back(api, purchase_id, **given), 422, "invalid_request")
        assert row_counts(app) == before


class TestAgain:
    def test_same_return_again_is_a_replay(self, app, api):
        purchase_id = buy_goods(api, TEA, CUP)["purchase"]["id"]
        lines = [line("TEA", 1), line("CUP", 1)]
        first = bring_back(api, purchase_id, lines=lines)
        before = row_counts(app)
        for again in (
            {"lines": lines},
            {"lines": lines[::-1]},
            {"lines": lines, "amount": 58_333},
            {"amount": 58_333},
        ):
            answer = send_back(api, purchase_id, **again)
            assert (answer.status_code, answer.get_json()) == (200, first)
            assert answer.headers["Idempotency-Replayed"] == "true"
        assert row_counts(app) == before

    def test_same_number_with_other_content_is_a_conflict(self, app, api):
        purchase_id = buy_goods(api, TEA, CUP)["purchase"]["id"]
        other_id = buy(api, receipt_no="HD-2")["purchase"]["id"]
        recorded = bring_back(api, purchase_id, lines=[line("TEA", 1)])["return"]
        before = row_counts(app)
        for place, given in (
            (purchase_id, {"lines": [line("TEA", 2)]}),
            (purchase_id, {"lines": [line("TEA", 1, 33_332)]}),
            (purchase_id, {"amount": 33_334}),
            (other_id, {"amount": 33_333}),
        ):
            refused = problem(send_back(api, place, **given), 409, "receipt_conflict")
            assert refused["recorded"]["id"] == recorded["id"]
            assert refused["recorded"]["amount"] == 33_333
        assert row_counts(app) == before

    def test_numbers_are_of_a_store_and_register(self, api):
        purchase_id = buy(api)["purchase"]["id"]
        first = bring_back(api, purchase_id, amount=10_000)
        second = bring_back(api, purchase_id, amount=10_000, register="2")
        assert first["return"]["id"] != second["return"]["id"]
        assert second["return"]["register"] == "2"

    def test_receipt_and_return_may_have_one_number(self, api):
        """One slip for an exchange."""
        purchase_id = buy(api, receipt_no="HD-1")["purchase"]["id"]
        assert bring_back(api, purchase_id, "HD-1", amount=10_000)["return"]["return_no"] == "HD-1"


def test_return_is_seen_with_its_purchase_and_alone(api):
    bought = buy_goods(api, TEA, CUP)
    purchase_id = bought["purchase"]["id"]
    answer = bring_back(api, purchase_id, lines=[line("CUP", 1)], reason="broken")
    seen = look(api, purchase_id)
    assert [sold["sku"] for sold in seen["lines"]] == ["TEA", "CUP"]
    assert seen["returns"] == [answer["return"]]
    assert api.get(f"/returns/{answer['return']['id']}").get_json() == answer["return"]


def test_reason_and_who_did_it_are_kept_without_the_person(app, api):
    purchase_id = buy(api)["purchase"]["id"]
    bring_back(api, purchase_id, amount=10_000, reason="call 0912345678")
    [reason] = column(app, "SELECT reason FROM returns")
    assert "0912345678" not in reason
    assert reason.startswith("call ")
    assert column(app, "SELECT recorded_by FROM returns") == ["key:1"]
    events = column(
        app,
        "SELECT object_kind || ' ' || reason FROM audit_events WHERE action = 'purchase.return'",
    )
    assert events == [f"return {reason}"]


class TestWhoAndWhen:
    def test_goods_come_back_in_the_callers_store(self, app, api, api_key):
        """Bought in one store, brought back to another: there it is recorded."""
        make_store(app, "S02")
        purchase_id = buy(api)["purchase"]["id"]
        elsewhere = Api(api.client, api_key("cashier", store_code="S02"))
        problem(send_back(elsewhere, purchase_id, amount=1), 403, "forbidden")
        answer = bring_back(elsewhere, purchase_id, store="S02", amount=10_000)
        assert answer["return"]["store"] == "S02"
        problem(elsewhere.get(f"/purchases/{purchase_id}"), 403, "forbidden")
        assert elsewhere.get(f"/returns/{answer['return']['id']}").status_code == 200
        here = Api(api.client, api_key("cashier", store_code="S01"))
        problem(here.get(f"/returns/{answer['return']['id']}"), 403, "forbidden")
        assert look(here, purchase_id)["returns"] == [answer["return"]]

    def test_not_before_the_purchase_and_not_in_the_future(self, app, api):
        purchase_id = buy(api, purchased_at="2025-11-22T10:00:00+07:00")["purchase"]["id"]
        before = row_counts(app)
        for returned_at, code in (
            ("2025-11-22T09:54:00+07:00", "invalid_time"),
            ("2199-01-01T00:00:00Z", "in_the_future"),
        ):
            answer = send_back(api, purchase_id, amount=1, returned_at=returned_at)
            problem(answer, 422, code)
        problem(send_back(api, purchase_id, store="S99", amount=1), 422, "unknown_store")
        assert row_counts(app) == before

    def test_nothing_is_changed_of_a_member_who_was_erased(self, app, api):
        bought = buy(api)
        with app.app_context(), transaction():
            erase(bought["member"]["id"], reason="asked")
        problem(send_back(api, bought["purchase"]["id"], amount=1), 409, "member_erased")


def test_what_a_return_would_take_back_is_told_before(app, api):
    purchase_id = buy_goods(api, TEA, CUP)["purchase"]["id"]
    given: dict[str, Any] = {"lines": [line("TEA", 1)]}
    with app.app_context(), read():
        assert returns.would_take_back(purchase_id, given) == (33_333, 4, 0)
    answer = bring_back(api, purchase_id, **given)["return"]
    assert (answer["amount"], answer["points_reversed"]) == (33_333, 4)
