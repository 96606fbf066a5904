"""Receipts that wait for a manager: of those that people type, and of no others."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.core import clock
from loyalty.points import pending
from tests.api import Api
from tests.core.rows import scalar
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import (
    E164,
    OTHER_E164,
    OTHER_PHONE,
    PHONE,
    balance,
    buy,
    local,
    points_of,
    problem,
    receipt,
)
from tests.purchases.tiering import SILVER, set_policy, set_tiers, tier_of
from tests.purchases.typing_in import cancel, decide, flags, give_phone, kinds, move, type_in
from tests.shop import make_key
from tests.staff.people import furnish, hash_quickly

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing that another test does not ask on both."""


@pytest.fixture(autouse=True)
def people(app, monkeypatch):
    hash_quickly(monkeypatch)
    yield furnish(app)
    assert not broken_invariants(app)


# -- what waits ------------------------------------------------------------------


def test_receipt_on_the_own_phone_waits(app, api):
    give_phone(app, "han", E164)
    typed = type_in(app, "han")
    assert typed["purchase"]["points_earned"] == typed["purchase"]["points_pending"] == 15
    assert typed["member"]["points"] == balance(api, PHONE) == 0
    [flag] = flags(api)
    assert flag["kinds"] == ["own_phone"]
    assert (flag["points"], flag["phone"], flag["actor_name"]) == (15, "••• 678", "Han")
    assert flag["purchase"]["store"] == "S01"
    assert flag["purchase"]["amount"] == 150_000


@ON_SQLITE
def test_own_phone_waits_for_a_manager_and_the_owner_too(app, api):
    for login, phone in (("kim", PHONE), ("tram", OTHER_PHONE)):
        give_phone(app, login, E164 if phone == PHONE else OTHER_E164)
        type_in(app, login, phone=phone, receipt_no=login)
    assert kinds(api) == [["own_phone"], ["own_phone"]]


@ON_SQLITE
def test_colleagues_phone_and_a_number_given_up_do_not_wait(app, api):
    give_phone(app, "cuc", E164)
    give_phone(app, "han", OTHER_E164)
    assert type_in(app, "han")["member"]["points"] == 15
    assert kinds(api) == []


def test_own_account_waits_whichever_of_its_numbers_is_typed(app, api):
    give_phone(app, "han", E164)
    mine, other = (
        buy(api, phone=phone, receipt_no=phone)["member"]["id"] for phone in (PHONE, OTHER_PHONE)
    )
    assert api.post(f"/members/{mine}/merge", {"into": other}).status_code == 200
    type_in(app, "han", phone=OTHER_PHONE)
    assert kinds(api) == [["own_phone"]]


def test_fourth_receipt_of_a_phone_in_a_store_and_day_waits(app, api):
    with time_machine.travel(local("2027-03-10 10:00"), tick=False) as travel:
        for number in range(5):
            type_in(app, "han", receipt_no=str(number))
            travel.shift(60)
        assert kinds(api) == [["many_receipts"], ["many_receipts"]]
        assert balance(api, PHONE) == 45
        assert type_in(app, "cuc", store="S02")["member"]["points"] == 60, "another store"
        assert type_in(app, "han", phone=OTHER_PHONE, receipt_no="o")["member"]["points"] == 15
    with time_machine.travel(local("2027-03-11 00:01"), tick=False):
        assert type_in(app, "han", receipt_no="next day")["member"]["points"] == 75
    assert len(kinds(api)) == 2


@ON_SQLITE
def test_receipts_of_a_day_are_counted_by_the_day_of_purchase(app, api):
    with time_machine.travel(local("2027-03-11 09:00"), tick=False):
        yesterday = "2027-03-10T23:00:00+07:00"
        for number in range(3):
            type_in(app, "han", receipt_no=str(number), purchased_at=yesterday)
        type_in(app, "han", receipt_no="today")
        assert kinds(api) == []
        type_in(app, "han", receipt_no="fourth", purchased_at="2027-03-10T00:00:00+07:00")
        assert kinds(api) == [["many_receipts"]]


