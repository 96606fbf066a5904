"""Two accounts become one: everything of the one is the other's, at once and for ever."""

from __future__ import annotations

import pytest

from tests.core.rows import change, column, row_counts, scalar
from tests.identity.moving import found, id_of, merge, two, verify
from tests.members.attributes import declare
from tests.points.spending import spend
from tests.purchases.receipts import (
    E164,
    OTHER_E164,
    OTHER_PHONE,
    PHONE,
    buy,
    points_of,
    problem,
    send,
)

pytestmark = pytest.mark.usefixtures("store")


def ok(answer):
    assert answer.status_code < 300, answer.json
    return answer.get_json()


def test_100_and_200_are_300_at_once_and_for_ever(app, api, cli):
    first, second = two(api)
    assert merge(api, first, second)["points"] == 300
    for _ in range(3):
        assert merge(api, first, second)["points"] == 300
        assert points_of(api, second)["balance"] == points_of(api, second)["available"] == 300
    kinds = "SELECT kind || ' ' || points FROM point_entries WHERE kind LIKE 'merge%' ORDER BY id"
    assert column(app, kinds) == ["merge_out -100", "merge_in 100"]
    verify(cli)


def test_once_more_writes_nothing(app, api):
    first, second = two(api)
    merge(api, first, second)
    before = row_counts(app)
    merge(api, first, second)
    # In the other direction they are one already, too.
    merge(api, second, first)
    assert row_counts(app) == before
    assert scalar(app, "SELECT merged_into FROM members WHERE id = :id", id=second) is None


def test_member_is_not_merged_with_itself_nor_with_nobody(api):
    first, _ = two(api)
    problem(api.post(f"/members/{first}/merge", {"into": first}), 422, "same_member")
    problem(api.post(f"/members/{first}/merge", {"into": 999}), 404, "unknown_member")
    problem(api.post("/members/999/merge", {"into": first}), 404, "unknown_member")
    problem(api.post(f"/members/{first}/merge", {"into": 2**40}), 422, "invalid_request")


def test_erased_member_is_merged_with_nobody(api, cli):
    first, second = two(api)
    ok(api.post(f"/members/{second}/erasure", {"reason": "asked"}))
    problem(api.post(f"/members/{first}/merge", {"into": second}), 409, "member_erased")
    problem(api.post(f"/members/{second}/merge", {"into": first}), 409, "member_erased")
    verify(cli)


def test_receipts_and_both_numbers_reach_the_survivor(api, cli):
    first, second = two(api)
    merge(api, first, second)
    assert buy(api, phone=PHONE, receipt_no="A-2")["member"]["id"] == second
    assert buy(api, phone=OTHER_PHONE, receipt_no="B-2")["member"]["id"] == second
    again = send(api, phone=PHONE, receipt_no="A-1", amount=1_000_000)
    assert (again.status_code, again.get_json()["member"]["id"]) == (200, second)
    [receipt] = ok(api.get("/purchases", store="S01", receipt_no="A-1"))["items"]
    assert receipt["member_id"] == second
    assert points_of(api, second)["balance"] == 330
    verify(cli)


def test_what_names_the_source_reaches_the_survivor(api):
    first, second = two(api)
    merge(api, first, second)
    assert ok(api.get(f"/members/{first}"))["id"] == second
    assert points_of(api, first)["balance"] == 300
    changed = ok(api.patch(f"/members/{first}", {"name": "Lê Thu Hằng"}))
    assert (changed["id"], changed["name"]) == (second, "Lê Thu Hằng")
    said = {"channel": "sms", "purpose": "service", "granted": True}
    ok(api.put(f"/members/{first}/consents", said, Idempotency_Key="consent"))
    again = api.put(f"/members/{first}/consents", said, Idempotency_Key="consent")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ok(api.get(f"/members/{second}/consents"))["items"][0]["granted"]
    ok(api.put(f"/members/{first}/restriction", {"restricted": True, "reason": "asked"}))
    assert ok(api.get(f"/members/{second}"))["restricted"]


def test_chain_leads_to_its_end_in_one_step(app, api, cli):
    first, second = two(api)
    third = buy(api, phone="0905 111 222", receipt_no="C-1", amount=500_000)["member"]["id"]
    merge(api, first, second)
    assert merge(api, second, third)["points"] == 350
    assert ok(api.get(f"/members/{first}"))["id"] == third
    assert id_of(api, PHONE) == id_of(api, OTHER_PHONE) == third
    assert column(app, "SELECT merged_into FROM members ORDER BY id") == [third, third, None]
    fourth = buy(api, phone="0905 111 333", receipt_no="D-1", amount=100_000)["member"]["id"]
    assert merge(api, fourth, third)["id"] == third
    assert points_of(api, first)["balance"] == 360
    verify(cli)


