"""Void: the receipt was a mistake. Its points go back and its number is free again."""

from __future__ import annotations

import pytest

from tests.core.rows import column, row_counts
from tests.purchases.receipts import (
    OTHER_PHONE,
    PHONE,
    balance,
    buy,
    points_of,
    problem,
    receipt,
    send,
)

pytestmark = pytest.mark.usefixtures("store")


def void(api, purchase_id, reason="typed twice"):
    return api.post(f"/purchases/{purchase_id}/void", {"reason": reason})


def test_void_takes_the_points_back_and_keeps_the_row(api):
    bought = buy(api)
    purchase = bought["purchase"]
    answer = void(api, purchase["id"])
    assert answer.status_code == 200
    assert answer.get_json() == {
        "purchase": {**purchase, "points_reversed": 15, "voided": True},
        "member": {**bought["member"], "points": 0, "created": False},
    }
    found = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"]
    assert [row["voided"] for row in found] == [True]


def test_void_takes_back_its_own_points_alone(api, cli):
    kept = buy(api, receipt_no="HD-0", amount=40_000)
    wrong = buy(api)
    void(api, wrong["purchase"]["id"])
    standing = points_of(api, kept["member"]["id"])
    assert (standing["balance"], standing["debt"]) == (4, 0)
    assert sum(lot["points"] for lot in standing["expiring"]) == 4
    assert cli.invoke(args=["points", "verify"]).exit_code == 0


def test_void_twice_is_void_once(api, app):
    purchase_id = buy(api)["purchase"]["id"]
    first = void(api, purchase_id)
    before = row_counts(app)
    again = void(api, purchase_id, reason="another reason")
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert row_counts(app) == before


def test_void_keeps_its_reason_and_who_did_it(api, app):
    void(api, buy(api)["purchase"]["id"], reason="wrong amount")
    assert column(app, "SELECT void_reason FROM purchases") == ["wrong amount"]
    events = column(
        app, "SELECT actor || ' ' || reason FROM audit_events WHERE action = 'purchase.void'"
    )
    assert events == ["key:1 wrong amount"]
    reasons = column(app, "SELECT reason FROM point_entries WHERE kind = 'reverse_earn'")
    assert reasons == ["wrong amount"]


def test_number_of_a_void_receipt_is_free(api, cli):
    first = buy(api)
    void(api, first["purchase"]["id"])
    second = buy(api, phone=OTHER_PHONE, amount=70_000)
    assert second["purchase"]["id"] != first["purchase"]["id"]
    assert send(api, phone=OTHER_PHONE, amount=70_000).status_code == 200
    assert (balance(api, PHONE), balance(api, OTHER_PHONE)) == (0, 7)
    found = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"]
    assert [row["voided"] for row in found] == [False, True]
    assert cli.invoke(args=["points", "verify"]).exit_code == 0


def test_receipt_may_be_voided_and_recorded_many_times(api, cli):
    for _ in range(3):
        bought = buy(api)
        assert bought["member"]["points"] == 15
        void(api, bought["purchase"]["id"])
    assert balance(api, PHONE) == 0
    assert cli.invoke(args=["points", "verify"]).exit_code == 0


def test_purchase_that_earned_nothing_is_voided_too(api, app):
    purchase_id = buy(api, amount=9_999)["purchase"]["id"]
    assert void(api, purchase_id).get_json()["purchase"]["voided"] is True
    assert column(app, "SELECT count(*) FROM point_entries") == [0]


def test_member_of_a_void_purchase_stays(api):
    member_id = buy(api)["member"]["id"]
    void(api, 1)
    assert api.get(f"/members/{member_id}").status_code == 200


def test_recorded_and_voided_in_one_batch_order(api, cli):
    """A batch sent again after a void records the voided receipt anew, and nothing else."""
    rows = {"purchases": [receipt(receipt_no=f"HD-{n}") for n in range(3)]}
    api.post("/purchases/batch", rows)
    void(api, 2)
    again = api.post("/purchases/batch", rows).get_json()
    assert (again["recorded"], again["replayed"]) == (1, 2)
    assert balance(api, PHONE) == 45
    assert cli.invoke(args=["points", "verify"]).exit_code == 0


def test_unknown_purchase_is_not_found(api, app):
    before = row_counts(app)
    for purchase_id in (0, 999_999, 2**31, 2**63 - 1):
        problem(void(api, purchase_id), 404, "unknown_purchase")
        moved = api.post(f"/purchases/{purchase_id}/reassign", {"phone": PHONE})
        problem(moved, 404, "unknown_purchase")
    for address in (2**63, 2**64, 10**40, -1, "1.0", "1e3", "%00", "x"):
        problem(void(api, address), 404, "not_found")
    assert row_counts(app) == before
