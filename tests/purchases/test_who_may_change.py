"""Who may void and reassign: a cashier today's own receipts, a manager those of 45 days."""

from __future__ import annotations

import pytest
import time_machine

from tests.api import Api
from tests.purchases.receipts import OTHER_PHONE, balance, buy, local, problem, send
from tests.shop import make_store

pytestmark = pytest.mark.usefixtures("store")

MORNING = local("2027-03-14 09:00")
LATE_EVENING = local("2027-03-14 23:59")
AFTER_MIDNIGHT = local("2027-03-15 00:01")


@pytest.fixture
def caller(client, api_key):
    def make(role, **given):
        return Api(client, api_key(role, **given))

    return make


def changes(api, purchase_id):
    """Both ways to change a purchase, as statuses and codes."""
    answers = [
        api.post(f"/purchases/{purchase_id}/reassign", {"phone": OTHER_PHONE}),
        api.post(f"/purchases/{purchase_id}/void", {}),
    ]
    return [(answer.status_code, answer.get_json().get("code")) for answer in answers]


ALLOWED = [(200, None)] * 2


def test_cashier_changes_own_receipts_until_local_midnight(caller):
    cashier = caller("cashier")
    with time_machine.travel(MORNING, tick=False):
        first, second = (buy(cashier, receipt_no=no)["purchase"]["id"] for no in ("A", "B"))
    with time_machine.travel(LATE_EVENING, tick=False):
        assert changes(cashier, first) == ALLOWED
    with time_machine.travel(AFTER_MIDNIGHT, tick=False):
        assert changes(cashier, second) == [(403, "not_your_receipt")] * 2
        assert balance(cashier, "0912345678") == 15


def test_cashiers_day_counts_from_recording_not_from_the_purchase(caller):
    cashier = caller("cashier")
    with time_machine.travel(AFTER_MIDNIGHT, tick=False):
        bought = buy(cashier, purchased_at=MORNING.isoformat())
        assert changes(cashier, bought["purchase"]["id"]) == ALLOWED


def test_cashier_changes_nobody_elses_receipt(caller):
    one, another, manager = caller("cashier"), caller("cashier"), caller("manager")
    refused = [(403, "not_your_receipt")] * 2
    assert changes(another, buy(one)["purchase"]["id"]) == refused
    assert changes(one, buy(manager, receipt_no="HD-2")["purchase"]["id"]) == refused


def test_manager_changes_any_receipt_for_45_days(caller):
    cashier, manager = caller("cashier"), caller("manager")
    with time_machine.travel(MORNING, tick=False):
        first, second = (buy(cashier, receipt_no=no)["purchase"]["id"] for no in ("A", "B"))
    with time_machine.travel(local("2027-04-28 08:59"), tick=False):
        assert changes(manager, first) == ALLOWED
    with time_machine.travel(local("2027-04-28 09:01"), tick=False):
        assert changes(manager, second) == [(403, "too_late_to_change")] * 2


def test_marketing_changes_and_records_nothing(caller):
    marketing = caller("marketing")
    purchase_id = buy(caller("manager"))["purchase"]["id"]
    assert changes(marketing, purchase_id) == [(403, "forbidden")] * 2
    problem(send(marketing, receipt_no="HD-2"), 403, "forbidden")


@pytest.mark.parametrize("role", ["cashier", "manager"])
def test_key_of_another_store_neither_records_nor_changes(app, caller, role):
    make_store(app, "S02")
    here, elsewhere = caller(role, store_code="S01"), caller(role, store_code="S02")
    purchase_id = buy(here)["purchase"]["id"]
    problem(send(elsewhere, receipt_no="HD-2"), 403, "forbidden")
    problem(send(elsewhere), 403, "forbidden")
    assert changes(elsewhere, purchase_id) == [(403, "forbidden")] * 2
    rows = {
        "purchases": [
            {"phone": "0912345678", "store": code, "receipt_no": "X", "amount": 1}
            for code in ("S01", "S02")
        ]
    }
    answer = elsewhere.post("/purchases/batch", rows).get_json()
    assert answer["recorded"] == 1
    assert [(row["index"], row["code"]) for row in answer["rejected"]] == [(0, "forbidden")]
    assert changes(here, purchase_id) == ALLOWED
