"""Reassign: the phone was a mistake. The purchase moves to another phone with its points."""

from __future__ import annotations

import pytest

from tests.core.rows import column, row_counts, scalar
from tests.members.attributes import declare
from tests.purchases.receipts import (
    OTHER_E164,
    OTHER_PHONE,
    PHONE,
    balance,
    buy,
    points_of,
    problem,
    send,
)

pytestmark = pytest.mark.usefixtures("store")
THIRD_PHONE = "0903 111 222"


def reassign(api, purchase_id, phone=OTHER_PHONE, reason="wrong number"):
    return api.post(f"/purchases/{purchase_id}/reassign", {"phone": phone, "reason": reason})


def verify(cli):
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


def test_purchase_moves_with_its_points(api, cli):
    wrong = buy(api)
    answer = reassign(api, wrong["purchase"]["id"])
    assert answer.status_code == 200
    body = answer.get_json()
    member_id = body["member"]["id"]
    assert member_id != wrong["member"]["id"]
    assert body["member"]["phone"] == OTHER_E164
    assert body["member"]["points"] == 15
    assert body["purchase"] == {**wrong["purchase"], "member_id": member_id}
    verify(cli)


def test_points_move_with_their_expiry_and_rule(api):
    wrong = buy(api, purchased_at="2026-10-31T10:00:00+07:00")
    was = points_of(api, wrong["member"]["id"])["expiring"]
    member_id = reassign(api, wrong["purchase"]["id"]).get_json()["member"]["id"]
    assert points_of(api, member_id)["expiring"] == was
    entry = api.get(f"/members/{member_id}/entries").get_json()["items"][0]
    assert entry["occurred_at"] == "2026-10-31T03:00:00Z"
    why = api.get(f"/entries/{entry['id']}").get_json()["why"]
    assert (why["rule"]["version"], why["inputs"]) == (1, {"amount": 150_000})


def test_member_that_only_the_typo_made_is_closed(api, app, cli):
    wrong = buy(api)
    reassign(api, wrong["purchase"]["id"])
    assert balance(api, PHONE) is None
    for path in ("", "/points", "/entries"):
        problem(api.get(f"/members/{wrong['member']['id']}{path}"), 404, "unknown_member")
    kept = "SELECT count(*) FROM point_entries WHERE member_id = :id"
    assert scalar(app, kept, id=wrong["member"]["id"]) == 2
    verify(cli)


def test_phone_of_a_closed_member_makes_a_new_one(api, cli):
    wrong = buy(api)
    reassign(api, wrong["purchase"]["id"])
    new = buy(api, receipt_no="HD-2")["member"]
    assert new["created"] is True
    assert new["id"] > wrong["member"]["id"]
    assert new["points"] == 15
    verify(cli)


def other_purchase(api):
    buy(api, receipt_no="HD-0", amount=20_000)


def other_purchase_later(api):
    buy(api, receipt_no="HD-2", amount=20_000)


def void_purchase(api):
    purchase_id = buy(api, receipt_no="HD-0")["purchase"]["id"]
    api.post(f"/purchases/{purchase_id}/void", {})


def profile_at_the_till(api):
    buy(api, receipt_no="HD-0", amount=0, member={"name": "Lê Thu Hằng"})


def profile_typed_in(api):
    assert api.post("/members", {"phone": PHONE, "name": "Lê Thu Hằng"}).status_code == 201


@pytest.mark.parametrize(
    "known_by",
    [other_purchase, other_purchase_later, void_purchase, profile_at_the_till, profile_typed_in],
)
def test_member_that_did_anything_else_is_kept(api, cli, known_by):
    if known_by is not other_purchase_later:
        known_by(api)
    answer = send(api)
    if known_by is other_purchase_later:
        known_by(api)
    member_id = answer.get_json()["member"]["id"]
    reassign(api, answer.get_json()["purchase"]["id"])
    assert api.get(f"/members/{member_id}").status_code == 200
    assert balance(api, PHONE) is not None
    assert points_of(api, member_id)["debt"] == 0
    verify(cli)


def attribute_kept(api, member_id):
    declare(api, "has_pet", "bool")
    return api.patch(f"/members/{member_id}", {"attributes": {"has_pet": True}})


def attribute_kept_and_cleared(api, member_id):
    attribute_kept(api, member_id)
    return api.patch(f"/members/{member_id}", {"attributes": {"has_pet": None}})


def tag_given(api, member_id):
    api.post("/tags", {"name": "Khách quen", "slug": "khach-quen"})
    return api.put(f"/members/{member_id}/tags/khach-quen")