@ON_SQLITE
def test_void_receipts_and_those_of_machines_are_not_counted(app, api):
    for number in range(4):
        buy(api, receipt_no=f"pos-{number}")
    typed = [type_in(app, "han", receipt_no=str(number)) for number in range(3)]
    api.post(f"/purchases/{typed[0]['purchase']['id']}/void", {})
    type_in(app, "han", receipt_no="again")
    assert kinds(api) == []


@ON_SQLITE
def test_how_many_are_unquestioned_is_a_setting(app, api):
    set_policy(api, receipts_a_day=1)
    type_in(app, "han", receipt_no="1")
    type_in(app, "han", receipt_no="2")
    assert kinds(api) == [["many_receipts"]]


def test_receipt_of_46_days_ago_waits_where_somebody_types_it(app, api):
    days_ago = {days: (clock.now() - timedelta(days=days)).isoformat() for days in (44, 46)}
    type_in(app, "kim", receipt_no="in time", purchased_at=days_ago[44])
    assert kinds(api) == []
    type_in(app, "kim", receipt_no="late", purchased_at=days_ago[46])
    assert kinds(api) == [["late"]]
    buy(api, receipt_no="sent late", purchased_at=days_ago[46])
    assert len(kinds(api)) == 1


@ON_SQLITE
def test_what_keys_batches_and_imports_send_never_waits(app, api, cli, tmp_path):
    give_phone(app, "tram", E164)
    rows = [receipt(receipt_no=f"b-{number}") for number in range(6)]
    assert api.post("/purchases/batch", {"purchases": rows}).get_json()["recorded"] == 6
    for number in range(6):
        buy(api, receipt_no=f"k-{number}")
    file = tmp_path / "receipts.csv"
    lines = "".join(f"S01,i-{number},{PHONE},150000,2025-01-01\n" for number in range(6))
    file.write_text("store,receipt_no,phone,amount,purchased_at\n" + lines)
    assert cli.invoke(args=["purchases", "import", str(file)]).exit_code == 0
    assert kinds(api) == []


@ON_SQLITE
def test_every_reason_is_kept(app, api):
    give_phone(app, "han", E164)
    set_policy(api, receipts_a_day=1)
    type_in(app, "han", receipt_no="1")
    type_in(app, "han", receipt_no="2")
    assert kinds(api) == [["own_phone", "many_receipts"], ["own_phone"]]


@ON_SQLITE
def test_replay_is_not_flagged_again(app, api):
    give_phone(app, "han", E164)
    type_in(app, "han")
    type_in(app, "han")
    assert len(flags(api)) == 1


def test_receipt_moved_to_the_own_phone_waits(app, api):
    give_phone(app, "han", OTHER_E164)
    typed = type_in(app, "han")
    move(app, "han", typed["purchase"]["id"], OTHER_E164)
    assert balance(api, OTHER_PHONE) == 0
    assert kinds(api) == [["own_phone"]]


@ON_SQLITE
def test_third_receipt_of_a_day_that_is_moved_to_a_phone_does_not_wait(app, api):
    for number in range(2):
        type_in(app, "han", receipt_no=str(number))
    typed = type_in(app, "han", phone=OTHER_PHONE, receipt_no="moved")
    move(app, "han", typed["purchase"]["id"], E164)
    assert (balance(api, PHONE), kinds(api)) == (45, [])


# -- what managers decide --------------------------------------------------------


def test_approved_points_count_from_now_on(app, api):
    give_phone(app, "han", E164)
    member_id = type_in(app, "han")["member"]["id"]
    [flag] = flags(api)
    answer = api.post(f"/flags/{flag['id']}/approve").get_json()
    assert answer == {
        "purchase_id": flag["purchase"]["id"],
        "decision": "approved",
        "points": 15,
    }
    assert (balance(api, PHONE), flags(api)) == (15, [])
    assert points_of(api, member_id)["available"] == 15
    again = api.post(f"/flags/{flag['id']}/approve")
    assert (again.status_code, again.get_json()["points"], balance(api, PHONE)) == (200, 0, 15)
    problem(api.post(f"/flags/{flag['id']}/refuse"), 409, "flag_decided")


