"""Receipts under a whole programme: rules, tiers, promotions, bonuses, what waits, what lapses."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from loyalty.points import pending
from tests.api import Api
from tests.core.rows import column, scalar
from tests.properties.shop import broken_invariants
from tests.purchases.race import at_once
from tests.purchases.receipts import (
    OTHER_PHONE,
    PHONE,
    balance,
    buy,
    local,
    phone,
    points_of,
    problem,
    receipt,
    send,
)

LATER = "2199-01-01T00:00:00Z"
LINES = [
    {"sku": "A", "category": "shoes", "quantity": 1, "amount": 100_000},
    {"sku": "B", "quantity": 1, "amount": 50_000},
]


@pytest.fixture(autouse=True)
def adds_up(app, store):
    """Whatever a test does, the ledger adds up at its end."""
    yield
    assert broken_invariants(app) == ""


def settle(api: Api, **policy: Any) -> None:
    assert api.patch("/programme", {"policy": policy}).status_code == 200


def promote(api: Api, **changes: Any) -> int:
    given = {"name": "Tết", "terms": {"points": 5}, "ends_at": LATER, **changes}
    made = api.post("/promotions", given)
    assert made.status_code == 201, made.get_json()
    promotion_id: int = made.get_json()["id"]
    return promotion_id


def special(api: Api, *rules: dict[str, Any], never: dict[str, Any] | None = None) -> None:
    document = {"rules": list(rules)} | ({"never": never} if never else {})
    body = {"points": 1, "per_amount": 10_000, "special": document}
    assert api.post("/earning-rules", body).status_code == 201


def earned(api: Api, **changes: Any) -> int:
    points: int = buy(api, **changes)["purchase"]["points_earned"]
    return points


def given_of(api: Api) -> int | None:
    [promotion] = api.get("/promotions").get_json()["items"]
    given: int | None = promotion["given"]
    return given


# -- rules and tiers -----------------------------------------------------------


def test_goods_of_a_category_earn_more_and_a_return_takes_back_by_the_same_rule(api):
    when = {"categories": ["shoes"]}
    special(api, {"per": "amount", "points": 3, "per_amount": 10_000, "when": when})
    purchase = buy(api, lines=LINES)["purchase"]
    assert purchase["points_earned"] == 35
    back = api.post(
        f"/purchases/{purchase['id']}/returns",
        {"return_no": "R-1", "lines": [{"sku": "A", "quantity": 1}]},
    )
    assert back.get_json()["return"]["points_reversed"] == 30
    assert balance(api, PHONE) == 5


def test_tier_multiplies_from_the_receipt_after_the_one_that_reached_it(api):
    api.post(
        "/tiers",
        {"slug": "gold", "name": "Gold", "threshold": 150_000, "multiplier_percent": 200},
    )
    assert earned(api) == 15, "the first purchase lands in the tier, and earns without it"
    assert earned(api, receipt_no="HD-2") == 30


def test_rule_for_a_group_applies_to_those_who_are_in_its_tag(api):
    buy(api)
    api.post("/tags", {"name": "VIP", "slug": "vip"})
    api.post("/tags/vip/members", {"add": [PHONE]})
    special(api, {"per": "visit", "points": 100, "when": {"tag": "vip"}})
    assert earned(api, receipt_no="HD-2") == 100
    assert earned(api, receipt_no="HD-3", phone=OTHER_PHONE) == 15


def test_receipt_of_nothing_that_earns_is_recorded_and_earns_nothing(api):
    special(api, {"per": "visit", "points": 9}, never={"categories": ["shoes"]})
    assert earned(api, lines=[LINES[0]], amount=100_000) == 0
    assert earned(api, receipt_no="HD-2", lines=LINES) == 9


# -- promotions ----------------------------------------------------------------


def test_budget_is_never_gone_over_by_receipts_at_once(app, api):
    promote(api, terms={"points": 7}, budget=30)
    acts = [partial(send, receipt_no=f"HD-{n}", phone=phone(n)) for n in range(8)]
    answers = at_once(app, api.key, acts)
    points = sorted(answer.get_json()["purchase"]["points_earned"] for answer in answers)
    assert points == [15, 15, 15, 17, 22, 22, 22, 22]
    assert given_of(api) == 30


def test_batch_works_a_budget_and_a_cap_off_row_by_row(app, api):
    promote(api, terms={"points": 7, "cap_member": 10}, budget=20)
    rows = [receipt(receipt_no=str(n), phone=phone(n % 2)) for n in range(6)]
    answer = api.post("/purchases/batch", {"purchases": rows})
    assert answer.get_json()["recorded"] == 6
    assert column(app, "SELECT points_earned FROM purchases ORDER BY id") == [
        *(22, 22, 18, 18, 15, 15)
    ]
    assert given_of(api) == 20
    assert column(app, "SELECT points FROM promotion_uses") == [10, 10]


def test_void_leaves_room_again(app, api):
    promote(api, terms={"points": 7, "cap_member": 7}, budget=7)
    first = buy(api)["purchase"]
    assert (first["points_earned"], earned(api, receipt_no="HD-2")) == (22, 15)
    api.post(f"/purchases/{first['id']}/void", {"reason": "typed twice"})
    assert given_of(api) == 0
    assert earned(api, receipt_no="HD-3") == 22


def test_promotion_for_a_named_time_applies_to_what_was_bought_then(api):
    with time_machine.travel(local("2030-02-05 12:00"), tick=False):
        promote(api, starts_at="2030-02-01T00:00:00", ends_at="2030-02-10T00:00:00")
    with time_machine.travel(local("2030-02-12 12:00"), tick=False):
        assert earned(api, purchased_at="2030-02-09T23:59:00") == 20
        assert earned(api, receipt_no="HD-2", purchased_at="2030-02-10T00:00:00") == 15


# -- what waits ----------------------------------------------------------------


def test_points_wait_so_many_days_and_then_count(app, api):
    settle(api, pending_days=7)
    with time_machine.travel(local("2030-05-01 10:00"), tick=False):
        made = buy(api)
        purchase = made["purchase"]
        assert (purchase["points_earned"], purchase["points_pending"]) == (15, 15)
        assert made["member"]["points"] == 0
    for day, points in (("2030-05-08 23:59", 0), ("2030-05-09 00:00", 15)):
        with time_machine.travel(local(day), tick=False):
            with app.app_context():
                pending.activate_due(local(day))
            assert balance(api, PHONE) == points


def test_points_of_long_ago_do_not_wait(api):
    settle(api, pending_days=7)
    long_ago = local("2026-01-01 10:00").isoformat()
    assert buy(api, purchased_at=long_ago)["purchase"]["points_pending"] == 0


def test_return_of_what_waits_lowers_what_is_to_come(app, api):
    settle(api, pending_days=7)
    purchase = buy(api)["purchase"]
    body = {"return_no": "R-1", "amount": 50_000}
    api.post(f"/purchases/{purchase['id']}/returns", body)
    assert api.get(f"/purchases/{purchase['id']}").status_code == 200
    assert scalar(app, "SELECT points FROM pending_points") == 10
    assert balance(api, PHONE) == 0


# -- bonuses -------------------------------------------------------------------


def test_signing_up_and_buying_first_bring_a_bonus_once(api):
    settle(api, bonuses={"sign_up": 20, "first_purchase": 100})
    made = buy(api)
    assert (made["purchase"]["points_earned"], made["member"]["points"]) == (15, 135)
    assert buy(api, receipt_no="HD-2")["member"]["points"] == 150


def test_member_made_by_hand_gets_the_bonus_for_signing_up(api):
    settle(api, bonuses={"sign_up": 20})
    assert api.post("/members", {"phone": PHONE}).get_json()["points"] == 20
    assert buy(api)["member"]["points"] == 35


def test_bonus_is_not_for_who_bought_before(api):
    buy(api)
    settle(api, bonuses={"sign_up": 20, "first_purchase": 100})
    assert buy(api, receipt_no="HD-2")["member"]["points"] == 30


def test_first_purchase_that_goes_takes_its_bonus_along_and_the_next_brings_it(api):
    settle(api, bonuses={"first_purchase": 100})
    first = buy(api)["purchase"]
    api.post(f"/purchases/{first['id']}/void", {"reason": "a mistake"})
    assert balance(api, PHONE) == 0
    second = buy(api, receipt_no="HD-2")
    assert second["member"]["points"] == 115
    whole = {"return_no": "R-1", "amount": 150_000}
    api.post(f"/purchases/{second['purchase']['id']}/returns", whole)
    assert balance(api, PHONE) == 0


def test_receipt_of_nothing_is_no_first_purchase(api):
    settle(api, bonuses={"first_purchase": 100})
    assert buy(api, amount=0)["member"]["points"] == 0
    assert buy(api, receipt_no="HD-2")["member"]["points"] == 115


# -- paying with points --------------------------------------------------------


def hold(api: Api, member_id: int, points: int) -> int:
    held = api.post(f"/members/{member_id}/redemptions", {"points": points})
    assert held.status_code == 201, held.get_json()
    redemption_id: int = held.get_json()["id"]
    return redemption_id


def test_receipt_spends_the_holds_it_names_and_earns_on_what_was_paid(api):
    member_id = buy(api)["member"]["id"]
    redemption_id = hold(api, member_id, 10)
    paid = buy(api, receipt_no="HD-2", amount=90_000, redemptions=[redemption_id])
    assert (paid["purchase"]["points_earned"], paid["member"]["points"]) == (9, 14)
    assert api.get(f"/redemptions/{redemption_id}").get_json()["state"] == "captured"
    again = send(api, receipt_no="HD-2", amount=90_000, redemptions=[redemption_id])
    assert (again.status_code, balance(api, PHONE)) == (200, 14)


def test_receipt_whose_hold_is_gone_is_refused_whole(app, api):
    member_id = buy(api)["member"]["id"]
    redemption_id = hold(api, member_id, 10)
    api.post(f"/redemptions/{redemption_id}/void")
    refused = send(api, receipt_no="HD-2", redemptions=[redemption_id])
    problem(refused, 409, "redemption_ended")
    assert scalar(app, "SELECT count(*) FROM purchases") == 1


def test_row_of_a_batch_whose_hold_is_gone_is_refused_alone(app, api):
    member_id = buy(api)["member"]["id"]
    good, gone = hold(api, member_id, 4), hold(api, member_id, 5)
    api.post(f"/redemptions/{gone}/void")
    rows = [
        receipt(receipt_no="1", redemptions=[gone]),
        receipt(receipt_no="2", redemptions=[good]),
        receipt(receipt_no="3"),
        receipt(receipt_no="1"),
        receipt(receipt_no="2"),
    ]
    answer = api.post("/purchases/batch", {"purchases": rows}).get_json()
    assert (answer["recorded"], answer["replayed"]) == (2, 1)
    assert [each["index"] for each in answer["rejected"]] == [0, 3]
    assert column(app, "SELECT receipt_no FROM purchases ORDER BY receipt_no") == [
        *("2", "3", "HD-1")
    ]
    assert balance(api, PHONE) == 15 - 4 + 15 + 15


def test_redemptions_that_cannot_be_are_refused(api):
    for ids in ([], [0], ["1"], [1, 1], list(range(1, 22)), [2**63]):
        problem(send(api, redemptions=ids), 422, "invalid_request")


# -- what lapses ---------------------------------------------------------------


def lapses(api: Api, member_id: int) -> list[str]:
    return [each["expires_at"] for each in points_of(api, member_id)["expiring"]]


def test_points_lapse_on_the_date_of_a_year(api):
    settle(api, expiry={"mode": "yearly", "month": 6, "day": 30})
    with time_machine.travel(local("2030-05-01 12:00"), tick=False):
        assert lapses(api, buy(api)["member"]["id"]) == ["2030-06-30T17:00:00Z"]


def test_each_purchase_moves_on_what_would_lapse(app, api):
    settle(api, expiry={"mode": "after_purchase", "months": 2})
    with time_machine.travel(local("2030-01-10 12:00"), tick=False):
        member_id = buy(api)["member"]["id"]
        held = hold(api, member_id, 15)
        assert scalar(app, "SELECT remaining FROM point_lots") == 0
        api.post(f"/redemptions/{held}/void")
    with time_machine.travel(local("2030-03-10 23:00"), tick=False):
        buy(api, receipt_no="HD-2")
        assert lapses(api, member_id) == ["2030-05-10T17:00:00Z"]
        assert balance(api, PHONE) == 30
    with time_machine.travel(local("2030-05-11 00:00"), tick=False):
        assert balance(api, PHONE) == 0
        buy(api, receipt_no="HD-3")
        assert balance(api, PHONE) == 15, "what has lapsed stays so"


def test_nothing_lapses_in_the_first_days_of_a_programme(api):
    settle(api, expiry={"months": 1})
    [first] = lapses(api, buy(api)["member"]["id"])
    began = api.get("/programme").get_json()["started_at"]
    grace = datetime.fromisoformat(first) - datetime.fromisoformat(began)
    assert timedelta(days=60) <= grace <= timedelta(days=61)
