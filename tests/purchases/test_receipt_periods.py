"""Receipt numbers that start again each year, month or day, in the shop's zone."""

from __future__ import annotations

import pytest
import time_machine

from loyalty.core.db import transaction
from loyalty.programme import service as programme
from tests.purchases.receipts import OTHER_PHONE, balance, buy, local, problem, send


def open_store(app, **given):
    with app.app_context(), transaction():
        programme.create_store(code="S01", name="S01", **given)


APART = {
    "year": ("2025-12-31 23:59", "2026-01-01 00:01"),
    "month": ("2026-02-28 23:59", "2026-03-01 00:01"),
    "day": ("2026-03-14 23:59", "2026-03-15 00:01"),
}
TOGETHER = {
    "forever": ("1999-01-01 00:00", "2026-11-20 23:59"),
    "year": ("2026-01-01 00:01", "2026-11-20 23:59"),
    "month": ("2026-11-01 00:01", "2026-11-20 23:59"),
    "day": ("2026-11-20 00:01", "2026-11-20 23:59"),
}


@pytest.mark.parametrize(("period", "moments"), APART.items())
def test_number_is_free_again_after_local_midnight(app, api, period, moments):
    open_store(app, receipt_period=period)
    before, after = (local(text).isoformat() for text in moments)
    buy(api, purchased_at=before)
    buy(api, purchased_at=after, phone=OTHER_PHONE, amount=20_000)
    assert send(api, purchased_at=before).status_code == 200
    assert send(api, purchased_at=after, phone=OTHER_PHONE, amount=20_000).status_code == 200
    problem(send(api, purchased_at=after), 409, "receipt_conflict")


@pytest.mark.parametrize(("period", "moments"), TOGETHER.items())
def test_number_is_taken_within_its_period(app, api, period, moments):
    open_store(app, receipt_period=period)
    first, last = (local(text).isoformat() for text in moments)
    buy(api, purchased_at=first)
    assert send(api, purchased_at=last).status_code == 200
    problem(send(api, purchased_at=last, phone=OTHER_PHONE), 409, "receipt_conflict")


def test_utc_midnight_does_not_start_a_new_day(app, api):
    open_store(app, receipt_period="day")
    buy(api, purchased_at="2026-03-14T23:59:00Z")
    assert send(api, purchased_at="2026-03-15T00:01:00Z").status_code == 200


def test_time_left_out_counts_in_the_shops_day(app, api):
    open_store(app, receipt_period="day")
    with time_machine.travel(local("2027-03-14 23:59"), tick=False):
        buy(api)
    with time_machine.travel(local("2027-03-15 00:01"), tick=False):
        buy(api, amount=20_000)


# -- stores that print no receipt numbers ---------------------------------------


def test_without_a_number_an_idempotency_key_is_asked_for(app, api):
    open_store(app, receipts="none")
    problem(send(api, receipt_no=None), 422, "idempotency_key_required")


def test_without_a_number_the_key_tells_purchases_apart(app, api):
    open_store(app, receipts="none")
    answers = [send(api, {"Idempotency_Key": key}, receipt_no=None) for key in "aab"]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [
        None,
        "true",
        None,
    ]
    assert answers[0].data == answers[1].data
    assert balance(api, "0912345678") == 30


def test_number_of_the_tills_own_making_is_one_like_any_other(app, api):
    open_store(app, receipts="none")
    buy(api, receipt_no="till-3/2026-11-22/17")
    assert send(api, receipt_no="till-3/2026-11-22/17").status_code == 200


def test_batch_without_numbers_needs_the_key_too(app, api):
    open_store(app, receipts="none")
    rows = [{"phone": "0912345678", "store": "S01", "amount": 20_000}] * 2
    refused = api.post("/purchases/batch", {"purchases": rows}).get_json()
    assert [row["code"] for row in refused["rejected"]] == ["idempotency_key_required"] * 2
    for _ in range(2):
        answer = api.post("/purchases/batch", {"purchases": rows}, Idempotency_Key="b-1")
        assert answer.get_json() == {"recorded": 2, "replayed": 0, "rejected": []}
    assert balance(api, "0912345678") == 4
