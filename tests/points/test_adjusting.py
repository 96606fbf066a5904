"""Points added or taken by hand: with a reason, within the role's limit, from what is there."""

from __future__ import annotations

import pytest
import time_machine

from loyalty.core import clock
from loyalty.core.db import in_transaction
from loyalty.core.errors import Problem
from loyalty.points import adjusting
from tests.core.rows import change, column, scalar
from tests.points.spending import hold, spend, take_back
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import OTHER_E164, OTHER_PHONE, buy, local, points_of, problem
from tests.purchases.typing_in import give_phone
from tests.staff.people import acting, furnish, hash_quickly

LIMITS = '{"adjustments": {"cashier": 20, "manager": 100}}'


@pytest.fixture(autouse=True)
def member_id(app, api, store):
    change(app, f"UPDATE programme SET settings = '{LIMITS}', revision = 'limits'")
    yield buy(api)["member"]["id"]
    assert broken_invariants(app) == ""


def adjust_as(app, login, points):
    with app.test_request_context(), acting(app, login):
        adjusting.adjust(1, points, reason="An apology", now=clock.now())


def adjust(caller, points, reason="An apology", member_id=1, **headers):
    body = {"points": points, "reason": reason}
    return caller.post(f"/members/{member_id}/adjustments", body, **headers)


def test_added_points_are_a_lot_that_lapses_as_what_is_earned_today(app, api):
    answer = adjust(api, 50)
    assert answer.status_code == 201
    body = answer.get_json()
    assert (body["entry"]["kind"], body["entry"]["points"]) == ("adjust", 50)
    assert body["member"] == {"id": 1, "points": 65}
    ends = column(app, "SELECT expires_at FROM point_lots ORDER BY entry_id")
    assert ends[0] == ends[1]


def test_taken_points_come_from_lots_and_never_make_a_debt(app, api):
    assert adjust(api, -10).get_json()["member"]["points"] == 5
    refused = problem(adjust(api, -6), 409, "insufficient_points")
    assert refused["available"] == 5
    hold(app, 1, 3)
    assert problem(adjust(api, -3), 409, "insufficient_points")["available"] == 2
    assert scalar(app, "SELECT debt FROM members WHERE id = 1") == 0


def test_added_points_repay_a_debt_first(app, api):
    bought = buy(api, receipt_no="HD-2")
    spend(app, 1, 30)
    take_back(app, bought, 15)
    assert points_of(api, 1)["debt"] == 15
    adjust(api, 20)
    assert (points_of(api, 1)["debt"], points_of(api, 1)["balance"]) == (0, 5)


def test_limits_hold_by_role_both_ways(app, api, cashier_api):
    for caller, limit in ((api, 100), (cashier_api, 20)):
        for points in (limit + 1, -limit - 1):
            assert problem(adjust(caller, points), 403, "over_your_limit")["limit"] == limit
        assert adjust(caller, limit).status_code == 201
    with app.app_context():
        in_transaction(lambda: adjusting.adjust(1, 5_000, reason="by the shop", now=clock.now()))
    assert points_of(api, 1)["balance"] == 15 + 120 + 5_000


def test_limit_is_of_a_day_however_it_is_parted(api, cashier_api):
    evening = local("2027-03-10 20:00")
    with time_machine.travel(evening, tick=False) as travel:
        other = buy(api, phone=OTHER_PHONE, receipt_no="other")["member"]["id"]
        assert adjust(cashier_api, 15).status_code == 201
        assert adjust(cashier_api, -5).status_code == 201
        for points in (1, -1):
            problem(adjust(cashier_api, points), 403, "over_your_limit")
        assert adjust(cashier_api, 20, member_id=other).status_code == 201, "another customer"
        assert adjust(api, 100).status_code == 201, "another person"
        travel.move_to(local("2027-03-11 00:00"))
        assert adjust(cashier_api, 20).status_code == 201


def test_limit_of_a_day_holds_through_a_merge(api, cashier_api):
    other = buy(api, phone=OTHER_PHONE, receipt_no="other")["member"]["id"]
    assert adjust(cashier_api, 15).status_code == 201
    assert api.post("/members/1/merge", {"into": other}).status_code == 200
    problem(adjust(cashier_api, 6, member_id=other), 403, "over_your_limit")
    assert adjust(cashier_api, 5, member_id=other).status_code == 201


def test_nobody_but_the_owner_adjusts_the_own_account(app, api, monkeypatch):
    hash_quickly(monkeypatch)
    furnish(app)
    other = buy(api, phone=OTHER_PHONE, receipt_no="other")["member"]["id"]
    assert api.post(f"/members/{other}/merge", {"into": 1}).status_code == 200
    give_phone(app, "kim", OTHER_E164)
    with pytest.raises(Problem, match="not_for_yourself"):
        adjust_as(app, "kim", 5)
    adjust_as(app, "quan", 5)
    change(app, "UPDATE staff_users SET phone = NULL")
    give_phone(app, "tram", OTHER_E164)
    adjust_as(app, "tram", 5)
    assert points_of(api, 1)["balance"] == 15 + 15 + 10


def test_reason_is_kept_without_the_person_in_it(app, api):
    entry = adjust(api, 1, reason="rang from 0912 345 678, a@b.vn").get_json()["entry"]
    assert "345" not in entry["reason"]
    assert "@" not in entry["reason"]
    assert column(app, "SELECT reason FROM audit_events WHERE action = 'points.adjust'") == [
        entry["reason"]
    ]
    for reason in ("", "  ", None):
        problem(adjust(api, 1, reason=reason), 422, "invalid_request")


def test_nothing_is_no_adjustment_and_nobody_has_none(api):
    for points in (0, "5", 1.5, True, 10**13):
        problem(adjust(api, points), 422, "invalid_request")
    problem(adjust(api, 5, member_id=404), 404, "unknown_member")


def test_same_key_adjusts_once(api):
    for _ in range(2):
        assert adjust(api, 50, Idempotency_Key="once").status_code == 201
    assert points_of(api, 1)["balance"] == 65
