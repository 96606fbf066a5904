"""What a receipt earns: by which rule, rounded how, in which currency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.core.errors import Problem
from loyalty.programme import service as programme
from loyalty.programme.rules import default_earning, default_point_value
from tests.api import Api
from tests.databases import environment, running_app
from tests.purchases.receipts import buy, points_of, receipt
from tests.shop import make_key, make_store


def earned(api, number, **changes):
    return buy(api, receipt_no=f"HD-{number}", **changes)["purchase"]["points_earned"]


DEFAULT_RULE = {
    0: 0,
    1: 0,
    9_999: 0,
    10_000: 1,
    19_999: 1,
    20_000: 2,
    294_250: 29,
    10**13: 10**9,
}


def test_one_point_for_every_full_ten_thousand(api, store):
    for number, (amount, points) in enumerate(DEFAULT_RULE.items()):
        assert earned(api, number, amount=amount) == points, amount
    assert points_of(api, 1)["balance"] == sum(DEFAULT_RULE.values())


def test_each_receipt_is_rounded_down_by_itself(api, store):
    assert [earned(api, n, amount=9_999) for n in range(3)] == [0, 0, 0]


def test_what_earned_nothing_has_no_entry(api, store):
    member_id = buy(api, amount=0)["member"]["id"]
    assert api.get(f"/members/{member_id}/entries").get_json() == {"items": [], "next": None}


def add_rule(app, *, points, per_amount, valid_from):
    with app.app_context(), transaction():
        return programme.create_earning_rule(
            points=points, per_amount=per_amount, valid_from=valid_from
        )


def test_rule_of_the_time_of_purchase_counts(app, api, store):
    """Not the one of recording: receipts may come in any order."""
    change = clock.now() + timedelta(seconds=1)
    assert add_rule(app, points=3, per_amount=20_000, valid_from=change) == 2
    before, at = (change - timedelta(microseconds=1), change)
    late = (change + timedelta(minutes=2)).isoformat()
    assert earned(api, 1, amount=39_999, purchased_at=before.isoformat()) == 3
    assert earned(api, 2, amount=39_999, purchased_at=at.isoformat()) == 3 * 39_999 // 20_000
    assert earned(api, 3, amount=39_999, purchased_at=late) == 5
    assert earned(api, 4, amount=39_999, purchased_at="2001-01-01T00:00:00Z") == 3


def test_batch_uses_the_rule_of_each_row(app, api, store):
    change = clock.now()
    add_rule(app, points=2, per_amount=10_000, valid_from=change)
    times = [change - timedelta(seconds=5), change + timedelta(seconds=5)]
    rows = [receipt(receipt_no=str(n), purchased_at=at.isoformat()) for n, at in enumerate(times)]
    assert api.post("/purchases/batch", {"purchases": rows}).get_json()["recorded"] == 2
    assert points_of(api, 1)["balance"] == 15 + 30


def test_entry_keeps_the_rule_it_was_earned_by(app, api, store):
    buy(api)
    add_rule(app, points=2, per_amount=10_000, valid_from=clock.now())
    buy(api, receipt_no="HD-2")
    newest, oldest = api.get("/members/1/entries").get_json()["items"]
    rules = [api.get(f"/entries/{e['id']}").get_json()["why"]["rule"] for e in (oldest, newest)]
    assert rules == [
        {"version": 1, "points": 1, "per_amount": 10_000, "currency": "VND"},
        {"version": 2, "points": 2, "per_amount": 10_000, "currency": "VND"},
    ]


def test_rules_follow_one_another_in_time(app, store):
    begin = clock.now() + timedelta(days=9)
    add_rule(app, points=2, per_amount=10_000, valid_from=begin)
    with pytest.raises(Problem) as refused:
        add_rule(app, points=3, per_amount=10_000, valid_from=begin - timedelta(seconds=1))
    assert refused.value.code == "invalid_time"


def test_rule_that_gives_nothing_earns_nothing(app, api, store):
    add_rule(app, points=0, per_amount=1, valid_from=clock.now())
    assert earned(api, 1) == 0


def test_other_processes_see_a_new_rule_and_store_at_once(app, api, environ, store):
    """Each keeps a copy of the programme, and asks whether it is still today's."""
    buy(api)
    with running_app(environ) as other:
        make_store(other, "S02")
        add_rule(other, points=2, per_amount=10_000, valid_from=clock.now())
    assert buy(api, store="S02")["purchase"]["points_earned"] == 30


def test_baht_earn_one_point_for_twenty_five(database_url, tmp_path):
    environ = environment(database_url, tmp_path, currency="THB", default_region="TH")
    with running_app(environ) as app:
        make_store(app)
        api = Api(app.test_client(), make_key(app))
        amounts = {2_499: 0, 2_500: 1, 2_599: 1, 5_000: 2, 100_00: 4}
        for number, (amount, points) in enumerate(amounts.items()):
            bought = buy(api, receipt_no=str(number), phone="081 234 5678", amount=amount)
            assert bought["purchase"]["points_earned"] == points
        assert bought["member"]["phone"] == "+66812345678"


@pytest.mark.parametrize(
    ("currency", "earning", "point_value"),
    [("VND", (1, 10_000), 100), ("THB", (1, 2_500), 25), ("GBP", (1, 100), 1), ("JPY", (1, 1), 1)],
)
def test_defaults_follow_the_currency(currency, earning, point_value):
    assert default_earning(currency) == earning
    assert default_point_value(currency) == point_value


def test_entry_says_why(api, store):
    bought = buy(api, purchased_at="2026-11-20T10:00:00+07:00", amount=159_999)
    member_id = bought["member"]["id"]
    [entry] = api.get(f"/members/{member_id}/entries").get_json()["items"]
    explained = api.get(f"/entries/{entry['id']}").get_json()
    recorded_at = entry.pop("recorded_at")
    assert datetime.fromisoformat(recorded_at) <= datetime.now(UTC)
    assert entry == {
        "id": entry["id"],
        "member_id": member_id,
        "kind": "earn",
        "points": 15,
        "purchase_id": bought["purchase"]["id"],
        "redemption_id": None,
        "reason": None,
        "occurred_at": "2026-11-20T03:00:00Z",
    }
    assert explained["entry"] == {**entry, "recorded_at": recorded_at}
    assert explained["why"] == {
        "rule": {"version": 1, "points": 1, "per_amount": 10_000, "currency": "VND"},
        "special_rule": None,
        "inputs": {"amount": 159_999},
        "rounding": "down, once per receipt",
        "tier": None,
        "promotions": [],
        "bonus": None,
        "return_id": None,
        "lot": {"points": 15, "remaining": 15, "expires_at": "2027-11-20T17:00:00Z"},
        "taken_from": [],
        "put_back": [],
        "debt_made": 0,
        "debt_repaid": 0,
        "by": {"actor": "key:1", "name": "test manager"},
    }


def test_reversing_entry_says_which_lot_it_took_from(api, store):
    bought = buy(api)
    api.post(f"/purchases/{bought['purchase']['id']}/void", {"reason": "typed twice"})
    reverse, earn = api.get("/members/1/entries").get_json()["items"]
    assert (reverse["kind"], reverse["points"]) == ("reverse_earn", -15)
    assert reverse["reason"] == "typed twice"
    why = api.get(f"/entries/{reverse['id']}").get_json()["why"]
    assert why["taken_from"] == [{"lot": earn["id"], "points": 15}]
    assert (why["lot"], why["rule"]["version"]) == (None, 1)
    assert api.get(f"/entries/{earn['id']}").get_json()["why"]["lot"]["remaining"] == 0
