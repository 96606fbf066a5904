"""A member's standing and ledger as callers read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.core import clock
from tests.core.rows import change
from tests.points.spending import capture, hold, release, restore, spend, take_back
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import OTHER_PHONE, buy, points_of, problem, receipt

pytestmark = pytest.mark.usefixtures("store")


def test_standing_answers_as_designed(api):
    member_id = buy(api, purchased_at="2026-11-20T10:00:00+07:00")["member"]["id"]
    assert points_of(api, member_id) == {
        "balance": 15,
        "held": 0,
        "available": 15,
        "debt": 0,
        "pending": 0,
        "expiring": [{"points": 15, "expires_at": "2027-11-20T17:00:00Z"}],
    }


def test_member_without_points_stands_at_nothing(api):
    member_id = buy(api, amount=0)["member"]["id"]
    assert points_of(api, member_id) == {
        "balance": 0,
        "held": 0,
        "available": 0,
        "debt": 0,
        "pending": 0,
        "expiring": [],
    }


def test_ledger_is_paged_newest_first_without_gaps_or_repeats(api):
    rows = [receipt(receipt_no=str(n), amount=10_000 * (n + 1)) for n in range(205)]
    api.post("/purchases/batch", {"purchases": rows})
    path, points, pages = "/members/1/entries", [], 0
    cursor: dict[str, str] = {}
    while True:
        page = api.get(path, **cursor).get_json()
        points += [entry["points"] for entry in page["items"]]
        pages += 1
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
        if pages == 1:
            buy(api, receipt_no="meanwhile", amount=9_990_000)
    assert points == list(range(205, 0, -1))
    assert pages == 3


def test_full_last_page_has_no_next(api):
    rows = [receipt(receipt_no=str(n)) for n in range(100)]
    api.post("/purchases/batch", {"purchases": rows})
    page = api.get("/members/1/entries").get_json()
    assert (len(page["items"]), page["next"]) == (100, None)


def test_bad_cursors_are_refused(api):
    buy(api)
    for cursor in ("", "0", "-1", "1.0", "1e3", "abc", "9" * 30, "\x00", "²", "1 "):
        problem(api.get("/members/1/entries", cursor=cursor), 422, "invalid_request")
    problem(api.get("/members/1/entries", before="1"), 422, "invalid_request")
    problem(api.get("/members/1/points", cursor="1"), 422, "invalid_request")


def test_unknown_members_and_entries_are_not_found(api):
    for member_id in (0, 404, 2**31 - 1):
        for path in ("", "/points", "/entries"):
            problem(api.get(f"/members/{member_id}{path}"), 404, "unknown_member")
    for entry_id in (0, 404, 2**63 - 1):
        problem(api.get(f"/entries/{entry_id}"), 404, "unknown_entry")
    for path in (
        f"/members/{2**31}",
        f"/members/{10**30}/points",
        f"/entries/{2**63}",
        "/entries/x",
    ):
        problem(api.get(path), 404, "not_found")


def test_debt_is_a_figure_of_its_own_and_the_balance_never_below_0(app, api):
    bought = buy(api)
    spend(app, 1, 15)
    take_back(app, bought, 15)
    standing = points_of(api, 1)
    assert (standing["balance"], standing["available"], standing["debt"]) == (0, 0, 15)
    assert api.get("/members/1").get_json()["points"] == 0


def standing(api):
    found = points_of(api, 1)
    return tuple(found[name] for name in ("balance", "held", "available", "debt"))


def test_what_is_held_is_the_members_and_not_to_be_spent(app, api):
    buy(api)
    redemption_id = hold(app, 1, 6)
    assert standing(api) == (15, 6, 9, 0)
    capture(app, redemption_id, 4)
    assert standing(api) == (11, 0, 11, 0)


@pytest.mark.parametrize("is_released", [False, True], ids=["job late", "job ran"])
def test_hold_that_is_over_is_available_though_no_job_ran(app, api, is_released):
    """Also where a debt was made meanwhile: it is repaid from what came back."""
    bought = buy(api)
    with time_machine.travel(clock.now(), tick=False) as time:
        redemption_id = hold(app, 1, 10)
        take_back(app, bought, 8)
        assert standing(api) == (10, 10, 0, 3)
        time.shift(timedelta(minutes=15))
        if is_released:
            release(app, redemption_id, ended_at=clock.now())
        assert standing(api) == (7, 0, 7, 0)
        assert sum(row["points"] for row in points_of(api, 1)["expiring"]) == 7


# -- why ---------------------------------------------------------------------------


def newest(api):
    [entry, *_] = api.get("/members/1/entries").get_json()["items"]
    return api.get(f"/entries/{entry['id']}").get_json()


def test_earned_entry_names_rule_inputs_lot_and_who(api):
    buy(api)
    explained = newest(api)
    why = explained["why"]
    assert (why["rule"]["version"], why["inputs"]["amount"]) == (1, 150_000)
    assert why["rounding"] == "down, once per receipt"
    assert why["lot"]["points"] == 15
    assert why["by"]["actor"].startswith("key:")
    assert why["by"]["name"] == "test manager"


def test_spent_and_given_back_entries_name_lots_and_redemption(app, api):
    buy(api)
    redemption_id = spend(app, 1, 6)
    spent = newest(api)
    assert spent["entry"]["redemption_id"] == redemption_id
    assert (spent["why"]["taken_from"], spent["why"]["put_back"]) == ([{"lot": 1, "points": 6}], [])
    assert (spent["why"]["rule"], spent["why"]["rounding"]) == (None, None)
    restore(app, redemption_id, 6)
    assert newest(api)["why"]["put_back"] == [{"lot": 1, "points": 6}]


def test_reversal_says_what_became_a_debt_and_earning_what_repaid_it(app, api):
    bought = buy(api)
    spend(app, 1, 10)
    take_back(app, bought, 15)
    why = newest(api)["why"]
    assert (why["debt_made"], why["debt_repaid"]) == (10, 0)
    buy(api, receipt_no="HD-2", amount=40_000)
    why = newest(api)["why"]
    assert (why["debt_made"], why["debt_repaid"]) == (0, 4)


def test_return_and_bonus_are_named(app, api):
    document = '{"bonuses": {"first_purchase": 50}}'
    change(app, f"UPDATE programme SET settings = '{document}', revision = 'b'")
    bought = buy(api)
    assert newest(api)["why"]["bonus"] == "first_purchase"
    path = f"/purchases/{bought['purchase']['id']}/returns"
    returned = api.post(path, {"return_no": "T-1", "amount": 50_000}).get_json()["return"]
    why = newest(api)["why"]
    assert (why["return_id"], why["inputs"]["kept"]) == (returned["id"], 100_000)
    assert broken_invariants(app) == ""


def test_merged_accounts_are_read_as_one(app, api):
    source = buy(api, phone=OTHER_PHONE, receipt_no="HD-2", amount=100_000)["member"]["id"]
    survivor = buy(api)["member"]["id"]
    api.post(f"/members/{source}/merge", {"into": survivor})
    entries = api.get(f"/members/{survivor}/entries").get_json()["items"]
    assert [entry["kind"] for entry in entries] == ["merge_in", "merge_out", "earn", "earn"]
    assert points_of(api, survivor)["balance"] == 25


def test_rule_beside_the_basic_one_and_promotion_are_named(app, api):
    special = {"rules": [{"per": "visit", "points": 99}]}
    rule = {"points": 1, "per_amount": 10_000, "special": special}
    assert api.post("/earning-rules", rule).status_code == 201
    ends_at = (clock.now() + timedelta(days=9)).isoformat()
    promotion = {"name": "Tết", "terms": {"points": 5}, "ends_at": ends_at}
    assert api.post("/promotions", promotion).status_code == 201
    buy(api)
    why = newest(api)["why"]
    assert (why["rule"]["version"], why["special_rule"]["points"]) == (2, 99)
    assert why["promotions"] == [{"id": 1, "name": "Tết", "points": 5}]
