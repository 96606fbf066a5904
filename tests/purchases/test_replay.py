"""The same receipt again: a replay when it says the same, a conflict when it does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.rows import row_counts
from tests.purchases.receipts import (
    OTHER_PHONE,
    PHONE,
    WAYS_TO_WRITE,
    balance,
    buy,
    problem,
    send,
)

pytestmark = pytest.mark.usefixtures("store")

LINES = [
    {"sku": "A-1", "quantity": 2, "amount": 100_000},
    {"sku": "B-1", "quantity": 1, "amount": 50_000},
]


def test_replay_answers_what_is_recorded_however_the_phone_is_written(api, app):
    first = buy(api)
    before = row_counts(app)
    for written in WAYS_TO_WRITE:
        answer = send(api, phone=written)
        assert answer.status_code == 200, written
        assert answer.headers["Idempotency-Replayed"] == "true"
        assert answer.get_json() == {**first, "member": {**first["member"], "created": False}}
    assert row_counts(app) == before


def test_replay_shows_the_member_of_today(api):
    buy(api)
    buy(api, receipt_no="HD-2", amount=70_000, member={"name": "Lê Thu Hằng"})
    member = send(api).get_json()["member"]
    assert (member["points"], member["name"]) == (22, "Lê Thu Hằng")


def test_replay_may_say_another_time_and_channel(api):
    """They are no part of what makes two receipts the same (semantics, Receipts)."""
    first = buy(api, purchased_at="2026-11-20T10:00:00+07:00")
    answer = send(api, purchased_at="2026-11-20T11:00:00+07:00", channel="online", quantity=3)
    assert answer.status_code == 200
    assert answer.get_json()["purchase"] == first["purchase"]


def test_replay_does_not_fill_the_profile(api):
    member_id = buy(api)["member"]["id"]
    assert send(api, member={"name": "Lê Thu Hằng"}).status_code == 200
    assert api.get(f"/members/{member_id}").get_json()["name"] is None


OTHER_CONTENT: list[dict[str, Any]] = [
    *({"amount": 150_001}, {"amount": 0}),
    *({"phone": OTHER_PHONE}, {"phone": "+66812345678"}, {"phone": OTHER_PHONE, "amount": 1}),
]


def test_other_content_conflicts_and_says_what_is_recorded(api, app):
    first = buy(api, purchased_at="2026-11-20T10:42:00+07:00")
    before = row_counts(app)
    for changes in OTHER_CONTENT:
        refused = problem(send(api, **changes), 409, "receipt_conflict")
        for told in ("2026-11-20 10:42", "150,000", "678"):
            assert told in refused["detail"]
        assert refused["recorded"] == {
            "id": first["purchase"]["id"],
            "amount": 150_000,
            "phone": "••• 678",
            "purchased_at": "2026-11-20T03:42:00Z",
        }
    assert row_counts(app) == before


def test_conflict_never_shows_the_full_phone(api):
    buy(api)
    for language in ("vi", "en", "th"):
        answer = send(api, {"Accept_Language": language}, phone=OTHER_PHONE)
        assert answer.status_code == 409
        said = answer.get_data(as_text=True)
        digits = "".join(c for c in said if c.isdigit())
        assert [part for part in ("912345", "345678", "987654", "654321") if part in digits] == []


def test_conflict_makes_no_member_of_the_wrong_phone(api):
    buy(api)
    problem(send(api, phone=OTHER_PHONE), 409, "receipt_conflict")
    assert balance(api, OTHER_PHONE) is None
    assert balance(api, PHONE) == 15


def test_same_lines_in_another_order_are_a_replay(api):
    buy(api, lines=LINES)
    assert send(api, lines=LINES[::-1]).status_code == 200


OTHER_LINES = [
    [{**LINES[0], "sku": "A-2"}, LINES[1]],
    [{**LINES[0], "quantity": 3}, LINES[1]],
    [{**LINES[0], "amount": 90_000}, {**LINES[1], "amount": 60_000}],
    [{"sku": "A-1", "quantity": 2, "amount": 150_000}],
]


def test_other_lines_conflict(api):
    buy(api, lines=LINES)
    for lines in OTHER_LINES:
        problem(send(api, lines=lines), 409, "receipt_conflict")


def test_lines_are_compared_only_where_both_have_them(api):
    buy(api, lines=LINES)
    assert send(api).status_code == 200
    buy(api, receipt_no="HD-2")
    assert send(api, receipt_no="HD-2", lines=LINES).status_code == 200


def test_same_number_is_free_in_another_store_and_register(api, app):
    from tests.shop import make_store

    make_store(app, "S02")
    buy(api)
    buy(api, store="S02", phone=OTHER_PHONE)
    buy(api, register="K1", amount=20_000)
    buy(api, register="K2", amount=30_000)
    assert send(api, register="K1", amount=20_000).status_code == 200
    problem(send(api, register="K1", amount=30_000), 409, "receipt_conflict")


def test_receipt_numbers_are_compared_exactly(api):
    for amount, number in enumerate(["HD-1", "hd-1", "HD-01", "HD-1.", "HD1", "HĐ-1"]):
        buy(api, receipt_no=number, amount=amount)
