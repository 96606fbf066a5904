"""Points held, captured, voided, given back: each step once, however often it is asked for."""

from __future__ import annotations

import pytest
import time_machine

from loyalty.rewards.jobs import lapse_holds
from tests.api import Api
from tests.core.rows import change, column, row_counts, scalar
from tests.purchases.receipts import OTHER_PHONE, buy, problem
from tests.rewards.spending import (
    HOLD,
    done,
    hold,
    later,
    left,
    offer,
    refused,
    seen,
    spend,
    standing,
    step,
    try_hold,
)
from tests.shop import make_store


@pytest.fixture(autouse=True)
def member(shop, api):
    """Member 1 with 15 points."""
    return buy(api)["member"]["id"]


def test_hold_takes_points_out_of_reach_and_a_capture_spends_them(api):
    held = hold(api, points=6)
    assert (held["state"], held["kind"], held["points"], held["worth"]) == (
        "held",
        "payment",
        6,
        600,
    )
    assert standing(api) == (15, 6, 9)
    captured = done(api, held, "capture")
    assert (captured["state"], captured["captured"]) == ("captured", 6)
    assert standing(api) == (9, 0, 9)
    assert seen(api, held) == captured


def test_of_a_payment_a_part_is_captured_and_the_rest_released(api):
    captured = done(api, hold(api, points=6), "capture", points=2)
    assert (captured["captured"], captured["worth"]) == (2, 200)
    assert standing(api) == (13, 0, 13)


def test_each_step_said_twice_is_done_once(app, api):
    for what in ("capture", "void", "reverse"):
        redemption = spend(api, points=3) if what == "reverse" else hold(api, points=3)
        first = done(api, redemption, what)
        rows = row_counts(app)
        assert done(api, redemption, what) == first
        assert row_counts(app) == rows


