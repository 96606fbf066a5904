"""A customer group as three zones: the same as its expression, or not shown as zones at all."""

from __future__ import annotations

import pytest

from loyalty.audiences.language import AllOf, AnyOf, Leaf, NotIn
from loyalty.groups.models import GroupKind
from loyalty.pages.manage.groups.zones import Zones, expression_of, steps_of, zones_of

A, B, C, D = (Leaf(GroupKind.TAG, slug) for slug in "abcd")


@pytest.mark.parametrize(
    ("zones", "expression"),
    [
        (Zones(), None),
        (Zones(all=(A,)), A),
        (Zones(all=(A, B)), AllOf((A, B))),
        (Zones(any=(A, B)), AnyOf((A, B))),
        (Zones(none=(A,)), NotIn(A)),
        (Zones(none=(A, B)), NotIn(AnyOf((A, B)))),
        (
            Zones(all=(A,), any=(B, C), none=(D,)),
            AllOf((A, AnyOf((B, C)), NotIn(D))),
        ),
    ],
)
def test_zones_and_the_expression_that_is_kept_say_the_same(zones, expression):
    assert expression_of(zones) == expression
    if expression is not None:
        assert zones_of(expression) == zones


@pytest.mark.parametrize(
    "expression",
    [
        AnyOf((A, AllOf((B, C)))),
        AllOf((AnyOf((A, B)), AnyOf((C, D)))),
        NotIn(AllOf((A, B))),
        AllOf((A, AllOf((B, NotIn(C))))),
        NotIn(NotIn(A)),
    ],
)
def test_expressions_of_more_than_three_zones_are_not_squeezed_into_them(expression):
    assert zones_of(expression) is None


def test_one_alone_in_the_second_zone_is_kept_as_one_that_all_must_have():
    kept = expression_of(Zones(all=(A,), any=(B,)))
    assert kept == AllOf((A, B))
    assert zones_of(kept) == Zones(all=(A, B))


def test_a_group_stands_in_one_zone_alone():
    zones = Zones(all=(A, B)).put(A, "none")
    assert zones == Zones(all=(B,), none=(A,))
    assert zones.put(A, "none") == zones
    assert zones.without(A) == Zones(all=(B,))


def test_each_step_holds_the_one_before():
    steps = steps_of(Zones(all=(A,), none=(B, C)))
    assert list(steps) == ["all", "none"]
    assert steps["none"] == AllOf((steps["all"], NotIn(AnyOf((B, C)))))
