"""Networks fail between the deed and the answer, so every caller says things twice."""

from __future__ import annotations

from tests.conformance.system import at_once


def test_a_purchase_confirmed_twice_earns_once(system):
    receipt = system.receipt(system.new_phone(), 150_000)
    first, again = system.post("/purchases", receipt), system.post("/purchases", receipt)
    assert (first.status, again.status) == (201, 200)
    assert first.json["purchase"]["id"] == again.json["purchase"]["id"]
    assert system.has(first.json["member"]["id"]) == (15, 0)


def test_one_receipt_sent_by_eight_at_once_earns_once(system):
    receipt = system.receipt(system.new_phone(), 150_000)
    answers = at_once([lambda: system.post("/purchases", receipt)] * 8)
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert system.has(answers[0].json["member"]["id"]) == (15, 0)


def test_points_captured_twice_are_spent_once(system):
    member, _ = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    first, again = (system.post(f"/redemptions/{held}/capture") for _ in range(2))
    assert (first.status, again.status) == (200, 200)
    assert first.json["id"] == again.json["id"] == held
    assert system.has(member) == (40, 0)


def test_a_capture_and_a_void_at_once_do_one_of_the_two(system):
    member, _ = system.member_with(100)
    held = system.hold(member, 60).json["id"]
    captured, voided = at_once(
        [
            lambda: system.post(f"/redemptions/{held}/capture"),
            lambda: system.post(f"/redemptions/{held}/void"),
        ]
    )
    assert sorted([captured.status, voided.status]) == [200, 409]
    assert system.has(member) == (40 if captured.status == 200 else 100, 0)


def test_a_refund_that_is_repeated_is_one_refund(system):
    bought = system.buy(system.new_phone(), 300_000)
    number = system.new_number()
    answers = [system.bring_back(bought["purchase"]["id"], 100_000, number) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 200, 200]
    assert system.has(bought["member"]["id"]) == (20, 0)


def test_a_refund_number_used_again_for_another_amount_is_told_apart(system):
    bought = system.buy(system.new_phone(), 300_000)
    number = system.new_number()
    system.bring_back(bought["purchase"]["id"], 100_000, number)
    other = system.bring_back(bought["purchase"]["id"], 50_000, number)
    assert (other.status, other.code) == (409, "receipt_conflict")
    assert system.has(bought["member"]["id"]) == (20, 0)


def test_a_reversal_that_is_repeated_gives_back_once(system):
    member, _ = system.member_with(100)
    spent = system.spend(member, 60)
    for _ in range(3):
        system.done(f"/redemptions/{spent}/reverse")
    assert system.has(member) == (100, 0)


def test_a_purchase_cancelled_twice_loses_its_points_once(system):
    bought = system.buy(system.new_phone(), 150_000)
    system.buy(bought["member"]["phone"], 100_000)
    for _ in range(2):
        system.done(f"/purchases/{bought['purchase']['id']}/void")
    assert system.has(bought["member"]["id"]) == (10, 0)


def test_the_same_key_gives_the_first_answer_and_adjusts_once(system):
    member, _ = system.member_with(10)
    body, key = {"points": 7, "reason": "sorry for the wait"}, system.new_number()
    path = f"/members/{member}/adjustments"
    first, again = (system.post(path, body, Idempotency_Key=key) for _ in range(2))
    assert (first.status, first.json) == (again.status, again.json)
    assert system.has(member) == (17, 0)
