"""Which tier members are in: exactly the threshold is in, up at once, never by more than counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event

from loyalty.core import clock
from loyalty.core.db import db
from tests.core.rows import change, scalar
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import OTHER_PHONE, PHONE, buy, local, phone, receipt
from tests.purchases.tiering import (
    GOLD,
    SILVER,
    add_tier,
    moves_of,
    set_policy,
    set_tiers,
    tier_of,
    tiers_of,
)

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing that another test does not ask on both."""


@pytest.fixture(autouse=True)
def shop(app, store):
    yield
    assert not broken_invariants(app)


def spends(api, amount, number=1, **changes):
    """The member's answer of a receipt."""
    return buy(api, receipt_no=f"HD-{number}", amount=amount, **changes)["member"]


FIRST_PURCHASES = {
    SILVER - 1: None,
    SILVER: "silver",
    SILVER + 1: "silver",
    GOLD - 1: "silver",
    GOLD: "gold",
    100 * GOLD: "gold",
}


def test_first_purchase_lands_in_the_tier_that_its_amount_earns(api):
    set_tiers(api)
    for number, (amount, tier) in enumerate(FIRST_PURCHASES.items()):
        member = spends(api, amount, number, phone=phone(number))
        assert member["tier"] == tier == tier_of(api, phone(number))
        assert moves_of(api, member["id"]) == ([(None, tier, "purchase", amount)] if tier else [])


@ON_SQLITE
def test_first_purchase_is_not_multiplied_by_the_tier_that_it_brings(app, api):
    set_policy(api, tiering={"basis": "points"})
    add_tier(api, "silver", 100)
    add_tier(api, "gold", 150, multiplier_percent=200)
    # 149 points: doubled they would bring gold at once.
    bought = buy(api, amount=1_490_000)
    assert (bought["purchase"]["points_earned"], bought["member"]["tier"]) == (149, "silver")


@ON_SQLITE
def test_without_tiers_nobody_has_one(api):
    assert spends(api, 100 * GOLD)["tier"] is None
    assert tiers_of(api, 1) == {
        "tier": None,
        "progress": {"basis": "spend", "measured": 0, "next": None, "missing": 0},
        "items": [],
        "next": None,
    }


@ON_SQLITE
def test_many_small_receipts_reach_a_tier_at_the_one_that_reaches_it(api):
    set_tiers(api)
    reached = [spends(api, 250_000, number)["tier"] for number in range(1, 6)]
    assert reached == [None, None, None, "silver", "silver"]


def test_batch_moves_everybody_who_reaches_a_tier_in_it(api):
    set_tiers(api)
    rows = [
        receipt(phone=phone(number % 3), receipt_no=f"B-{number}", amount=amount)
        for number, amount in enumerate([400_000, 5_000_000, 999_999, 600_000, 1, 0])
    ]
    assert api.post("/purchases/batch", {"purchases": rows}).get_json()["recorded"] == 6
    assert [tier_of(api, phone(number)) for number in range(3)] == ["silver", "gold", None]


@ON_SQLITE
def test_progress_says_what_is_missing_until_the_next_tier(api):
    set_tiers(api)
    member = spends(api, 400_000)
    expected = {"basis": "spend", "measured": 400_000, "next": "silver", "missing": 600_000}
    assert tiers_of(api, member["id"])["progress"] == expected
    spends(api, 5_000_000, 2)
    highest = tiers_of(api, member["id"])
    assert highest["tier"] == "gold"
    assert highest["progress"] == {
        "basis": "spend",
        "measured": 5_400_000,
        "next": None,
        "missing": 0,
    }


def test_purchase_counts_on_the_same_day_after_the_window_and_not_on_the_next(api):
    set_tiers(api)
    with time_machine.travel(local("2027-03-10 18:00"), tick=False):
        spends(api, SILVER - 1)
    with time_machine.travel(local("2028-03-10 09:00"), tick=False):
        assert spends(api, 1, 2)["tier"] == "silver"
    with time_machine.travel(local("2028-03-11 09:00"), tick=False):
        assert spends(api, SILVER - 2, 3)["tier"] == "silver"
        progress = tiers_of(api, 1)["progress"]
        assert (progress["measured"], progress["missing"]) == (SILVER - 1, GOLD - SILVER + 1)


