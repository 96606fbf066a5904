"""A member's standing and ledger as callers read them."""

from __future__ import annotations

import pytest

from tests.core.rows import change
from tests.purchases.receipts import buy, points_of, problem, receipt

pytestmark = pytest.mark.usefixtures("store")


def test_standing_answers_as_designed(api):
    member_id = buy(api, purchased_at="2026-11-20T10:00:00+07:00")["member"]["id"]
    assert points_of(api, member_id) == {
        "balance": 15,
        "held": 0,
        "available": 15,
        "debt": 0,
        "expiring": [{"points": 15, "expires_at": "2027-11-20T17:00:00Z"}],
    }


def test_member_without_points_stands_at_nothing(api):
    member_id = buy(api, amount=0)["member"]["id"]
    assert points_of(api, member_id) == {
        "balance": 0,
        "held": 0,
        "available": 0,
        "debt": 0,
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
    member_id = buy(api)["member"]["id"]
    change(app, "UPDATE members SET debt = 40, points = -25 WHERE id = :id", id=member_id)
    standing = points_of(api, member_id)
    assert (standing["balance"], standing["debt"]) == (15, 40)
    change(app, "UPDATE members SET debt = 0 WHERE id = :id", id=member_id)
    assert points_of(api, member_id)["balance"] == 0
    assert api.get(f"/members/{member_id}").get_json()["points"] == 0
