"""The numbers of a rule, each with its place in the rule's document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from loyalty.tags import thresholds as module
from loyalty.tags.documents import from_document, to_document
from loyalty.tags.fields import Kind
from loyalty.tags.language import Last, PurchaseTest, Unit, leaves
from loyalty.tags.thresholds import Threshold, thresholds, with_thresholds
from tests.tags.random_rules import random_rules
from tests.tags.speaking import speaking

YOUNG = {"field": "age", "op": "between", "value": [18, 25]}
SPENT = {
    "purchases": {
        "agg": "sum",
        "of": "amount",
        "op": "ge",
        "value": 2_000_000,
        "within": {"last": 90, "unit": "day"},
    }
}
LAPSING = {"field": "last_purchase", "op": "lt", "value": {"ago": 3, "unit": "month"}}
RULE = {"all": [YOUNG, {"any": [SPENT, {"not": LAPSING}]}]}


@pytest.fixture(autouse=True)
def no_attributes(monkeypatch):
    monkeypatch.setattr(module, "declared", dict)


def found(document: dict[str, Any]) -> list[Threshold]:
    with speaking("en"):
        return thresholds(from_document(document))


def test_every_number_of_a_rule_is_found_where_it_stands():
    assert [(each.path, each.value) for each in found(RULE)] == [
        (("all", 0, "value", 0), 18),
        (("all", 0, "value", 1), 25),
        (("all", 1, "any", 0, "purchases", "value"), 2_000_000),
        (("all", 1, "any", 0, "purchases", "within", "last"), 90),
        (("all", 1, "any", 1, "not", "value", "ago"), 3),
    ]


def test_each_says_what_it_is():
    low, high, money, window, ago = found(RULE)
    assert (low.sentence, low.label, high.label) == ("aged 18 to 25", "from", "to")
    assert (money.kind, money.label, money.unit) == (Kind.MONEY, "is at least", None)
    assert money.sentence == window.sentence
    assert (window.kind, window.label, window.unit) == (
        Kind.NUMBER,
        "in the last … days",
        Unit.DAY,
    )
    assert (ago.label, ago.unit, ago.most) == ("… months ago", Unit.MONTH, 1_200)


@pytest.mark.parametrize(
    "leaf",
    [
        {"field": "gender", "op": "eq", "value": "female"},
        {"field": "urban", "op": "eq", "value": True},
        {"field": "age", "op": "in", "value": [18, 19]},
        {"field": "birth_date", "op": "birthday_within", "value": "this_month"},
        {"field": "birth_date", "op": "lt", "value": "2000-01-01"},
        {"field": "points", "op": "missing"},
        {"field": "attributes.vehicle", "op": "eq", "value": True},
    ],
)
def test_a_rule_without_numbers_has_none(leaf):
    assert found(leaf) == []


@pytest.mark.parametrize(
    "leaf",
    [
        {"field": "birth_date", "op": "birthday_within", "value": 7},
        {"field": "attributes.distance_km", "op": "lt", "value": 2.5},
        {"field": "points_expiring", "op": "gt", "value": 0},
    ],
)
def test_other_numbers_are_found(leaf):
    assert [(each.path, each.value) for each in found(leaf)] == [(("value",), leaf["value"])]


def test_another_number_makes_another_document():
    values = {each.path: each.value + 1 for each in found(RULE)}
    changed = with_thresholds(RULE, values)
    assert [each.value for each in found(changed)] == [19, 26, 2_000_001, 91, 4]
    assert [each.value for each in found(RULE)] == [18, 25, 2_000_000, 90, 3]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(rule=random_rules())
def test_every_path_leads_to_its_number(rule):
    document = to_document(rule)
    with speaking("en"):
        numbers = thresholds(rule)
    assert with_thresholds(document, {each.path: each.value for each in numbers}) == document
    windows = [
        leaf
        for leaf in leaves(rule)
        if isinstance(leaf, PurchaseTest) and isinstance(leaf.within, Last)
    ]
    assert len([each for each in numbers if "last" in each.path]) == len(windows)
