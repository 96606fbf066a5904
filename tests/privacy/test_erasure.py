"""What an erasure leaves working: receipts, retries, the ledger, and the number itself."""

from __future__ import annotations

import pytest

from loyalty.groups.rules import unpack
from loyalty.jobs import worker
from tests.api import Api
from tests.core.rows import change, column, scalar
from tests.points.spending import spend
from tests.privacy.person import (
    E164,
    EMAIL,
    NAME,
    OLD_E164,
    OLD_NAME,
    PHONE,
    make_person,
    ok,
    take_part,
)
from tests.privacy.traces import forms_of, traces
from tests.purchases.receipts import OTHER_E164, OTHER_PHONE, buy, problem, receipt, send

pytestmark = pytest.mark.usefixtures("store")


def erase(api, member_id: int):
    return ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))


def verify(cli) -> None:
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


def test_erased_twice_is_erased_once(app, api, cli):
    member = buy(api)["member"]["id"]
    assert erase(api, member) == erase(api, member)
    assert scalar(app, "SELECT count(*) FROM audit_events WHERE action = 'rights.erase'") == 1
    assert scalar(app, "SELECT count(*) FROM jobs") == 1
    problem(api.post("/members/999/erasure", {"reason": "asked"}), 404, "unknown_member")
    problem(api.post(f"/members/{member}/erasure", {"reason": " "}), 422, "invalid_request")
    verify(cli)


def test_receipt_again_is_a_replay_of_nobody(api, cli):
    first = buy(api, phone=PHONE)
    erase(api, first["member"]["id"])
    again = send(api, phone=PHONE)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    answer = again.get_json()
    assert answer["purchase"]["id"] == first["purchase"]["id"]
    nobody = {"phone": None, "name": None, "points": 0, "tier": None, "created": False}
    assert answer["member"] == {"id": first["member"]["id"], **nobody}
    # Only amount and lines are compared: the phone is known to nobody.
    assert send(api, phone=OTHER_PHONE).status_code == 200
    conflict = problem(send(api, phone=PHONE, amount=1), 409, "receipt_conflict")
    assert conflict["recorded"]["phone"] == "•••"
    verify(cli)


def test_new_receipt_with_the_number_makes_a_new_member(api, cli):
    first = buy(api, phone=PHONE)["member"]["id"]
    erase(api, first)
    second = buy(api, phone=PHONE, receipt_no="HD-2")["member"]
    assert second["id"] != first
    assert (second["created"], second["name"], second["points"]) == (True, None, 15)
    verify(cli)


def test_receipt_of_an_erased_member_is_not_changed(api, cli):
    first = buy(api, phone=PHONE)
    erase(api, first["member"]["id"])
    path = f"/purchases/{first['purchase']['id']}"
    problem(api.post(f"{path}/void", {}), 409, "member_erased")
    problem(api.post(f"{path}/reassign", {"phone": OTHER_PHONE}), 409, "member_erased")
    assert api.get("/members", phone=OTHER_PHONE).get_json()["items"] == []
    verify(cli)


def test_points_lapse_and_debt_is_forgiven(app, api, cli):
    spent = buy(api, receipt_no="1")
    member = spent["member"]["id"]
    spend(app, member, 15)
    ok(api.post(f"/purchases/{spent['purchase']['id']}/void", {}))
    assert scalar(app, "SELECT debt FROM members") == 15
    erase(api, member)
    written = "SELECT kind || ' ' || points FROM point_entries WHERE reason = 'erased'"
    assert column(app, written) == ["adjust 15"]
    rich = buy(api, receipt_no="2", phone=OTHER_PHONE)["member"]["id"]
    buy(api, receipt_no="3", phone=OTHER_PHONE)
    erase(api, rich)
    assert scalar(app, "SELECT points FROM point_entries WHERE kind = 'expire'") == -30
    assert scalar(app, "SELECT sum(remaining) FROM point_lots") == 0
    assert column(app, "SELECT points FROM members") == column(app, "SELECT debt FROM members")
    assert scalar(app, "SELECT sum(abs(points) + debt) FROM members") == 0
    verify(cli)