def test_refused_points_are_due_no_more_and_the_purchase_stays(app, api):
    give_phone(app, "han", E164)
    typed = type_in(app, "han")
    [flag] = flags(api)
    answer = api.post(f"/flags/{flag['id']}/refuse").get_json()
    assert (answer["decision"], answer["points"]) == ("refused", 15)
    assert (balance(api, PHONE), flags(api)) == (0, [])
    [purchase] = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"]
    assert (purchase["points_reversed"], purchase["voided"]) == (15, False)
    assert api.post(f"/flags/{flag['id']}/refuse").status_code == 200
    problem(api.post(f"/flags/{flag['id']}/approve"), 409, "flag_decided")
    back = {"return_no": "R-1", "amount": 75_000}
    assert api.post(f"/purchases/{typed['purchase']['id']}/returns", back).status_code == 201
    assert balance(api, PHONE) == 0


@ON_SQLITE
def test_goods_that_came_back_before_are_not_paid_for_by_an_approval(app, api):
    give_phone(app, "han", E164)
    purchase_id = type_in(app, "han")["purchase"]["id"]
    back = {"return_no": "R-1", "amount": 100_000}
    assert api.post(f"/purchases/{purchase_id}/returns", back).status_code == 201
    [flag] = flags(api)
    assert flag["points"] == 5
    assert api.post(f"/flags/{flag['id']}/approve").get_json()["points"] == 5
    assert balance(api, PHONE) == 5


def test_approved_points_wait_for_their_day_as_all_others_do(app, api):
    set_policy(api, pending_days=14)
    give_phone(app, "han", E164)
    with time_machine.travel(local("2027-03-10 10:00"), tick=False):
        type_in(app, "han")
        [flag] = flags(api)
        assert api.post(f"/flags/{flag['id']}/approve").get_json()["points"] == 15
        assert (balance(api, PHONE), flags(api)) == (0, [])
    for moment, points in (("2027-03-24 23:59", 0), ("2027-03-25 00:00", 15)):
        with app.app_context():
            pending.activate_due(local(moment))
        assert balance(api, PHONE) == points


@ON_SQLITE
def test_points_approved_after_their_day_count_at_once(app, api):
    set_policy(api, pending_days=3)
    give_phone(app, "han", E164)
    type_in(app, "han", purchased_at=(clock.now() - timedelta(days=5)).isoformat())
    assert balance(api, PHONE) == 0
    api.post(f"/flags/{flags(api)[0]['id']}/approve")
    assert balance(api, PHONE) == 15


@ON_SQLITE
def test_receipt_that_waits_for_a_manager_no_more_where_it_moved_waits_for_its_day(app, api):
    set_policy(api, pending_days=14)
    give_phone(app, "han", E164)
    typed = type_in(app, "han")
    move(app, "han", typed["purchase"]["id"], OTHER_E164)
    assert (balance(api, OTHER_PHONE), flags(api)) == (0, [])
    assert scalar(app, "SELECT ends_at FROM pending_points") is not None


def test_refused_receipt_leaves_the_room_of_its_promotion_to_others(app, api):
    terms = {"points": 10, "cap_member": 10}
    given = {"name": "Ten", "terms": terms, "budget": 10, "ends_at": "2199-01-01T00:00:00Z"}
    assert api.post("/promotions", given).status_code == 201
    give_phone(app, "han", E164)
    typed = type_in(app, "han")
    assert typed["purchase"]["points_earned"] == 25
    assert buy(api, receipt_no="no room")["purchase"]["points_earned"] == 15
    api.post(f"/flags/{flags(api)[0]['id']}/refuse")
    assert api.post(f"/purchases/{typed['purchase']['id']}/void", {}).status_code == 200
    assert api.get("/promotions").get_json()["items"][0]["given"] == 0
    assert buy(api, receipt_no="room")["purchase"]["points_earned"] == 25


@ON_SQLITE
def test_one_decision_is_for_all_reasons_of_a_receipt(app, api):
    give_phone(app, "han", E164)
    set_policy(api, receipts_a_day=1)
    type_in(app, "han", receipt_no="1")
    type_in(app, "han", receipt_no="2")
    api.post(f"/flags/{flags(api)[0]['id']}/approve")
    assert kinds(api) == [["own_phone"]]
    query = "SELECT count(*) FROM purchase_flags WHERE decision = 'approved'"
    assert scalar(app, query) == 2


