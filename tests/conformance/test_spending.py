"""The same points, wanted in two places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.conformance.system import at_once


def test_of_two_claims_at_once_exactly_one_gets_the_points(system):
    member, _ = system.member_with(100)
    answers = at_once([lambda: system.hold(member, 70)] * 2)
    won, lost = sorted(answers, key=lambda answer: answer.status)
    assert (won.status, lost.status, lost.code) == (201, 409, "insufficient_points")
    assert lost.json["available"] == 30
    assert system.has(member) == (30, 0)


def test_of_ten_claims_at_once_only_as_many_succeed_as_there_are_points_for(system):
    member, _ = system.member_with(100)
    answers = at_once([lambda: system.hold(member, 30)] * 10)
    assert [answer.status for answer in answers].count(201) == 3
    assert {answer.code for answer in answers if answer.status != 201} == {"insufficient_points"}
    assert system.has(member) == (10, 0)


def test_the_last_piece_of_a_gift_goes_to_one(system):
    gift = system.made("/rewards", {"name": "Last towel", "cost": 10, "stock": 1})["id"]
    members = [system.member_with(10)[0] for _ in range(4)]
    claim = {"reward": gift}
    answers = at_once(
        [partial(system.post, f"/members/{member}/redemptions", claim) for member in members]
    )
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert sorted(system.has(member)[0] for member in members) == [0, 10, 10, 10]


def test_what_is_held_is_not_lost(system):
    member, _ = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    seen = system.points(member)
    assert (seen["balance"], seen["held"], seen["available"]) == (100, 60, 40)
    system.done(f"/redemptions/{held}/void")
    seen = system.points(member)
    assert (seen["balance"], seen["held"], seen["available"]) == (100, 0, 100)


def test_a_part_captured_leaves_the_rest_with_the_member(system):
    member, _ = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    system.done(f"/redemptions/{held}/capture", {"points": 25})
    seen = system.points(member)
    assert (seen["balance"], seen["held"], seen["available"]) == (75, 0, 75)


def test_a_discount_is_never_given_without_taking_the_points(system):
    member, phone = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    system.done(f"/redemptions/{held}/void")
    refused = system.post("/purchases", system.receipt(phone, 90_000, redemptions=[held]))
    assert (refused.status, refused.code) == (409, "redemption_ended")
    assert system.has(member) == (100, 0)
    bought = [entry for entry in system.ledger(member) if entry["kind"] == "earn"]
    assert len(bought) == 1


def test_a_discount_of_somebody_else_is_refused_with_the_whole_receipt(system):
    owner, _ = system.member_with(100)
    other, phone = system.member_with(5)
    held = system.hold(owner, 60).json["id"]
    refused = system.post("/purchases", system.receipt(phone, 90_000, redemptions=[held]))
    assert refused.status in (404, 409, 422)
    assert (system.has(owner), system.has(other)) == ((40, 0), (5, 0))


def test_a_receipt_paid_with_points_that_is_sent_again_takes_them_once(system):
    member, phone = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    receipt = system.receipt(phone, 90_000, redemptions=[held])
    assert [system.post("/purchases", receipt).status for _ in range(2)] == [201, 200]
    assert system.has(member) == (49, 0)


def test_two_receipts_with_one_discount_get_it_once(system):
    member, phone = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    receipts = [system.receipt(phone, 90_000, redemptions=[held]) for _ in range(2)]
    answers = at_once([partial(system.post, "/purchases", receipt) for receipt in receipts])
    assert sorted(answer.status for answer in answers) == [201, 409]
    assert system.has(member) == (49, 0)


@pytest.mark.parametrize("spend", [1, 15])
def test_points_past_their_day_cannot_be_spent_though_nobody_swept_them(system, spend):
    phone = system.new_phone()
    long_ago = (datetime.now(UTC) - timedelta(days=420)).isoformat()
    lapsed = system.buy(phone, 150_000, purchased_at=long_ago)
    assert lapsed["member"]["points"] == 0
    refused = system.hold(lapsed["member"]["id"], spend)
    assert (refused.code, refused.json["available"]) == ("insufficient_points", 0)
    system.buy(phone, 20_000)
    assert system.has(lapsed["member"]["id"]) == (2, 0)
