"""What one store holds or gave, no other one spends, ends or gives back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api import Api
from tests.core.rows import column
from tests.purchases.receipts import buy, problem, send
from tests.rewards.spending import done, hold, offer, seen, spend, step
from tests.shop import make_store


@pytest.fixture(autouse=True)
def member(shop, app, api):
    """Member 1 with 100 points, and a second store."""
    make_store(app, "S02")
    buy(api, amount=1_000_000)


@pytest.fixture
def here(client, api_key):
    return Api(client, api_key("cashier", "S01"))


@pytest.fixture
def there(client, api_key):
    return Api(client, api_key("cashier", "S02"))


@pytest.mark.parametrize("what", ["capture", "void"])
def test_hold_of_another_store_stays_as_it_is(api, here, there, what):
    held = hold(here, points=20)
    problem(step(there, held, what), 403, "outside_your_stores")
    assert seen(api, held)["state"] == "held"
    done(here, held, what)


def test_hold_of_another_store_pays_for_no_receipt(there, here, api):
    held = hold(here, points=20)
    paying: dict[str, Any] = {"receipt_no": "HD-2", "store": "S02", "redemptions": [held["id"]]}
    refused = problem(send(there, **paying), 403, "outside_your_stores")
    assert refused["redemption"] == held["id"]
    assert seen(api, held)["state"] == "held"


def test_voucher_is_good_in_every_store(api, here, there):
    got = spend(here, reward=offer(api, kind="voucher")["id"])
    used = send(there, receipt_no="HD-2", store="S02", redemptions=[got["id"]])
    assert used.status_code == 201


@pytest.mark.parametrize("what", ["capture", "void"])
def test_key_of_no_store_acts_everywhere_and_hold_of_no_store_is_everybodys(api, here, what):
    done(api, hold(here, points=20), what)
    done(here, hold(api, points=20), what)


def test_what_no_store_gave_is_given_back_by_who_acts_everywhere(api, client, api_key):
    spent = spend(api, points=20)
    bound = Api(client, api_key("manager", "S02"))
    problem(step(bound, spent, "reverse"), 403, "outside_your_stores")
    done(api, spent, "reverse")


def test_log_says_who_ended_what_another_held(app, api, here):
    logged = "SELECT action FROM audit_events WHERE object_kind = 'redemption' ORDER BY id"
    done(here, hold(here, points=5), "capture")
    done(here, hold(here, points=5), "void")
    assert column(app, logged) == []
    done(api, hold(here, points=5), "capture")
    done(api, hold(here, points=5), "void")
    assert column(app, logged) == ["points.capture", "points.void"]
