"""A tag rule as one select, with the same meaning on both databases.

Members are joined to one derived table per question that lies elsewhere: whatever a rule asks
of purchases, each distinct window with its conditions is one pass over them. What is missing
is NULL and fails; `not` is the complement, so NULL within it counts as a no.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    and_,
    case,
    cast,
    extract,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from loyalty.core import clock
from loyalty.members.rules import fold
from loyalty.tags.attribute_tests import attribute_test
from loyalty.tags.comparing import Column, Only, Test, compare, holds, is_one_of
from loyalty.tags.fields import ATTRIBUTE_PREFIX, FIELDS, kind_of_aggregate
from loyalty.tags.language import (
    THIS_MONTH,
    AllOf,
    AnyOf,
    FieldTest,
    NotRule,
    Op,
    PurchaseTest,
    Rule,
    Value,
    leaves,
)
from loyalty.tags.member_columns import Joined, column_of, members
from loyalty.tags.purchase_totals import totals_of
from loyalty.tags.surroundings import Surroundings
from loyalty.tags.windows import birthdays


def members_where(
    rule: Rule, around: Surroundings, *, among: Sequence[int] | None = None
) -> Select[tuple[int]]:
    """The ids of the active members who fit at `around.as_of`; with `among`, of those members
    only, found by index.

    Raises `unknown_attribute` and `unknown_store`, `extra["about"]` naming it, where a stored
    rule asks for what is gone.
    """
    only = _only(among)
    joined = Joined(around, only, list(leaves(rule)), are_few=among is not None)
    fits = _condition(rule, joined)
    return (
        select(members.c.id)
        .select_from(joined.source)
        .where(members.c.closed_at.is_(None), only(members.c.id), fits)
    )


def each_where(rules: Sequence[Rule], around: Surroundings, *, among: Sequence[int]) -> Select[Any]:
    """Of the active members `among` these the id, and one truth per rule: whether they fit.
    What several rules ask of purchases is looked up once.

    Raises what `members_where` does.
    """
    only = _only(among)
    wanted = [leaf for rule in rules for leaf in leaves(rule)]
    joined = Joined(around, only, wanted, are_few=True)
    fits = [
        func.coalesce(_condition(rule, joined), false()).label(f"rule_{place}")
        for place, rule in enumerate(rules)
    ]
    return (
        select(members.c.id, *fits)
        .select_from(joined.source)
        .where(members.c.closed_at.is_(None), only(members.c.id))
    )


def _only(among: Sequence[int] | None) -> Only:
    if among is None:
        return lambda _: true()
    return lambda column: is_one_of(column, among, Integer())


def _condition(rule: Rule, joined: Joined) -> Test:
    match rule:
        case AllOf(parts=parts):
            return and_(*(_condition(part, joined) for part in parts))
        case AnyOf(parts=parts):
            return or_(*(_condition(part, joined) for part in parts))
        case NotRule(part=part):
            return not_(func.coalesce(_condition(part, joined), false()))
        case PurchaseTest():
            return _purchase_test(rule, joined)
        case FieldTest():
            return _field_test(rule, joined)


def _purchase_test(test: PurchaseTest, joined: Joined) -> Test:
    which, (name,) = totals_of(test)
    kind = kind_of_aggregate(test.agg, test.of)
    return compare(joined.total(which, name), kind, test.op, test.value, joined.around)


def _field_test(test: FieldTest, joined: Joined) -> Test:
    field, op, value = test.field, test.op, test.value
    if field.startswith(ATTRIBUTE_PREFIX):
        return attribute_test(test, joined)
    if field == "age" and op is not Op.MISSING:
        return _age_test(test, joined.around.today)
    if op is Op.BIRTHDAY_WITHIN:
        return _birthday_test(value, joined.around.today)
    if field == "name" and op is Op.CONTAINS:
        return holds(members.c.name_folded, fold(str(value)))
    column = members.c.birth_date if field == "age" else column_of(field, joined)
    return compare(column, FIELDS[field].kind, op, value, joined.around)


# -- ages and birthdays --------------------------------------------------------------


def _age_test(test: FieldTest, today: date) -> Test:
    """Full years. Which ages go by the day of birth, which stands in a column as it is."""
    value: Any = test.value

    def at_least(age: int) -> Test:
        return members.c.birth_date <= clock.add_months(today, -12 * age)

    match test.op:
        case Op.BETWEEN:
            return and_(at_least(value[0]), not_(at_least(value[1] + 1)))
        case Op.GE:
            return at_least(value)
        case Op.GT:
            return at_least(value + 1)
        case Op.LT:
            return not_(at_least(value))
        case Op.LE:
            return not_(at_least(value + 1))
        case Op.IN:
            return is_one_of(_age(today), value, Integer())
        case Op.EQ:
            return and_(at_least(value), not_(at_least(value + 1)))
        case _:
            return not_(and_(at_least(value), not_(at_least(value + 1))))


def _age(today: date) -> Column:
    """For a list of ages, which may be long."""
    year, month, day = (_part_of_birth(part) for part in ("year", "month", "day"))
    is_ahead = 100 * month + day > 100 * today.month + today.day
    return today.year - year - case((is_ahead, 1), else_=0)


def _birthday_test(value: Value, today: date) -> Test:
    month, day = (_part_of_birth(part) for part in ("month", "day"))
    if value == THIS_MONTH:
        return month == today.month
    ahead: Any = value
    near = {100 * m + d for m, d in birthdays(today, ahead)}
    return is_one_of(100 * month + day, sorted(near), Integer())


def _part_of_birth(part: str) -> Column:
    return cast(extract(part, members.c.birth_date), Integer)
