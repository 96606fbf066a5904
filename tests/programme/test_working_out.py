"""What a receipt earns: one rule, the tier's multiplier, promotions, rounded down once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loyalty.core.limits import POINTS
from loyalty.programme.earning import Buyer, Kept, Sale, Worked, due_on, work_out
from loyalty.programme.rules import Programme
from tests.programme.programmes import (
    BEGAN,
    GOLD,
    GOLDEN,
    NOBODY,
    SUNDAY_EVENING,
    line,
    programme,
    promotion,
    sale,
)

SHOES = {"categories": ["shoes"]}


def worked(current: Programme, sold: Sale, buyer: Buyer = NOBODY, **given: Any) -> Worked:
    return work_out(current, current.rule(1), sold, buyer, **given)


def due(current: Programme, inputs: dict[str, Any], kept: Kept) -> int:
    return due_on(current, rule_version=1, inputs=inputs, kept=kept)


def test_plain_receipt_keeps_its_amount_alone():
    assert worked(programme(), sale(159_999)) == Worked(points=15, inputs={"amount": 159_999})


def test_tier_multiplies_before_the_sum_is_rounded():
    found = worked(programme(), sale(15_000), GOLDEN)
    assert found.points == 2, "1.5 x 1.5 = 2.25, not 1 x 1.5"
    assert found.inputs["tier"] == {"slug": "gold", "percent": 150}


def test_goods_that_never_earn_are_left_out_of_the_base():
    current = programme(never={"categories": ["postage"], "skus": ["GIFT-CARD"]})
    sold = sale(
        None,
        line("A", 100_000),
        line("P", 30_000, category="postage"),
        line("GIFT-CARD", 500_000),
    )
    found = worked(current, sold)
    assert (found.points, found.inputs) == (10, {"amount": 630_000, "base": 100_000})


def test_nothing_is_earned_where_nothing_was_paid_for_goods_that_earn():
    current = programme(
        promotion(points=50),
        rules=[{"per": "visit", "points": 5}, {"per": "item", "points": 5}],
        never=SHOES,
    )
    assert worked(current, sale(0)).points == 0
    assert worked(current, sale(None, line("A", 90_000, category="shoes"))).points == 0
    assert worked(current, sale(None, line("FREE", 0))).points == 0


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"per": "amount", "points": 3, "per_amount": 20_000}, 22),
        ({"per": "amount", "points": 1, "per_amount": 20_000}, 15),
        ({"per": "visit", "points": 16}, 16),
        ({"per": "visit", "points": 14}, 15),
        ({"per": "item", "points": 6}, 18),
        ({"per": "amount", "points": 2, "per_amount": 10_000, "when": SHOES}, 20),
        ({"per": "item", "points": 9, "when": SHOES}, 19),
        ({"per": "item", "points": 9, "when": {"skus": ["B"]}}, 23),
        ({"per": "visit", "points": 40, "when": SHOES}, 40),
        ({"per": "visit", "points": 40, "when": {"categories": ["hats"]}}, 15),
    ],
)
def test_one_rule_applies_the_best_for_the_member(rule: dict[str, Any], expected: int):
    """The basic rule gives 15: for shoes of 50,000 and two shirts of 100,000."""
    sold = sale(None, line("A", 50_000, category="shoes"), line("B", 100_000, quantity=2))
    assert worked(programme(rules=[rule]), sold).points == expected


def test_rules_do_not_add_up():
    rules = [{"per": "visit", "points": 20}, {"per": "visit", "points": 30}]
    found = worked(programme(rules=rules), sale(100_000))
    assert (found.points, found.inputs["rule"]) == (30, 1)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"stores": ["S01"]}, True),
        ({"stores": ["S02"]}, False),
        ({"channels": ["online"]}, False),
        ({"weekdays": [7]}, True),
        ({"weekdays": [1, 2]}, False),
        ({"hours": {"from": 19, "to": 20}}, True),
        ({"hours": {"from": 20, "to": 22}}, False),
        ({"hours": {"from": 18, "to": 19}}, False),
        ({"hours": {"from": 18, "to": 2}}, True),
        ({"hours": {"from": 22, "to": 19}}, False),
        ({"tiers": ["gold"]}, True),
        ({"tiers": ["silver"]}, False),
        ({"tag": "vip"}, True),
        ({"tag": "staff"}, False),
        ({"min_amount": 100_000}, True),
        ({"min_amount": 100_001}, False),
        ({"stores": ["S01"], "weekdays": [6]}, False),
        ({"skus": ["A"]}, False),
    ],
)
def test_conditions_of_a_rule_and_of_a_promotion(when: dict[str, Any], holds: bool):
    buyer = Buyer(tier=GOLD, tags=frozenset({"vip"}))
    by_rule = programme(rules=[{"per": "visit", "points": 100, "when": when}])
    by_promotion = programme(promotion(points=85, when=when))
    assert worked(by_rule, sale(100_000), buyer).points == (150 if holds else 15)
    assert worked(by_promotion, sale(100_000), buyer).points == (100 if holds else 15)


def test_promotion_runs_from_its_start_until_before_its_end():
    current = programme(promotion(points=5))
    ends = BEGAN + timedelta(days=365)
    second = timedelta(seconds=1)
    moments = [BEGAN - second, BEGAN, ends - second, ends]
    assert [worked(current, sale(10_000, local=at)).points for at in moments] == [1, 6, 6, 1]


def test_promotions_come_on_top_and_the_tier_does_not_multiply_them():
    double = promotion(1, times_percent=200)
    five = promotion(2, points=5)
    found = worked(programme(double, five), sale(15_000), GOLDEN)
    assert found.points == 8, "2.25 + 1.5 + 5 = 8.75, rounded down once"
    assert found.uses == {1: 1, 2: 5}


def test_promotion_multiplies_the_goods_it_is_about():
    current = programme(promotion(times_percent=300, when=SHOES))
    sold = sale(None, line("A", 50_000, category="shoes"), line("B", 100_000))
    assert worked(current, sold).points == 15 + 2 * 5


def test_caps_and_what_is_left_of_a_budget_hold_a_promotion_back():
    times = {"times_percent": 200}
    for capped, room in (
        (promotion(**times, cap_receipt=4), {}),
        (promotion(**times, cap_member=4), {}),
        (promotion(**times), {1: 4}),
        (promotion(**times, cap_receipt=9), {1: 4}),
    ):
        found = worked(programme(capped), sale(100_000), room=room)
        assert (found.points, found.uses) == (14, {1: 4})
        assert found.inputs["promotions"] == [{"id": 1, "points": 4, "limit": 4}]


def test_used_up_promotion_leaves_no_trace():
    found = worked(programme(promotion(points=5)), sale(10_000), room={1: 0})
    assert found == Worked(points=1, inputs={"amount": 10_000})


def test_no_receipt_earns_more_than_the_ledger_can_add_up():
    current = programme(points=POINTS, per_amount=1)
    assert worked(current, sale(10**13)).points == POINTS
    assert due(current, {"amount": 10**13}, Kept(amount=10**13)) == POINTS


def test_kept_below_the_least_amount_the_rule_is_worth_the_basic_one():
    when = {"min_amount": 100_000}
    current = programme(
        promotion(points=7, when=when),
        rules=[{"per": "amount", "points": 1, "per_amount": 1_000, "when": when}],
    )
    found = worked(current, sale(200_000))
    kept = [200_000, 100_000, 99_999, 0]
    assert [due(current, found.inputs, Kept(amount=each)) for each in kept] == [207, 107, 9, 0]


def test_rule_that_holds_no_longer_is_not_worth_more_than_while_it_held():
    """By the piece, dear goods bring less than by the basic rule."""
    by_piece = {"per": "item", "points": 10, "when": {"min_amount": 250_000}}
    current = programme(rules=[by_piece])
    dear, cheap = line("A", 240_000), line("B", 50_000, quantity=5)
    found = worked(current, sale(None, dear, cheap))
    one_left = cheap._replace(quantity=1, amount=10_000)
    kept = [(dear, cheap), (dear, one_left), (dear,)]
    assert [due(current, found.inputs, sale(None, *lines)) for lines in kept] == [60, 20, 10]


def test_amount_without_goods_named_is_taken_from_goods_that_do_not_earn_first():
    current = programme(
        rules=[{"per": "amount", "points": 2, "per_amount": 10_000, "when": SHOES}],
        never={"skus": ["POST"]},
    )
    lines = [line("A", 50_000, category="shoes"), line("B", 100_000), line("POST", 30_000)]
    found = worked(current, sale(None, *lines))
    assert found.points == 20
    kept = [150_000, 140_000, 50_000, 25_000, 0]
    assert [due(current, found.inputs, Kept(amount=each, lines=lines)) for each in kept] == [
        *(20, 19, 10, 5, 0)
    ]


def test_nights_are_local():
    late = programme(rules=[{"per": "visit", "points": 9, "when": {"hours": {"from": 0, "to": 6}}}])
    utc_evening = SUNDAY_EVENING.replace(hour=1)
    assert worked(late, sale(10_000, local=utc_evening)).points == 9