def test_hold_under_one_key_is_one_hold(api):
    headers = {"Idempotency_Key": "till-7"}
    answers = [api.post("/members/1/redemptions", {"points": 6}, **headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert standing(api) == (15, 6, 9)


def test_void_frees_the_points(api):
    voided = done(api, hold(api, points=6), "void")
    assert (voided["state"], voided["captured"]) == ("voided", 0)
    assert standing(api) == (15, 0, 15)


def test_reverse_gives_back_what_was_captured(api):
    reversed_ = done(api, spend(api, points=6), "reverse")
    assert (reversed_["state"], reversed_["restored"]) == ("reversed", 6)
    assert standing(api) == (15, 0, 15)


FORBIDDEN_STEPS: list[tuple[list[str], str]] = [
    (["capture"], "void"),
    (["capture", "reverse"], "void"),
    (["capture", "reverse"], "capture"),
    (["void"], "capture"),
    (["void"], "reverse"),
    ([], "reverse"),
]


def test_step_that_does_not_follow_is_refused(api):
    for before, what in FORBIDDEN_STEPS:
        redemption = hold(api, points=1)
        for each in before:
            redemption = done(api, redemption, each)
        problem(step(api, redemption, what), 409, "redemption_ended")
        assert seen(api, redemption) == redemption


def test_capture_of_another_part_is_another_wish(api):
    redemption = hold(api, points=6)
    done(api, redemption, "capture", points=2)
    done(api, redemption, "capture", points=2)
    problem(step(api, redemption, "capture", points=3), 409, "redemption_ended")


def test_no_more_than_is_held_is_captured_and_a_gift_is_taken_whole(api):
    problem(step(api, hold(api, points=6), "capture", points=7), 422, "invalid_request")
    gift = hold(api, reward=offer(api)["id"])
    problem(step(api, gift, "capture", points=1), 422, "invalid_request")
    assert done(api, gift, "capture", points=5)["state"] == "captured"


def test_too_few_points_say_how_many_there_are(api):
    hold(api, points=6)
    assert refused(api, "insufficient_points", points=10)["available"] == 9
    assert standing(api) == (15, 6, 9)


def test_hold_ends_by_itself(app, api):
    redemption = hold(api, points=15)
    with time_machine.travel(later() + HOLD, tick=False):
        assert seen(api, redemption)["state"] == "lapsed"
        assert standing(api) == (15, 0, 15)
        problem(step(api, redemption, "capture"), 409, "hold_lapsed")
        # Its points are there for the next, whether the job has been there or not.
        hold(api, points=15)
        assert seen(api, redemption)["state"] == "lapsed"
        problem(step(api, redemption, "capture"), 409, "hold_lapsed")
        problem(step(api, redemption, "reverse"), 409, "redemption_ended")


def test_void_of_a_hold_that_is_over_changes_nothing_that_is_seen(app, api):
    over, swept = hold(api, points=6), hold(api, points=6)
    with time_machine.travel(later() + HOLD, tick=False):
        assert done(api, over, "void")["state"] == "lapsed"
        assert lapse(app) == 1
        assert done(api, swept, "void")["state"] == "lapsed"
        assert standing(api) == (15, 0, 15)


def test_the_job_ends_holds_whose_time_is_over_once(app, api):
    gift = offer(api, stock=1)
    over = [hold(api, points=2), hold(api, reward=gift["id"])]
    with time_machine.travel(later(minutes=1), tick=False):
        open_ = hold(api, points=3)
    assert lapse(app) == 0
    with time_machine.travel(later() + HOLD, tick=False):
        assert (lapse(app), lapse(app)) == (2, 0)
        assert [seen(api, each)["state"] for each in (*over, open_)] == ["lapsed", "lapsed", "held"]
        assert standing(api) == (15, 3, 12)
        assert left(api, gift) == 1
    ended = "SELECT count(*) FROM redemptions WHERE state = 'lapsed' AND ended_at = expires_at"
    assert scalar(app, ended) == 2


def lapse(app):
    with app.app_context():
        return lapse_holds()


def test_whoever_did_it_is_kept(api, cashier_api):
    redemption = hold(cashier_api, points=6)
    done(api, redemption, "capture")
    ended = done(api, redemption, "reverse")
    assert [ended[f"{did}_by"] for did in ("created", "captured", "ended")] == [
        "key:2",
        "key:1",
        "key:1",
    ]


def test_a_cashier_spends_and_does_not_give_back(api, cashier_api):
    redemption = spend(cashier_api, points=6)
    problem(step(cashier_api, redemption, "reverse"), 403, "forbidden")


def test_store_is_the_one_named_or_the_callers_only_one(app, api, client, api_key):
    make_store(app, "S02")
    here = Api(client, api_key("manager", store_code="S01"))
    assert hold(here, points=1)["store"] == "S01"
    assert hold(api, points=1)["store"] is None
    there = spend(api, points=1, store="S02")
    assert there["store"] == "S02"
    problem(try_hold(here, points=1, store="S02"), 403, "forbidden")
    problem(try_hold(api, points=1, store="S09"), 422, "unknown_store")
    problem(step(here, there, "reverse"), 403, "outside_your_stores")


def test_either_a_reward_or_points_are_asked_for(api):
    offer(api)
    for asked in ({}, {"points": 1, "reward": 1}, {"points": 0}, {"points": "1"}):
        problem(api.post("/members/1/redemptions", asked), 422, "invalid_request")


def test_what_is_not_there(api):
    refused(api, "unknown_member", 9, status=404, points=1)
    refused(api, "unknown_reward", status=404, reward=9)
    for what in ("capture", "void", "reverse"):
        problem(step(api, {"id": 9}, what), 404, "unknown_redemption")
    problem(api.get("/redemptions/9"), 404, "unknown_redemption")


def test_code_finds_it_however_it_is_typed(api):
    redemption = hold(api, points=6)
    code = redemption["code"]
    for written in (code, f"{code[:4].lower()} {code[4:8]}-{code[8:]}"):
        assert api.get("/redemptions", code=written).get_json()["items"] == [redemption]
    for wrong in (code[::-1], "A" * 14, "x"):
        assert api.get("/redemptions", code=wrong).get_json() == {"items": [], "next": None}


def test_code_as_a_qr(api):
    answer = api.get(f"/redemptions/{hold(api, points=6)['id']}/qr.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert "<svg" in answer.text


def test_a_members_redemptions_newest_first_in_pages(app, api):
    made = [hold(api, points=1) for _ in range(3)]
    buy(api, receipt_no="HD-2", phone=OTHER_PHONE)
    hold(api, 2, points=1)
    found = api.get("/members/1/redemptions").get_json()
    assert found == {"items": made[::-1], "next": None}
    page = api.get("/members/1/redemptions", cursor=made[1]["id"]).get_json()
    assert page["items"] == made[:1]
    problem(api.get("/members/9/redemptions"), 404, "unknown_member")


def test_nothing_is_spent_by_a_member_who_is_closed(app, api):
    redemption = hold(api, points=6)
    done(api, redemption, "void")
    change(app, "UPDATE members SET closed_at = joined_at, erased_at = joined_at WHERE id = 1")
    refused(api, "unknown_member", status=404, points=1)
    problem(step(api, redemption, "capture"), 409, "member_erased")
    change(app, "UPDATE members SET closed_at = NULL, erased_at = NULL WHERE id = 1")


def test_ledger_of_a_part_captured_and_given_back(app, api):
    """What each step writes: hold, then its end and what was spent, then that again."""
    done(api, done(api, hold(api, points=6), "capture", points=2), "reverse")
    entries = column(app, "SELECT kind || ' ' || points FROM point_entries ORDER BY id")
    assert entries == ["earn 15", "hold -6", "release 6", "redeem -2", "restore 2"]
    assert column(app, "SELECT remaining FROM point_lots") == [15]
