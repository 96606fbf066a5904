"""A member's number changes, ends, is found again as an old one."""

from __future__ import annotations

import pytest

from tests.api import Api
from tests.core.rows import column, scalar
from tests.identity.moving import found, id_of, merge, two, verify
from tests.purchases.receipts import E164, OTHER_E164, OTHER_PHONE, PHONE, buy, problem, send
from tests.tags.building import drain

pytestmark = pytest.mark.usefixtures("store")

LANDLINE, LANDLINE_E164 = "028 3823 4567", "+842838234567"
THIRD_PHONE, THIRD_E164 = "0905 111 222", "+84905111222"


def put(api, member_id: int, phone: str):
    return api.put(f"/members/{member_id}/phone", {"phone": phone})


def detach(api, member_id: int, **given):
    return api.post(f"/members/{member_id}/phone/detach", {"reason": "recycled", **given})


def test_another_number_leads_to_the_member_and_the_old_one_says_whose_it_was(api, cli):
    member = buy(api)["member"]["id"]
    answer = put(api, member, OTHER_PHONE)
    assert (answer.status_code, answer.json["phone"]) == (200, OTHER_E164)
    assert id_of(api, OTHER_PHONE) == member
    old = found(api, PHONE)
    assert old["items"] == []
    [former] = old["former"]
    assert former["member_id"] == member
    assert former["until"].endswith("Z")
    verify(cli)


def test_number_of_nobody_was_nobodys(api):
    assert "former" not in found(api, PHONE)


def test_same_number_again_changes_nothing(app, api):
    member = buy(api)["member"]["id"]
    assert put(api, member, PHONE).status_code == 200
    assert put(api, member, "+84 912 345 678").status_code == 200
    assert scalar(app, "SELECT count(*) FROM member_phones") == 1
    assert scalar(app, "SELECT count(*) FROM audit_events WHERE action = 'member.phone'") == 0


def test_number_in_use_names_its_member(app, api):
    first, second = two(api)
    refused = problem(put(api, first, OTHER_PHONE), 409, "phone_in_use")
    assert refused["member"] == {"id": second}
    assert id_of(api, PHONE) == first
    assert scalar(app, "SELECT count(*) FROM member_phones") == 2


def test_there_and_back_again(app, api):
    member = buy(api)["member"]["id"]
    put(api, member, OTHER_PHONE)
    put(api, member, PHONE)
    assert id_of(api, PHONE) == member
    assert [each["member_id"] for each in found(api, OTHER_PHONE)["former"]] == [member]
    written = "SELECT e164 FROM member_phones ORDER BY id"
    assert column(app, written) == [E164, OTHER_E164, E164]


def test_receipt_of_before_is_a_replay_after_the_number_changed(api, cli):
    first = buy(api)
    put(api, first["member"]["id"], OTHER_PHONE)
    again = send(api)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert again.get_json()["member"]["phone"] == OTHER_E164
    verify(cli)


def test_old_number_begins_a_new_account(api, cli):
    first = buy(api)["member"]["id"]
    put(api, first, OTHER_PHONE)
    second = buy(api, receipt_no="HD-2")["member"]
    assert (second["created"], second["points"]) == (True, 15)
    assert second["id"] != first
    assert "former" not in found(api, PHONE)
    verify(cli)


def test_detached_number_leaves_the_history_where_it_was(app, api, cli):
    member = buy(api)["member"]["id"]
    answer = detach(api, member, reason="not this person")
    assert (answer.status_code, answer.json["phone"], answer.json["points"]) == (200, None, 15)
    assert found(api, PHONE)["former"][0]["member_id"] == member
    heir = buy(api, receipt_no="HD-2")["member"]["id"]
    assert heir != member
    why = "SELECT reason FROM audit_events WHERE action = 'member.phone'"
    assert scalar(app, why) == "not this person"
    verify(cli)


def test_detaching_what_is_not_there_says_so(api):
    member = buy(api)["member"]["id"]
    problem(detach(api, member, phone=OTHER_PHONE), 409, "no_phone")
    assert detach(api, member).status_code == 200
    problem(detach(api, member), 409, "no_phone")


def test_reason_is_needed_and_names_nobody(app, api):
    member = buy(api, member={"name": "Lê Thu Hằng"})["member"]["id"]
    path = f"/members/{member}/phone/detach"
    problem(api.post(path, {}), 422, "invalid_request")
    problem(api.post(path, {"reason": " "}), 422, "invalid_request")
    assert detach(api, member, reason=f"Lê Thu Hằng {E164} gọi").status_code == 200
    kept = scalar(app, "SELECT reason FROM audit_events WHERE action = 'member.phone'")
    assert kept == "••• ••• gọi"


def test_alias_is_found_and_never_shown(api, cli):
    first, second = two(api)
    merge(api, first, second)
    for written in (PHONE, OTHER_PHONE):
        [member] = found(api, written)["items"]
        assert (member["id"], member["phone"]) == (second, OTHER_E164)
    verify(cli)