@ON_SQLITE
def test_purchase_of_long_ago_counts_for_nothing(api):
    set_tiers(api)
    with time_machine.travel(local("2028-03-11 09:00"), tick=False):
        long_ago = "2027-03-10T23:59:59+07:00"
        assert spends(api, GOLD, purchased_at=long_ago)["tier"] is None
        assert spends(api, SILVER, 2, purchased_at="2027-03-11T00:00:00+07:00")["tier"] == "silver"


@ON_SQLITE
def test_void_purchase_counts_no_more_for_the_next_step_up(api):
    set_tiers(api)
    mistake = buy(api, receipt_no="HD-1", amount=GOLD - 1)["purchase"]["id"]
    assert api.post(f"/purchases/{mistake}/void", {"reason": "typed twice"}).status_code == 200
    assert tier_of(api) == "silver", "down only at the review"
    assert spends(api, 100, 2)["tier"] == "silver"
    assert tiers_of(api, 1)["progress"]["measured"] == 100


def test_reassigned_purchase_lifts_whom_it_is_moved_to(api):
    set_tiers(api)
    bought = buy(api, amount=SILVER)["purchase"]["id"]
    moved = api.post(f"/purchases/{bought}/reassign", {"phone": OTHER_PHONE})
    assert moved.get_json()["member"]["tier"] == "silver"


def test_returned_goods_count_no_more(api):
    set_tiers(api)
    bought = buy(api, amount=SILVER - 1)["purchase"]["id"]
    back = api.post(f"/purchases/{bought}/returns", {"return_no": "R-1", "amount": 100_000})
    assert back.status_code == 201, back.json
    assert spends(api, 1, 2)["tier"] is None
    assert spends(api, 100_000, 3)["tier"] == "silver"


def test_what_came_back_of_no_known_purchase_is_taken_off(app, api):
    set_tiers(api)
    spends(api, SILVER - 1)
    back = api.post(
        "/returns",
        {
            "phone": PHONE,
            "store": "S01",
            "return_no": "R-1",
            "lines": [{"sku": "X", "quantity": 1, "amount": 100_000}],
        },
    )
    assert back.status_code == 201, back.json
    assert tiers_of(api, 1)["progress"]["measured"] == SILVER - 1 - 100_000
    set_policy(api, tiering={"basis": "points"})
    assert tiers_of(api, 1)["progress"]["measured"] == 99 - 10


def test_member_moves_up_at_once_when_a_return_of_no_purchase_leaves_the_window(app, api):
    set_tiers(api)
    with time_machine.travel(local("2027-01-10 10:00"), tick=False):
        body = {"phone": PHONE, "store": "S01", "return_no": "R-1", "amount": 500_000}
        assert api.post("/returns", body).status_code == 201
    with time_machine.travel(local("2027-02-10 10:00"), tick=False):
        assert spends(api, 1_100_000)["tier"] is None
    with time_machine.travel(local("2028-01-20 10:00"), tick=False):
        assert spends(api, 10_000, 2)["tier"] == "silver"


@ON_SQLITE
def test_points_are_what_counts_where_the_basis_says_so(app, api):
    set_policy(api, tiering={"basis": "points"})
    set_tiers(api, silver=100)
    assert spends(api, 999_999)["tier"] is None
    assert spends(api, 10_000, 2)["tier"] == "silver"


@ON_SQLITE
def test_history_without_points_counts_by_spend(app, api, cli, tmp_path):
    set_tiers(api)
    file = tmp_path / "history.csv"
    at = (clock.now() - timedelta(days=30)).strftime("%Y-%m-%d %H:%M")
    file.write_text(f"store,receipt_no,phone,amount,purchased_at\nS01,1,{PHONE},1000000,{at}\n")
    done = cli.invoke(args=["purchases", "import", str(file), "--without-points"])
    assert done.exit_code == 0, done.output
    assert tier_of(api) == "silver"