def test_blanks_are_filled_and_nothing_known_is_overwritten(app, api):
    first, second = two(api)
    declare(api, "nickname", "text")
    declare(api, "vehicle", "text")
    ok(
        api.patch(
            f"/members/{first}",
            {
                "name": "Hằng A",
                "email": "a@example.vn",
                "birth_date": "1990-02-28",
                "province": "79",
                "district": "Quận 3",
                "attributes": {"nickname": "A", "vehicle": "xe máy"},
            },
        )
    )
    since = scalar(app, "SELECT birth_date_since FROM members WHERE id = :id", id=first)
    ok(
        api.patch(
            f"/members/{second}",
            {"name": "Hằng B", "province": "01", "attributes": {"nickname": "B"}},
        )
    )
    one = merge(api, first, second)
    assert (one["name"], one["email"], one["birth_date"]) == (
        *("Hằng B", "a@example.vn"),
        "1990-02-28",
    )
    # A district is one of its province.
    assert (one["province"], one["district"]) == ("01", None)
    assert one["attributes"] == {"nickname": "B", "vehicle": "xe máy"}
    kept = "SELECT birth_date_since FROM members WHERE id = :id"
    assert scalar(app, kept, id=second) == since


def consent(api, member_id: int, channel: str, *, granted: bool = True, proof: str = "form"):
    said = {"channel": channel, "purpose": "marketing", "granted": granted, "proof": proof}
    ok(api.put(f"/members/{member_id}/consents", said))


def counting(api, member_id: int) -> set[str]:
    items = ok(api.get(f"/members/{member_id}/consents"))["items"]
    return {each["channel"] for each in items if each["counts"]}


def test_consent_is_what_both_agreed_to(api):
    first, second = two(api)
    for channel in ("sms", "email", "zalo"):
        consent(api, second, channel)
    consent(api, first, "sms")
    consent(api, first, "email")
    consent(api, first, "email", granted=False)
    consent(api, first, "call")
    merge(api, first, second)
    # A no to e-mail, silence on zalo and on calls: each is a no.
    assert counting(api, second) == {"sms"}
    history = ok(api.get(f"/members/{second}/consents"))["history"]
    assert [(each["channel"], each["granted"]) for each in history[:2]] == [
        *(("zalo", False), ("email", False)),
    ] or {each["channel"] for each in history[:2]} == {"zalo", "email"}
    assert len(history) == 3 + 4 + 2


def test_objection_and_restriction_of_either_hold(app, api):
    first, second = two(api)
    consent(api, second, "sms")
    consent(api, first, "sms")
    change(app, "UPDATE members SET objected_at = :at WHERE id = :id", id=first, at=LATER)
    ok(api.put(f"/members/{first}/restriction", {"restricted": True, "reason": "asked"}))
    assert merge(api, first, second)["restricted"]
    assert counting(api, second) == set()
    assert scalar(app, "SELECT objected_at IS NOT NULL FROM members WHERE id = :id", id=second)


LATER = "2090-01-01 00:00:00+00:00"


def test_tags_by_hand_follow(app, api):
    first, second = two(api)
    for slug in ("one", "both"):
        ok(api.post("/tags", {"name": slug, "slug": slug}))
        ok(api.put(f"/members/{first}/tags/{slug}"))
    ok(api.put(f"/members/{second}/tags/both"))
    merge(api, first, second)
    assert [tag["slug"] for tag in ok(api.get(f"/members/{second}/tags"))["items"]] == [
        *("both", "one")
    ]
    assert [tag["count"] for tag in ok(api.get("/tags"))["items"]] == [1, 1]


def test_rights_requests_follow(api):
    first, second = two(api)
    ok(api.post(f"/members/{first}/rights-requests", {"kind": "copy", "via": "mail"}))
    merge(api, first, second)
    [asked] = ok(api.get(f"/members/{second}/rights-requests"))["items"]
    assert (asked["kind"], asked["member_id"]) == ("copy", second)


def test_number_becomes_the_main_one_where_there_is_none(api):
    first, second = two(api)
    ok(api.post(f"/members/{second}/phone/detach", {"reason": "recycled"}))
    assert merge(api, first, second)["phone"] == E164


def test_number_that_ended_is_the_survivors_of_before(api):
    first, second = two(api)
    ok(api.put(f"/members/{first}/phone", {"phone": "0905 111 222"}))
    merge(api, first, second)
    [former] = found(api, PHONE)["former"]
    assert former["member_id"] == second
    assert found(api, OTHER_PHONE)["items"][0]["phone"] == OTHER_E164


def test_receipt_of_the_source_is_voided_with_the_survivors_points(app, api, cli):
    bought = buy(api, phone=PHONE, receipt_no="A-1", amount=1_000_000)
    first = bought["member"]["id"]
    second = buy(api, phone=OTHER_PHONE, receipt_no="B-1", amount=2_000_000)["member"]["id"]
    merge(api, first, second)
    spend(app, second, 150)
    answer = ok(api.post(f"/purchases/{bought['purchase']['id']}/void", {}))
    assert (answer["member"]["id"], answer["member"]["points"]) == (second, 50)
    verify(cli)


def test_log_of_either_says_that_they_are_one(app, api):
    first, second = two(api)
    merge(api, first, second)
    logged = "SELECT object_id FROM audit_events WHERE action = 'member.merge' ORDER BY id"
    assert column(app, logged) == [str(first), str(second)]