def test_holds_and_what_waits_end_with_the_member(app, api, cli):
    member = make_person(app, api)
    take_part(app, api, member)
    change(
        app,
        "INSERT INTO purchase_flags (purchase_id, store_id, kind, actor, flagged_at)"
        " SELECT id, store_id, 'own_phone', 'person:1', recorded_at FROM purchases"
        " WHERE receipt_no = 'P-2'",
    )
    erase(api, member)
    assert column(app, "SELECT state FROM redemptions") == ["voided"]
    for nothing in ("SELECT held FROM members", "SELECT sum(remaining) FROM point_lots"):
        assert scalar(app, nothing) == 0
    assert scalar(app, "SELECT count(*) FROM pending_points") == 0
    assert column(app, "SELECT kind FROM purchase_flags") == ["late"]
    assert scalar(app, "SELECT points_reversed FROM returns") == 10
    verify(cli)


def test_accounts_that_were_merged_are_erased_together(app, api, cli):
    first = make_person(app, api)
    middle = buy(api, phone=OTHER_PHONE, receipt_no="M-1", member={"name": OLD_NAME})["member"]
    last = buy(api, phone="0905 333 444", receipt_no="L-1")["member"]["id"]
    ok(api.post(f"/members/{first}/merge", {"into": middle["id"]}, Idempotency_Key="merge"))
    ok(api.post(f"/members/{middle['id']}/merge", {"into": last}))
    held = ok(api.get(f"/members/{first}/data"))
    assert held["profile"]["id"] == last
    assert {row["id"]: row["name"] for row in held["merged"]} == {
        first: NAME,
        middle["id"]: OLD_NAME,
    }
    assert {row["e164"] for row in held["phones"]} >= {E164, OTHER_E164, "+84905333444"}
    assert sum(entry["points"] for entry in held["points"]["entries"]) == held["points"]["balance"]
    assert {"member.change", "member.merge"} <= {event["action"] for event in held["log"]}
    # Whichever of them is named.
    erase(api, first)
    with app.app_context():
        worker.run_waiting(worker="test")
    forms = forms_of(phones=[E164, OTHER_E164, "+84905333444"], words=[NAME, OLD_NAME, EMAIL])
    assert traces(app, forms) == set()
    assert column(app, "SELECT erased_at IS NOT NULL FROM members") == [True] * 3
    assert erase(api, middle["id"]) == erase(api, last)
    verify(cli)


def test_retry_still_gets_its_answer_without_the_person(api):
    body = receipt(phone=PHONE, member={"name": NAME, "email": EMAIL})
    first = api.post("/purchases", body, Idempotency_Key="a")
    member = ok(first)["member"]["id"]
    profile = ok(api.patch(f"/members/{member}", {"name": NAME}, Idempotency_Key="b"))
    erase(api, member)
    again = api.post("/purchases", body, Idempotency_Key="a")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    expected = ok(first)
    expected["member"] |= {"phone": None, "name": None}
    assert again.get_json() == expected
    emptied = ok(api.patch(f"/members/{member}", {"name": NAME}, Idempotency_Key="b"))
    assert emptied["id"] == profile["id"]
    assert (emptied["phone"], emptied["name"], emptied["email"]) == (None, None, None)


def test_namesakes_keep_their_answers(api):
    """Two people may share a name and a birth date: the phone and the id tell them apart."""
    same = {"name": NAME, "birth_date": "1987-03-19"}
    mine = ok(api.post("/members", {"phone": PHONE, **same}, Idempotency_Key="mine"))
    other = {"phone": OTHER_PHONE, **same}
    theirs = ok(api.post("/members", other, Idempotency_Key="theirs"))
    erase(api, mine["id"])
    again = api.post("/members", other, Idempotency_Key="theirs")
    assert ok(again) == theirs


def test_look_under_a_key_is_answered_anew(app, api):
    """A view that is logged is a write, and its answer is no thing to keep."""
    member = buy(api, phone=PHONE)["member"]["id"]
    ok(api.call("GET", f"/members/{member}", headers={"Idempotency_Key": "look"}))
    assert scalar(app, "SELECT count(*) FROM idempotency_keys") == 0