def test_alias_is_no_number_that_anybody_is_called_at(app, api, cli):
    """The alias is a mobile and older than the main number, which is a landline."""
    first, second = two(api)
    merge(api, first, second)
    assert put(api, second, LANDLINE).json["phone"] == LANDLINE_E164
    [member] = found(api, PHONE)["items"]
    assert member["phone"] == LANDLINE_E164
    yes = {"channel": "sms", "purpose": "marketing", "granted": True, "proof": "form"}
    assert api.put(f"/members/{second}/consents", yes).status_code == 200
    is_landline = {"field": "phone_type", "op": "eq", "value": "landline"}
    sample = api.post("/tags/preview", {"rule": is_landline}).get_json()
    assert sample == {"count": 1, "sample": [{"id": second, "phone": "••• 567"}]}
    api.post("/tags", {"name": "Landlines", "slug": "landlines", "rule": is_landline})
    drain(app)
    asked = api.post("/audiences/preview", {"expression": {"tag": "landlines"}}).get_json()
    assert (asked["count"], asked["reachable"]["sms"]) == (1, 0)
    verify(cli)


def test_number_that_asked_not_to_be_called_keeps_the_person_from_calls(app, api):
    """Also at the number of the other account."""
    first, second = two(api)
    merge(api, first, second)
    yes = {"channel": "call", "purpose": "marketing", "granted": True, "proof": "form"}
    assert api.put(f"/members/{second}/consents", yes).status_code == 200
    everybody = {
        "name": "All",
        "slug": "all-of-them",
        "rule": {"field": "points", "op": "ge", "value": 0},
    }
    assert api.post("/tags", everybody).status_code == 201
    preview = {"expression": {"tag": "all-of-them"}}
    drain(app)
    assert api.post("/audiences/preview", preview).get_json()["reachable"]["call"] == 1
    api.post("/do-not-call", {"add": [PHONE], "source": "asked"})
    drain(app)
    assert api.post("/audiences/preview", preview).get_json()["reachable"]["call"] == 0


def test_alias_becomes_the_main_number(app, api):
    first, second = two(api)
    merge(api, first, second)
    assert put(api, second, PHONE).json["phone"] == E164
    assert id_of(api, OTHER_PHONE) is None
    active = "SELECT e164, is_alias FROM member_phones WHERE active_until IS NULL"
    assert column(app, active) == [E164]


def test_alias_is_detached_by_its_number(api):
    first, second = two(api)
    merge(api, first, second)
    assert detach(api, second, phone=PHONE).json["phone"] == OTHER_E164
    assert id_of(api, PHONE) is None
    assert found(api, PHONE)["former"][0]["member_id"] == second


def test_oldest_alias_is_the_main_number_once_that_one_is_detached(app, api, cli):
    first, second = two(api)
    third = buy(api, phone=THIRD_PHONE, receipt_no="C-1")["member"]["id"]
    merge(api, first, second)
    merge(api, third, second)
    assert detach(api, second, phone=OTHER_PHONE).json["phone"] == E164
    assert id_of(api, THIRD_PHONE) == second
    active = "SELECT e164 FROM member_phones WHERE active_until IS NULL ORDER BY is_alias"
    assert column(app, active) == [E164, THIRD_E164]
    verify(cli)


def test_member_whose_number_was_detached_gets_another(api):
    member = buy(api)["member"]["id"]
    detach(api, member)
    assert put(api, member, THIRD_PHONE).json["phone"] == THIRD_E164


def test_unknown_and_erased_members_have_no_number(api):
    problem(put(api, 999, PHONE), 404, "unknown_member")
    problem(detach(api, 999), 404, "unknown_member")
    member = buy(api)["member"]["id"]
    api.post(f"/members/{member}/erasure", {"reason": "asked"})
    problem(put(api, member, PHONE), 404, "unknown_member")


def test_cashier_changes_no_number(client, api, cashier_api, api_key):
    member = buy(api)["member"]["id"]
    for caller in (cashier_api, Api(client, api_key("marketing"))):
        problem(put(caller, member, OTHER_PHONE), 403, "forbidden")
        problem(detach(caller, member), 403, "forbidden")
        problem(caller.post(f"/members/{member}/merge", {"into": 9}), 403, "forbidden")


def test_birth_date_is_known_since_it_was_entered(app, api):
    member = buy(api, member={"birth_date": "1990-02-28"})["member"]["id"]
    since = "SELECT birth_date_since FROM members"
    first = scalar(app, since)
    assert first is not None
    api.patch(f"/members/{member}", {"name": "Hằng", "birth_date": "1990-02-28"})
    assert scalar(app, since) == first
    api.patch(f"/members/{member}", {"birth_date": "1990-03-01"})
    assert scalar(app, since) > first
    api.patch(f"/members/{member}", {"birth_date": None})
    assert scalar(app, since) is None