@pytest.mark.parametrize("told", [attribute_kept, attribute_kept_and_cleared, tag_given])
def test_member_of_whom_anything_was_told_is_kept(api, told):
    wrong = buy(api)
    assert told(api, wrong["member"]["id"]).status_code == 200
    reassign(api, wrong["purchase"]["id"])
    assert api.get(f"/members/{wrong['member']['id']}").status_code == 200


def test_tag_that_a_rule_gives_keeps_nobody(api):
    """The data gave it, which the mistake made."""
    rule = {"field": "purchase_count", "op": "ge", "value": 1}
    wrong = buy(api)
    assert api.post("/tags", {"name": "Có mua", "rule": rule}).status_code == 201
    assert len(api.get(f"/members/{wrong['member']['id']}/tags").get_json()["items"]) == 1
    reassign(api, wrong["purchase"]["id"])
    problem(api.get(f"/members/{wrong['member']['id']}"), 404, "unknown_member")


def test_repeating_a_reassign_changes_nothing(api, app):
    purchase_id = buy(api)["purchase"]["id"]
    first = reassign(api, purchase_id)
    before = row_counts(app)
    again = reassign(api, purchase_id, phone="+84 987.654.321")
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert row_counts(app) == before


def test_reassign_to_its_own_phone_changes_nothing(api, app):
    bought = buy(api)
    before = row_counts(app)
    answer = reassign(api, bought["purchase"]["id"], phone=PHONE)
    assert answer.get_json()["member"] == {**bought["member"], "created": False}
    assert row_counts(app) == before


def test_void_purchase_is_not_reassigned(api, app):
    purchase_id = buy(api)["purchase"]["id"]
    api.post(f"/purchases/{purchase_id}/void", {})
    before = row_counts(app)
    problem(reassign(api, purchase_id), 409, "purchase_voided")
    assert row_counts(app) == before
    assert balance(api, OTHER_PHONE) is None


def test_original_receipt_sent_again_is_still_a_replay(api, app):
    purchase_id = buy(api)["purchase"]["id"]
    moved = reassign(api, purchase_id).get_json()
    before = row_counts(app)
    for phone in (PHONE, OTHER_PHONE):
        answer = send(api, phone=phone)
        assert answer.status_code == 200
        assert answer.get_json() == moved
    problem(send(api, phone=THIRD_PHONE), 409, "receipt_conflict")
    assert row_counts(app) == before


def test_conflict_after_a_reassign_names_the_corrected_phone(api):
    reassign(api, buy(api)["purchase"]["id"])
    assert problem(send(api, amount=1), 409, "receipt_conflict")["recorded"]["phone"] == "••• 321"


def test_purchase_may_move_there_and_back(api, cli):
    purchase_id = buy(api)["purchase"]["id"]
    for phone in (OTHER_PHONE, PHONE, THIRD_PHONE, PHONE):
        assert reassign(api, purchase_id, phone).get_json()["member"]["points"] == 15
        verify(cli)
    assert [balance(api, phone) for phone in (PHONE, OTHER_PHONE, THIRD_PHONE)] == [15, None, None]


def test_reassigned_purchase_is_voided_from_its_new_member(api, cli):
    purchase_id = buy(api)["purchase"]["id"]
    buy(api, receipt_no="HD-2", phone=OTHER_PHONE, amount=20_000)
    reassign(api, purchase_id)
    assert balance(api, OTHER_PHONE) == 17
    voided = api.post(f"/purchases/{purchase_id}/void", {}).get_json()
    assert voided["member"]["points"] == 2
    assert voided["purchase"]["points_reversed"] == 15
    verify(cli)


def test_purchase_that_earned_nothing_moves_too(api, cli):
    wrong = buy(api, amount=0)
    moved = reassign(api, wrong["purchase"]["id"]).get_json()
    assert moved["member"]["phone"] == OTHER_E164
    assert balance(api, PHONE) is None
    verify(cli)


def test_reassign_is_remembered_with_its_reason(api, app):
    reassign(api, buy(api)["purchase"]["id"], reason="misheard")
    events = column(
        app, "SELECT action || ' ' || coalesce(reason, '') FROM audit_events ORDER BY id"
    )
    assert "purchase.reassign misheard" in events
    assert any(event.startswith("member.close") for event in events)


def test_bad_phone_moves_nothing(api, app):
    purchase_id = buy(api)["purchase"]["id"]
    before = row_counts(app)
    for written, code in {"0912xxxxxx": "letters_in_number", "19001234": "service_number"}.items():
        problem(reassign(api, purchase_id, written), 422, code)
    assert row_counts(app) == before