def test_number_in_receipts_of_others_goes_too(app, api, cli):
    """Typed by mistake and moved since; and known to a member who had the number before."""
    typo = buy(api, phone=PHONE, receipt_no="1")["purchase"]["id"]
    ok(api.post(f"/purchases/{typo}/reassign", {"phone": OTHER_PHONE}))
    other = ok(api.get("/members", phone=OTHER_PHONE))["items"][0]["id"]
    change(
        app,
        "INSERT INTO member_phones (member_id, e164, kind, active_from, active_until)"
        " SELECT id, :e164, 'mobile', joined_at, joined_at FROM members WHERE id = :id",
        e164=E164,
        id=other,
    )
    member = buy(api, phone=PHONE, receipt_no="2", member={"name": NAME})["member"]["id"]
    erase(api, member)
    with app.app_context():
        worker.run_waiting(worker="test")
    assert traces(app, forms_of(phones=[E164])) == set()
    # The other's own number, receipt and replay are as they were.
    assert ok(api.get("/members", phone=OTHER_PHONE))["items"][0]["id"] == other
    assert column(app, "SELECT reassigned_to FROM purchases ORDER BY id") == [OTHER_E164, None]
    assert send(api, phone=OTHER_PHONE, receipt_no="1").status_code == 200
    verify(cli)


def test_number_that_is_another_members_by_now_stays_theirs(app, api):
    first = make_person(app, api)
    # The carrier gave the old number to somebody else.
    heir = buy(api, phone="0905 111 222", receipt_no="H-1")["member"]["id"]
    erase(api, first)
    assert column(app, "SELECT e164 FROM member_phones") == [OLD_E164]
    assert scalar(app, "SELECT phone FROM purchases WHERE receipt_no = 'H-1'") == OLD_E164
    assert ok(api.get("/members", phone="0905 111 222"))["items"][0]["id"] == heir


def test_erased_member_is_in_no_group_and_no_change_of_one(app, api):
    """The others stay in, and what builds counted stays: sums tell of nobody."""
    erased, other = (
        buy(api, phone=written, receipt_no=written)["member"]["id"]
        for written in (PHONE, OTHER_PHONE)
    )
    for slug, members in (("both", [erased, other]), ("one", [erased]), ("none", [])):
        ok(api.post("/tags", {"name": slug, "slug": slug}))
        for member in members:
            ok(api.put(f"/members/{member}/tags/{slug}"))
    ok(api.delete(f"/members/{erased}/tags/one"))
    ok(api.put(f"/members/{erased}/tags/one"))
    erase(api, erased)
    assert [tag["count"] for tag in ok(api.get("/tags"))["items"]] == [1, 0, 0]
    assert ok(api.get(f"/members/{other}/tags"))["items"][0]["slug"] == "both"
    for column_name in ("bitmap", "members"):
        assert len(column(app, f"SELECT {column_name} FROM group_chunks")) == 1
    packed = column(app, "SELECT added FROM group_changes WHERE added IS NOT NULL")
    packed += column(app, "SELECT removed FROM group_changes WHERE removed IS NOT NULL")
    assert [list(unpack(bytes(each))) for each in packed] == [[other]]
    assert [build["added"] for build in ok(api.get("/tags/one/builds"))["items"]] == [1, 0, 1]


def test_cashier_bounded_manager_and_marketing_do_not_erase(client, api, api_key):
    member = buy(api)["member"]["id"]
    for key in (api_key("cashier"), api_key("marketing"), api_key("manager", store_code="S01")):
        answer = Api(client, key).post(f"/members/{member}/erasure", {"reason": "asked"})
        problem(answer, 403, "forbidden")


def test_command_erases_and_purges(app, api, cli):
    member = make_person(app, api)
    result = cli.invoke(args=["privacy", "erase", str(member), "--reason", "asked by mail"])
    assert (result.exit_code, result.output) == (0, f"Member {member} is erased.\n")
    forms = forms_of(phones=[E164], words=[NAME, EMAIL])
    assert traces(app, forms) == set()
    result = cli.invoke(args=["privacy", "erase", "999", "--reason", "asked by mail"])
    assert result.exit_code == 1
    assert result.stderr.startswith("unknown_member")
