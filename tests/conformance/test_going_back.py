"""Goods and receipts go back; points neither appear nor vanish by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest


@pytest.mark.parametrize(
    "parts", [[100_000], [33_333, 33_333, 33_334], [99_999, 1], [1, 49_999, 50_000]]
)
def test_any_split_of_a_refund_ends_where_one_refund_ends(system, parts):
    bought = system.buy(system.new_phone(), 100_000)
    for part in parts:
        assert system.bring_back(bought["purchase"]["id"], part).status == 201
    assert system.has(bought["member"]["id"]) == (0, 0)


def test_thirds_leave_no_residue(system):
    """0.1 + 0.2 is not 0.3 where money is a float."""
    bought = system.buy(system.new_phone(), 300_000)
    purchase, member = bought["purchase"]["id"], bought["member"]["id"]
    seen = []
    for _ in range(3):
        system.bring_back(purchase, 99_999)
        seen.append(system.has(member)[0])
    assert seen == [20, 10, 0]
    assert system.bring_back(purchase, 3).status == 201
    assert system.bring_back(purchase, 1).code == "return_exceeds_purchase"


def test_a_refund_of_more_than_was_paid_is_refused_and_changes_nothing(system):
    bought = system.buy(system.new_phone(), 100_000)
    refused = system.bring_back(bought["purchase"]["id"], 100_001)
    assert (refused.status, refused.code) == (422, "return_exceeds_purchase")
    assert system.has(bought["member"]["id"]) == (10, 0)


def test_the_refund_of_an_order_paid_with_points_gives_them_back_once(system):
    member, phone = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    bought = system.buy(phone, 90_000, redemptions=[held])
    assert system.has(member) == (49, 0)
    number = system.new_number()
    for _ in range(2):
        answer = system.bring_back(bought["purchase"]["id"], 90_000, number)
    assert answer.json["return"]["points_restored"] == 60
    assert answer.json["return"]["points_reversed"] == 9
    assert system.has(member) == (100, 0)


def test_half_a_refund_gives_half_of_the_points_back(system):
    member, phone = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    bought = system.buy(phone, 90_000, redemptions=[held])
    system.bring_back(bought["purchase"]["id"], 45_000)
    assert system.has(member) == (100 - 60 + 30 + 4, 0)


def test_points_already_spent_become_a_debt_that_later_earning_repays(system):
    bought = system.buy(system.new_phone(), 100_000)
    member = bought["member"]["id"]
    system.spend(member, 10)
    system.bring_back(bought["purchase"]["id"], 100_000)
    assert system.has(member) == (0, 10)
    assert system.points(member)["balance"] == 0
    system.buy(bought["member"]["phone"], 70_000)
    assert system.has(member) == (0, 3)
    system.buy(bought["member"]["phone"], 50_000)
    assert system.has(member) == (2, 0)


def test_a_cancellation_after_later_earning_takes_no_more_than_it_gave(system):
    first = system.buy(system.new_phone(), 100_000)
    member, phone = first["member"]["id"], first["member"]["phone"]
    system.buy(phone, 50_000)
    system.spend(member, 12)
    system.done(f"/purchases/{first['purchase']['id']}/void")
    assert system.has(member) == (0, 7)
    system.buy(phone, 70_000)
    assert system.has(member) == (0, 0)


def test_points_that_lapsed_are_not_taken_a_second_time(system):
    phone = system.new_phone()
    long_ago = (datetime.now(UTC) - timedelta(days=420)).isoformat()
    lapsed = system.buy(phone, 150_000, purchased_at=long_ago)
    system.buy(phone, 200_000)
    system.bring_back(lapsed["purchase"]["id"], 150_000)
    assert system.has(lapsed["member"]["id"]) == (20, 0)


def test_every_point_can_be_explained(system):
    member, phone = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    bought = system.buy(phone, 90_000, redemptions=[held])
    system.bring_back(bought["purchase"]["id"], 90_000)
    entries = system.ledger(member)
    assert sum(entry["points"] for entry in entries) == 100
    for entry in entries:
        why = system.get(f"/entries/{entry['id']}")["why"]
        assert why["lot"] or why["taken_from"] or why["put_back"], entry
