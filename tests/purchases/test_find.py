"""Finding purchases by their receipt number."""

from __future__ import annotations

import pytest

from tests.purchases.receipts import OTHER_PHONE, buy, problem
from tests.shop import make_store

pytestmark = pytest.mark.usefixtures("store")


def test_receipt_is_found_at_its_store_alone(api, app):
    make_store(app, "S02")
    here = buy(api)["purchase"]
    buy(api, store="S02", phone=OTHER_PHONE)
    answer = api.get("/purchases", store="S01", receipt_no="HD-1")
    assert answer.status_code == 200
    assert answer.get_json() == {"items": [here], "next": None}


def test_every_register_and_period_is_found_newest_first(api):
    ids = [buy(api, register=register)["purchase"]["id"] for register in ("", "K1", "K2")]
    found = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"]
    assert [purchase["id"] for purchase in found] == ids[::-1]


def test_number_nobody_recorded_gives_no_items(api):
    answer = api.get("/purchases", store="S01", receipt_no="HD-404")
    assert answer.get_json() == {"items": [], "next": None}


def test_bad_questions_are_refused(api):
    problem(api.get("/purchases", store="S99", receipt_no="HD-1"), 422, "unknown_store")
    for query in (
        {},
        {"store": "S01"},
        {"receipt_no": "HD-1"},
        {"store": "S01", "receipt_no": ""},
        {"store": "S01", "receipt_no": "x" * 65},
        {"store": "S01", "receipt_no": "HD\x00"},
        {"store": "S01", "receipt_no": "HD-1", "limit": "5"},
    ):
        problem(api.get("/purchases", **query), 422, "invalid_request")
