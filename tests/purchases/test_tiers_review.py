"""The review of all tiers: up and down, whenever it comes, and twice is as good as once."""

from __future__ import annotations

import pytest
import time_machine

from loyalty.core import clock
from loyalty.core.db import in_transaction
from loyalty.jobs import worker
from loyalty.programme.tier_review import REVIEW_TIERS, queue_review
from loyalty.purchases import tiers_review
from loyalty.scheduler import queue_monthly_review
from tests.core.rows import change, scalar
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import buy, local, phone
from tests.purchases.tiering import (
    GOLD,
    SILVER,
    add_tier,
    moves_of,
    review_now,
    set_policy,
    set_tiers,
    tier_of,
)

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing that another test does not ask on both."""
FIRST_DAY, A_YEAR_LATER = local("2027-03-10 18:00"), local("2028-03-11 09:00")


@pytest.fixture(autouse=True)
def shop(app, store):
    yield
    assert not broken_invariants(app)


def do_jobs(app):
    with app.app_context():
        return worker.run_waiting(worker="test")


def waiting(app):
    query = "SELECT count(*) FROM jobs WHERE kind = 'review_tiers' AND state = 'queued'"
    return scalar(app, query)


def test_member_falls_to_the_tier_that_the_window_still_reaches(app, api):
    set_tiers(api)
    with time_machine.travel(FIRST_DAY, tick=False):
        buy(api, receipt_no="1", amount=GOLD)
        assert review_now(app).moved == 0
    with time_machine.travel(A_YEAR_LATER, tick=False):
        buy(api, receipt_no="2", amount=SILVER)
        assert tier_of(api) == "gold", "down only at the review"
        assert review_now(app).moved == 1
        assert tier_of(api) == "silver"
        assert review_now(app).moved == 0
        assert moves_of(api, 1) == [
            (None, "gold", "purchase", GOLD),
            ("gold", "silver", "review", SILVER),
        ]


@ON_SQLITE
def test_member_who_bought_nothing_for_a_year_is_in_no_tier(app, api):
    set_tiers(api)
    with time_machine.travel(FIRST_DAY, tick=False):
        buy(api, amount=SILVER)
    with time_machine.travel(A_YEAR_LATER, tick=False):
        review_now(app)
        assert tier_of(api) is None
        assert scalar(app, "SELECT tier_spend FROM members") == 0


@ON_SQLITE
def test_returned_goods_lower_the_tier_at_the_review(app, api):
    set_tiers(api)
    bought = buy(api, amount=SILVER)["purchase"]["id"]
    back = api.post(f"/purchases/{bought}/returns", {"return_no": "R-1", "amount": 1})
    assert back.status_code == 201, back.json
    assert tier_of(api) == "silver"
    review_now(app)
    assert tier_of(api) is None


def test_new_tier_takes_in_who_reaches_it_already(app, api):
    buy(api, amount=SILVER)
    set_tiers(api)
    assert tier_of(api) is None
    assert waiting(app) == 1, "the second tier does not ask again"
    assert do_jobs(app) == 1
    assert moves_of(api, 1) == [(None, "silver", "review", SILVER)]


@ON_SQLITE
def test_other_threshold_moves_members_and_another_name_does_not_ask(app, api):
    set_tiers(api)
    buy(api, amount=SILVER)
    do_jobs(app)
    api.patch("/tiers/silver", {"name": "Bạc", "multiplier_percent": 120})
    assert waiting(app) == 0
    api.patch("/tiers/silver", {"threshold": SILVER + 1})
    do_jobs(app)
    assert tier_of(api) is None


def test_members_of_a_tier_that_ended_are_in_the_one_below(app, api):
    set_tiers(api)
    buy(api, amount=GOLD)
    assert api.delete("/tiers/gold").status_code == 204
    assert tier_of(api) is None, "until the review, which begins at once"
    do_jobs(app)
    assert tier_of(api) == "silver"
    assert moves_of(api, 1)[-1] == ("gold", "silver", "review", GOLD)


@ON_SQLITE
def test_slug_and_threshold_of_an_ended_tier_are_free_again(app, api):
    set_tiers(api)
    buy(api, amount=GOLD)
    api.delete("/tiers/gold")
    add_tier(api, "gold", GOLD)
    do_jobs(app)
    assert tier_of(api) == "gold"


@ON_SQLITE
def test_purchase_after_the_end_of_its_members_tier_lands_where_it_belongs(api):
    set_tiers(api)
    buy(api, receipt_no="1", amount=GOLD)
    api.delete("/tiers/gold")
    assert buy(api, receipt_no="2", amount=1)["member"]["tier"] == "silver"


def test_another_basis_counts_anew(app, api):
    """What was the bound in money says nothing in points."""
    buy(api, amount=SILVER)
    set_tiers(api, silver=90)
    set_policy(api, tiering={"basis": "points"})
    assert review_now(app).moved == 1
    assert moves_of(api, 1) == [(None, "silver", "review", 100)]
    assert scalar(app, "SELECT tier_spend FROM members") == 100


@ON_SQLITE
def test_longer_window_counts_what_was_bought_before(app, api):
    set_tiers(api)
    with time_machine.travel(FIRST_DAY, tick=False):
        buy(api, amount=SILVER)
    with time_machine.travel(A_YEAR_LATER, tick=False):
        review_now(app)
        set_policy(api, tiering={"window_months": 24})
        review_now(app)
        assert tier_of(api) == "silver"


def test_review_goes_in_steps_and_counts_everybody(app, api, monkeypatch):
    monkeypatch.setattr(tiers_review, "BATCH_ROWS", 2)
    set_tiers(api)
    for number in range(5):
        buy(api, phone=phone(number), receipt_no=str(number), amount=SILVER)
    change(app, "UPDATE members SET tier_id = NULL, tier_spend = 0 WHERE id <> 3")
    told: list[int] = []
    with app.app_context():
        reviewed = tiers_review.review(clock.now(), report=told.append)
    assert (reviewed.members, reviewed.moved, told) == (5, 4, [2, 4, 5])


@ON_SQLITE
def test_command_says_how_many_moved(app, api, cli):
    set_tiers(api)
    buy(api, amount=SILVER)
    change(app, "UPDATE members SET tier_id = NULL")
    assert "1 members reviewed, 1 moved." in cli.invoke(args=["tiers", "review"]).output
    assert "1 members reviewed, 0 moved." in cli.invoke(args=["tiers", "review"]).output


def test_monthly_review_is_asked_for_once_a_month_and_again_after_a_failure(app, api):
    def ask(at):
        with time_machine.travel(at, tick=False), app.app_context():
            return queue_monthly_review()

    assert ask(local("2027-03-31 23:00"))
    assert not ask(local("2027-03-31 23:30"))
    do_jobs(app)
    assert ask(local("2027-04-01 00:30"))
    assert ask(local("2027-05-01 00:30"))
    change(app, "UPDATE jobs SET state = 'failed'")
    assert ask(local("2027-05-02 00:30"))


@ON_SQLITE
def test_two_who_ask_at_once_leave_one_job(app, api):
    def ask():
        queue_review(clock.now())

    with app.app_context():
        in_transaction(ask)
        in_transaction(ask)
    assert waiting(app) == 1
    assert scalar(app, "SELECT kind FROM jobs") == REVIEW_TIERS


def test_merged_account_keeps_the_higher_tier_and_counts_both(app, api):
    set_tiers(api)
    buy(api, phone=phone(1), receipt_no="1", amount=SILVER)
    buy(api, phone=phone(2), receipt_no="2", amount=GOLD - SILVER)
    source, survivor = (api.get("/members", phone=phone(n)).json["items"][0]["id"] for n in (1, 2))
    merged = api.post(f"/members/{source}/merge", {"into": survivor})
    assert merged.status_code == 200, merged.json
    assert tier_of(api, phone(2)) == "gold"
    assert moves_of(api, survivor)[-1] == ("silver", "gold", "merge", GOLD)


@ON_SQLITE
def test_merge_leaves_the_higher_tier_of_two_until_the_review(app, api):
    set_tiers(api)
    with time_machine.travel(FIRST_DAY, tick=False):
        buy(api, phone=phone(1), receipt_no="1", amount=GOLD)
        buy(api, phone=phone(2), receipt_no="2", amount=1)
    with time_machine.travel(A_YEAR_LATER, tick=False):
        assert api.post("/members/1/merge", {"into": 2}).status_code == 200
        assert tier_of(api, phone(2)) == "gold"
        review_now(app)
        assert tier_of(api, phone(2)) is None


@ON_SQLITE
def test_closed_members_are_left_as_they_are(app, api):
    set_tiers(api)
    buy(api, amount=SILVER)
    assert api.post("/members/1/erasure", {"reason": "asked for"}).status_code < 300
    assert review_now(app).members == 0