@ON_SQLITE
def test_void_receipt_needs_no_decision_any_more(app, api):
    give_phone(app, "han", E164)
    purchase_id = type_in(app, "han")["purchase"]["id"]
    [flag] = flags(api)
    assert api.post(f"/purchases/{purchase_id}/void", {}).status_code == 200
    assert flags(api) == []
    problem(api.post(f"/flags/{flag['id']}/approve"), 404, "unknown_flag")


def test_waiting_receipt_counts_towards_the_tier_once_it_is_approved(app, api):
    set_tiers(api)
    give_phone(app, "han", E164)
    assert type_in(app, "han", amount=SILVER)["member"]["tier"] is None
    # What is measured now leaves it out; the approval brings it back.
    buy(api, receipt_no="small", amount=1)
    assert tier_of(api) is None
    api.post(f"/flags/{flags(api)[0]['id']}/approve")
    assert tier_of(api) == "silver"


@ON_SQLITE
def test_refused_receipt_never_counts_towards_the_tier(app, api):
    set_tiers(api)
    give_phone(app, "han", E164)
    type_in(app, "han", amount=SILVER)
    api.post(f"/flags/{flags(api)[0]['id']}/refuse")
    assert buy(api, receipt_no="small", amount=SILVER - 1)["member"]["tier"] is None


@ON_SQLITE
def test_bonus_of_a_first_purchase_comes_with_the_approval(app, api):
    set_policy(api, bonuses={"first_purchase": 100})
    give_phone(app, "han", E164)
    type_in(app, "han")
    assert balance(api, PHONE) == 0
    api.post(f"/flags/{flags(api)[0]['id']}/approve")
    assert balance(api, PHONE) == 115


def test_refused_receipt_stays_refused_wherever_it_is_moved(app, api):
    set_tiers(api)
    set_policy(api, bonuses={"first_purchase": 100})
    give_phone(app, "han", E164)
    purchase_id = type_in(app, "han", amount=SILVER)["purchase"]["id"]
    api.post(f"/flags/{flags(api)[0]['id']}/refuse")
    move(app, "han", purchase_id, OTHER_E164)
    move(app, "han", purchase_id, E164)
    move(app, "han", purchase_id, OTHER_E164)
    assert (balance(api, OTHER_PHONE), tier_of(api, OTHER_PHONE), flags(api)) == (0, None, [])
    assert scalar(app, "SELECT max(tier_spend) FROM members") == 0
    assert scalar(app, "SELECT decision FROM purchase_flags") == "refused"
    [han] = api.get("/cashiers").get_json()["items"]
    assert han["flags"] == 1


@ON_SQLITE
def test_approval_is_of_the_phone_it_was_given_for(app, api):
    give_phone(app, "han", E164)
    give_phone(app, "quan", OTHER_E164)
    purchase_id = type_in(app, "han")["purchase"]["id"]
    api.post(f"/flags/{flags(api)[0]['id']}/approve")
    move(app, "quan", purchase_id, OTHER_E164)
    assert (balance(api, OTHER_PHONE), kinds(api)) == (0, [["own_phone"]])
    api.post(f"/flags/{flags(api)[0]['id']}/approve")
    assert balance(api, OTHER_PHONE) == 15


# -- who decides -----------------------------------------------------------------


@ON_SQLITE
def test_nobody_but_the_owner_decides_on_the_own_receipt_or_phone(app, api):
    set_policy(api, receipts_a_day=1)
    give_phone(app, "quan", OTHER_E164)
    late = (clock.now() - timedelta(days=46)).isoformat()
    type_in(app, "kim", receipt_no="by kim", purchased_at=late)
    type_in(app, "han", phone=OTHER_PHONE, receipt_no="in order")
    type_in(app, "han", phone=OTHER_PHONE, receipt_no="on quan's phone")
    type_in(app, "tram", receipt_no="by the owner", purchased_at=late, store="S02")
    ids = {flag["purchase"]["receipt_no"]: flag["id"] for flag in flags(api)}
    for login, receipt_no in (("kim", "by kim"), ("quan", "on quan's phone")):
        with pytest.raises(Exception, match="not_for_yourself"):
            decide(app, login, ids[receipt_no], approves=True)
    assert decide(app, "quan", ids["by kim"], approves=True).points == 15
    assert decide(app, "kim", ids["on quan's phone"], approves=True).points == 15
    assert decide(app, "tram", ids["by the owner"], approves=True).points == 15


