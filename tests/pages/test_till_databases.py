"""What the till leaves to the database to decide, on both of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from loyalty.core.db import transaction
from loyalty.core.phone import PhoneNumber
from loyalty.purchases import service as purchases
from loyalty.rewards import service as rewards
from tests.core.rows import column
from tests.pages.conftest import settle
from tests.pages.visitor import Visitor, places
from tests.properties.shop import broken_invariants


@pytest.fixture
def at_the_till(app):
    """`at_the_till()`: a browser of one and the same cashier."""
    with app.test_request_context(), transaction():
        settle()

    def sign_in():
        visitor = Visitor(app.test_client())
        visitor.sign_in("han")
        return visitor

    return sign_in


def test_gift_pressed_twice_at_once_is_given_once(app, at_the_till):
    with app.test_request_context(), transaction():
        given = {"phone": PhoneNumber.parse("0912 345 678", "VN"), "store": "S01"}
        member_id = purchases.record({**given, "receipt_no": "HD-1", "amount": 10_000_000})
        member_id = member_id.member["id"]
        reward_id = rewards.create({"name": "Towel", "kind": "gift", "cost": 100, "worth": 1}).id
    address = f"/till/members/{member_id}/gifts/{reward_id}"
    with ThreadPoolExecutor() as tills:
        presses = [tills.submit(each.ask, address) for each in (at_the_till(), at_the_till())]
    asked = [places(press.result()) == ["ask"] for press in presses]
    assert column(app, "SELECT state FROM redemptions") == ["captured"]
    assert sorted(asked) == [False, True]
    assert broken_invariants(app) == ""


@pytest.mark.parametrize("number", ["HD\0-1", "\0"])
def test_number_that_no_database_holds_finds_no_receipt(at_the_till, number):
    refused = at_the_till().ask("/till/returns/find", find_no=number)
    assert (refused.status_code, places(refused)) == (422, ["find_no-error"])
