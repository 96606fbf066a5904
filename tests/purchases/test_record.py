"""Recording one purchase over the API: what is answered, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.core.rows import row_counts, scalar
from tests.purchases.receipts import (
    E164,
    PHONE,
    WAYS_TO_WRITE,
    balance,
    buy,
    problem,
    receipt,
    send,
)

pytestmark = pytest.mark.usefixtures("store")


def moment(answered: str) -> datetime:
    assert answered.endswith("Z")
    return datetime.fromisoformat(answered)


def test_first_purchase_answers_as_designed(api):
    before = datetime.now(UTC)
    answer = send(api, purchased_at="2026-11-22T10:42:00+07:00")
    assert answer.status_code == 201
    assert answer.content_type == "application/json"
    assert "Idempotency-Replayed" not in answer.headers
    body = answer.get_json()
    assert body.keys() == {"purchase", "member"}
    assert body["member"] == {
        "id": body["member"]["id"],
        "phone": E164,
        "name": None,
        "points": 15,
        "tier": None,
        "created": True,
    }
    purchase = body["purchase"]
    assert before <= moment(purchase.pop("recorded_at")) <= datetime.now(UTC)
    assert purchase == {
        "id": purchase["id"],
        "store": "S01",
        "register": "",
        "receipt_no": "HD-1",
        "member_id": body["member"]["id"],
        "amount": 150_000,
        "quantity": None,
        "channel": "store",
        "purchased_at": "2026-11-22T03:42:00Z",
        "late": False,
        "points_earned": 15,
        "points_reversed": 0,
        "points_pending": 0,
        "amount_returned": 0,
        "voided": False,
    }


def test_second_purchase_finds_the_member_and_adds_up(api):
    first = buy(api)
    second = buy(api, receipt_no="HD-2", amount=70_000)
    assert second["member"] == {**first["member"], "points": 22, "created": False}


def test_every_way_of_writing_a_phone_is_one_member(api):
    members = [
        buy(api, receipt_no=f"HD-{number}", phone=written)["member"]
        for number, written in enumerate(WAYS_TO_WRITE)
    ]
    assert {(member["id"], member["phone"]) for member in members} == {(members[0]["id"], E164)}
    assert members[-1]["points"] == 15 * len(WAYS_TO_WRITE)


def test_time_left_out_is_now(api):
    purchase = buy(api)["purchase"]
    assert purchase["purchased_at"] == purchase["recorded_at"]


def test_time_without_an_offset_is_the_shops(api):
    purchase = buy(api, purchased_at="2026-11-20T10:00:00")["purchase"]
    assert purchase["purchased_at"] == "2026-11-20T03:00:00Z"


def test_what_is_known_of_the_receipt_is_kept(api):
    given = {"register": "K2", "quantity": 7, "channel": "online"}
    purchase = buy(api, **given)["purchase"]
    assert {name: purchase[name] for name in given} == given


AT_THEIR_LIMIT = [
    *(("receipt_no", "x" * 64), ("register", "x" * 32), ("register", "")),
    *(("amount", 0), ("amount", 10**13), ("quantity", 0), ("quantity", 1_000_000)),
    *(("receipt_no", "HĐ-01/2026 №7 ✓"), ("channel", "self_service"), ("phone", E164 + " " * 188)),
]


def test_value_at_its_limit_is_taken(api):
    for number, (field, value) in enumerate(AT_THEIR_LIMIT):
        purchase = buy(api, **{"receipt_no": f"HD-{number}", field: value})["purchase"]
        assert purchase.get(field, value) == value


def test_null_is_the_same_as_left_out(api):
    optional = ("quantity", "purchased_at", "channel", "register", "lines", "member")
    assert api.post("/purchases", receipt() | dict.fromkeys(optional)).status_code == 201
    assert send(api).status_code == 200


def test_receipt_number_is_trimmed(api):
    assert buy(api, receipt_no="  HD-1 ")["purchase"]["receipt_no"] == "HD-1"
    assert send(api).status_code == 200


def test_unknown_store_is_refused(api, app):
    before = row_counts(app)
    refused = problem(send(api, store="S99"), 422, "unknown_store")
    assert refused["errors"].keys() == {"store"}
    assert row_counts(app) == before


def test_store_with_receipts_needs_a_number(api):
    refused = problem(send(api, receipt_no=None), 422, "receipt_no_required")
    assert refused["errors"].keys() == {"receipt_no"}


BAD_PHONES = {
    "": "no_number",
    "khách lẻ": "no_number",
    "0912xxxxxx": "letters_in_number",
    "0912345678/0987654321": "two_numbers",
    "091234567": "too_short",
    "09123456789": "too_long",
    "+999 123456789": "no_such_country",
    "9.12346E+08": "digits_lost",
    "04 3823 4567": "old_landline",
    "0123456789": "not_in_use",
    "19001234": "service_number",
}


def test_bad_phone_is_refused_by_its_code_and_writes_nothing(api, app):
    before = row_counts(app)
    for written, code in BAD_PHONES.items():
        assert problem(send(api, phone=written), 422, code)["errors"].keys() == {"phone"}
    assert row_counts(app) == before


def test_clock_a_little_ahead_is_taken(api):
    for minutes in (-1, 0, 4):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        buy(api, receipt_no=f"HD{minutes}", purchased_at=at.isoformat())


def test_more_than_five_minutes_ahead_is_refused(api, app):
    before = row_counts(app)
    at = datetime.now(UTC) + timedelta(minutes=5, seconds=20)
    problem(send(api, purchased_at=at.isoformat()), 422, "in_the_future")
    assert row_counts(app) == before


def test_older_than_45_days_is_recorded_and_late(api):
    for days, late in ((44, False), (46, True), (4000, True)):
        at = datetime.now(UTC) - timedelta(days=days)
        purchase = buy(api, receipt_no=f"HD-{days}", purchased_at=at.isoformat())["purchase"]
        assert (purchase["late"], purchase["points_earned"]) == (late, 15)


def test_what_rules_need_in_local_terms_stands_beside_the_time(api, app):
    buy(api, purchased_at="2026-11-21T17:30:00Z")
    local = scalar(
        app, "SELECT local_date || ' ' || local_hour || ' ' || local_weekday FROM purchases"
    )
    assert local == "2026-11-22 0 7"  # Sunday, half past midnight in the shop


LINES = [
    {"sku": "A-1", "name": "Áo", "category": "shirts", "quantity": 2, "amount": 100_000},
    {"sku": "B-1", "quantity": 1, "amount": 50_000},
]


def test_lines_that_add_up_are_kept(api, app):
    buy(api, lines=LINES)
    assert scalar(app, "SELECT count(*) FROM purchase_lines") == 2
    assert scalar(app, "SELECT sum(amount) FROM purchase_lines") == 150_000


def test_lines_that_do_not_add_up_are_refused(api, app):
    before = row_counts(app)
    for amount in (149_999, 150_001, 0):
        refused = problem(send(api, lines=LINES, amount=amount), 422, "lines_do_not_add_up")
        assert refused["errors"].keys() == {"lines"}
    assert row_counts(app) == before


def test_five_hundred_lines_are_taken(api, app):
    lines = [{"sku": f"A-{n}", "quantity": 1, "amount": 300} for n in range(500)]
    buy(api, lines=lines)
    assert scalar(app, "SELECT count(*) FROM purchase_lines") == 500


def test_members_do_not_share_points(api):
    buy(api)
    buy(api, receipt_no="HD-2", phone="0987654321", amount=20_000)
    assert (balance(api, PHONE), balance(api, "0987654321")) == (15, 2)