@ON_SQLITE
def test_window_is_summed_up_only_where_the_bound_reaches_the_next_tier(app, api):
    """A purchase costs the same however many went before it."""
    set_tiers(api)
    spends(api, SILVER - 10)
    with counted_sums(app) as sums:
        for number in range(2, 8):
            spends(api, 1, number)
        assert sums == []
        spends(api, 4, 8)
        assert len(sums) == 1
        spends(api, 4, 9)
        assert len(sums) == 1, "gold is far away"


@ON_SQLITE
def test_bound_above_the_threshold_is_made_exact_once(app, api):
    set_tiers(api)
    spends(api, 400_000)
    change(app, "UPDATE members SET tier_spend = 9000000")
    with counted_sums(app) as sums:
        assert spends(api, 100_000, 2)["tier"] is None
        assert spends(api, 100_000, 3)["tier"] is None
    assert len(sums) == 1
    assert scalar(app, "SELECT tier_spend FROM members") == 600_000


def counted_sums(app):
    return _Sums(app)


class _Sums(list):
    """The statements that sum up the window, while it is open."""

    def __init__(self, app):
        self.app = app

    def __enter__(self):
        with self.app.app_context():
            self.engine = db.engine
        event.listen(self.engine, "before_cursor_execute", self.note)
        return self

    def __exit__(self, *_):
        event.remove(self.engine, "before_cursor_execute", self.note)

    def note(self, conn, cursor, statement, *_):
        if "UNION ALL" in statement and "counted" in statement:
            self.append(statement)


def test_member_bears_the_tier_in_every_answer(api):
    set_tiers(api)
    member_id = spends(api, SILVER)["id"]
    assert api.get(f"/members/{member_id}").get_json()["tier"] == "silver"
    replay = api.post("/purchases", receipt(receipt_no="HD-1", amount=SILVER))
    assert replay.get_json()["member"]["tier"] == "silver"
    assert api.get(f"/members/{member_id}/data").get_json()["profile"]["tier"] == "silver"


def test_tag_rules_know_the_tier(api):
    set_tiers(api)
    for number, amount in enumerate([1, SILVER, GOLD, GOLD]):
        spends(api, amount, number, phone=phone(number))
    counts = {}
    tests: dict[str, dict[str, Any]] = {
        "gold": {"op": "eq", "value": "gold"},
        "any": {"op": "in", "value": ["silver", "gold"]},
        "none": {"op": "missing"},
    }
    for name, test in tests.items():
        answer = api.post("/tags/preview", {"rule": {"field": "tier", **test}})
        counts[name] = answer.get_json()["count"]
    assert counts == {"gold": 2, "any": 3, "none": 1}


def test_history_comes_in_pages(app, api):
    set_tiers(api)
    member_id = spends(api, SILVER)["id"]
    silver = scalar(app, "SELECT id FROM tiers WHERE slug = 'silver'")
    at = scalar(app, "SELECT changed_at FROM tier_changes")
    for number in range(120):
        change(
            app,
            "INSERT INTO tier_changes (member_id, tier_id, cause, measured, changed_at)"
            " VALUES (:member, :tier, 'review', :measured, :at)",
            member=member_id,
            tier=silver,
            measured=number,
            at=at,
        )
    first = tiers_of(api, member_id)
    rest = api.get(f"/members/{member_id}/tiers", cursor=first["next"]).get_json()
    measured = [each["measured"] for each in (*first["items"], *rest["items"])]
    assert (len(first["items"]), rest["next"]) == (100, None)
    assert measured == [*reversed(range(120)), SILVER]


@ON_SQLITE
def test_unknown_member_has_no_tiers(api):
    assert api.get("/members/77/tiers").status_code == 404