@ON_SQLITE
def test_managers_see_and_decide_what_waits_in_their_stores(app, client, api):
    give_phone(app, "han", E164)
    give_phone(app, "cuc", OTHER_E164)
    type_in(app, "han", receipt_no="1")
    type_in(app, "cuc", receipt_no="2", store="S02", phone=OTHER_PHONE)
    bound = Api(client, make_key(app, "manager", "S02"))
    [own] = flags(bound)
    assert own["purchase"]["store"] == "S02"
    other = next(flag for flag in flags(api) if flag["id"] != own["id"])
    problem(bound.post(f"/flags/{other['id']}/approve"), 403, "forbidden")
    assert bound.post(f"/flags/{own['id']}/approve").status_code == 200


def test_flags_come_in_pages_newest_first(app, api, monkeypatch):
    monkeypatch.setattr("loyalty.purchases.trust_review.PAGE_ROWS", 2)
    give_phone(app, "han", E164)
    for number in range(3):
        type_in(app, "han", receipt_no=str(number))
    first = api.get("/flags").get_json()
    rest = api.get("/flags", cursor=first["next"]).get_json()
    shown = [flag["purchase"]["receipt_no"] for flag in (*first["items"], *rest["items"])]
    assert (shown, rest["next"]) == (["2", "1", "0"], None)


@ON_SQLITE
def test_unknown_flag(api):
    problem(api.post("/flags/77/approve"), 404, "unknown_flag")


# -- the list per cashier --------------------------------------------------------


def test_list_per_cashier(app, api):
    give_phone(app, "han", E164)
    typed = [type_in(app, "han", receipt_no=str(number)) for number in range(5)]
    type_in(app, "han", receipt_no="other", phone=OTHER_PHONE)
    type_in(app, "cuc", receipt_no="1", store="S02", phone=OTHER_PHONE, amount=70_000)
    late = (clock.now() - timedelta(days=46)).isoformat()
    type_in(app, "kim", receipt_no="late", purchased_at=late)
    cancel(app, "han", typed[0]["purchase"]["id"])
    buy(api, receipt_no="by a machine")
    han, kim, cuc = api.get("/cashiers").get_json()["items"]
    assert han == {
        "actor": han["actor"],
        "name": "Han",
        "receipts": 5,
        "amount": 750_000,
        "top_phones": [{"phone": "••• 678", "member_id": 1, "receipts": 4}],
        "flags": 4,
        "late": 0,
        "voids": 1,
        "adjustments": 0,
    }
    assert (kim["name"], kim["flags"], kim["late"], kim["receipts"]) == ("Kim", 1, 1, 0)
    assert (cuc["name"], cuc["receipts"], cuc["amount"]) == ("Cuc", 1, 70_000)


def test_list_per_cashier_shows_the_number_of_whoever_has_the_receipts(app, api):
    for number in range(2):
        typed = type_in(app, "han", receipt_no=str(number), phone=f"091200099{number}")
        move(app, "han", typed["purchase"]["id"], OTHER_E164)
    member_id = buy(api, phone=OTHER_PHONE, receipt_no="by a machine")["member"]["id"]
    [han] = api.get("/cashiers").get_json()["items"]
    masked = f"••• {OTHER_E164[-3:]}"
    assert han["top_phones"] == [{"phone": masked, "member_id": member_id, "receipts": 2}]
    detached = {"reason": "no number any more"}
    assert api.post(f"/members/{member_id}/phone/detach", detached).status_code == 200
    [han] = api.get("/cashiers").get_json()["items"]
    assert han["top_phones"][0]["phone"] == masked


def test_list_per_cashier_of_a_bound_manager_is_of_the_own_stores(app, client):
    type_in(app, "han", receipt_no="1")
    type_in(app, "cuc", receipt_no="1", store="S02")
    bound = Api(client, make_key(app, "manager", "S02"))
    assert [each["name"] for each in bound.get("/cashiers").get_json()["items"]] == ["Cuc"]
