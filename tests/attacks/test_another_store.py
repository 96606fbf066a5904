"""A receipt of another store, asked for by its id: refused, and nothing is learned of it."""

from __future__ import annotations

import pytest

from loyalty.core.access import Role
from tests.api import BASE
from tests.doors import content, new_key, sign_in
from tests.purchases.receipts import problem

PHONE = "0987 654 321"


@pytest.fixture(params=[Role.CASHIER, Role.MANAGER])
def elsewhere(request, shop):
    """A key of the other store."""
    key = new_key(shop.app, "elsewhere", request.param, "S02")
    client = shop.app.test_client()

    def call(method, path, body=None, **query):
        return client.open(
            f"{BASE}{path}",
            method=method,
            json=body,
            query_string=query,
            headers={"Authorization": f"Bearer {key}"},
        )

    return call


def test_receipts_of_another_store_stay_as_they_are(shop, elsewhere):
    before = content(shop.app)
    for caller in shop.callers:
        receipt = f"/purchases/{caller.ids['purchase_id']}"
        answers = [
            elsewhere("POST", f"{receipt}/void", {"reason": "mine now"}),
            elsewhere("POST", f"{receipt}/reassign", {"phone": PHONE}),
        ]
        for answer in answers:
            problem(answer, 403, "forbidden")
            assert "HD-" not in answer.text
            assert "Nguyễn" not in answer.text
    assert content(shop.app) == before


def test_receipts_of_another_store_are_not_found(shop, elsewhere):
    for number in range(len(shop.callers)):
        answer = elsewhere("GET", "/purchases", store="S01", receipt_no=f"HD-{number}")
        problem(answer, 403, "forbidden")
        here = elsewhere("GET", "/purchases", store="S02", receipt_no=f"HD-{number}")
        assert here.get_json()["items"] == []


def test_recording_for_another_store_is_refused_one_by_one_and_in_a_batch(shop, elsewhere):
    before = content(shop.app)
    row = {"phone": PHONE, "store": "S01", "receipt_no": "HD-0", "amount": 1}
    problem(elsewhere("POST", "/purchases", row), 403, "forbidden")
    answer = elsewhere("POST", "/purchases/batch", {"purchases": [row, {**row, "receipt_no": "X"}]})
    assert [r["code"] for r in answer.get_json()["rejected"]] == ["forbidden"] * 2
    assert content(shop.app) == before


def test_a_ledger_names_no_store_and_no_receipt(shop):
    """Points are the whole shop's: who is bounded reads them, not where they are from."""
    key = new_key(shop.app, "elsewhere", Role.MANAGER, "S02")
    client = shop.app.test_client()
    headers = {"Authorization": f"Bearer {key}"}
    ids = shop.callers[0].ids
    for path in (f"/members/{ids['member_id']}/entries", f"/entries/{ids['entry_id']}"):
        answer = client.get(f"{BASE}{path}", headers=headers)
        assert answer.status_code == 200
        assert "S01" not in answer.text
        assert "HD-" not in answer.text


def test_the_till_of_a_store_touches_no_other_stores_receipt(shop):
    before = content(shop.app)
    cashier = shop.app.test_client()
    sign_in(shop.app, cashier, shop.caller("cashier").login)
    headers = {"HX-Request": "true"}
    typed = {"phone": PHONE, "country": "VN", "amount": "150000", "receipt_no": "HD-77"}
    assert (
        cashier.post("/till/purchases", data={**typed, "store": "S02"}, headers=headers).status_code
        == 422
    )
    # The manager's receipt: of this store, but not this cashier's own.
    theirs = shop.caller("manager").ids["purchase_id"]
    for path in (f"/till/purchases/{theirs}/void", f"/till/purchases/{theirs}/reassign"):
        answer = cashier.post(path, data={**typed, "store": "S01"}, headers=headers)
        assert answer.status_code == 403, path
    assert content(shop.app) == before
