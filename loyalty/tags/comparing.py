"""A column against the value of a rule, the same on both databases. What is missing is NULL,
and so is what is compared with it: only `missing` says yes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Double,
    String,
    any_,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from loyalty.core.db import is_postgresql
from loyalty.tags.documents import as_text
from loyalty.tags.fields import Kind
from loyalty.tags.language import Ago, Op, Scalar, Value
from loyalty.tags.surroundings import Surroundings
from loyalty.tags.windows import day_before, span_of

Column = ColumnElement[Any]
Test = ColumnElement[bool]
Only = Callable[[Column], Test]
"""Keeps a column of member ids to the members that are looked at."""

_TYPES: Mapping[Kind, TypeEngine[Any]] = {
    Kind.TEXT: String(),
    Kind.CHOICE: String(),
    Kind.CHOICES: String(),
    Kind.NUMBER: BigInteger(),
    Kind.MONEY: BigInteger(),
    Kind.POINTS: BigInteger(),
    Kind.BOOL: Boolean(),
    Kind.DATE: Date(),
}
_OPERATORS: Mapping[Op, Callable[[Any, Any], Test]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}


def compare(column: Column, kind: Kind, op: Op, value: Value, around: Surroundings) -> Test:
    if op is Op.MISSING:
        return column.is_(None)
    if kind is Kind.TIME:
        return _compare_times(column, op, value, around)
    if isinstance(value, tuple):
        values = [_plain(each, kind, around) for each in value]
        if op is Op.IN:
            return is_one_of(column, values, _type_of(column, kind))
        return _typed(column, kind).between(*values)
    plain = _plain(value, kind, around)
    if op is Op.CONTAINS:
        return holds(column, plain)
    return _OPERATORS[op](_typed(column, kind), plain)


def holds(column: Column, text: str) -> Test:
    """Whether a text stands within. LIKE would have no regard to case on SQLite, and take
    signs of its own for wildcards."""
    find = func.strpos if is_postgresql() else func.instr
    return find(column, text) > 0


def is_one_of(column: Column, values: Collection[Any], kind: TypeEngine[Any]) -> Test:
    """Of any number of values, handed over in one parameter."""
    given = [kind.python_type(value) for value in values]  # an array's are all of one type
    if is_postgresql():
        return column == any_(bindparam("values", given, ARRAY(kind), unique=True))
    document = bindparam("values", orjson.dumps(given).decode(), String(), unique=True)
    return column.in_(select(func.json_each(document).table_valued("value").c.value))


def _typed(column: Column, kind: Kind) -> Column:
    """What is compared with it takes this type: an Integer column refuses large numbers."""
    return type_coerce(column, _type_of(column, kind))


def _type_of(column: Column, kind: Kind) -> TypeEngine[Any]:
    return column.type if isinstance(column.type, Double) else _TYPES[kind]


def _plain(value: Any, kind: Kind, around: Surroundings) -> Any:
    if isinstance(value, Ago):
        return day_before(around.today, value.n, value.unit)
    if isinstance(value, date) and kind is not Kind.DATE:
        return as_text(value)
    return value


# -- moments ---------------------------------------------------------------------


def _compare_times(column: Column, op: Op, value: Value, around: Surroundings) -> Test:
    if isinstance(value, tuple):
        low, high = value
        return ~_is_before(column, low, around) & ~_is_after(column, high, around)
    before = _is_before(column, value, around)
    after = _is_after(column, value, around)
    match op:
        case Op.EQ:
            return ~before & ~after
        case Op.NE:
            return or_(before, after)
        case Op.LT:
            return before
        case Op.LE:
            return ~after
        case Op.GT:
            return after
        case _:
            return ~before


def _is_before(column: Column, value: Scalar | None, around: Surroundings) -> Test:
    start, _ = span_of(value, around.as_of, around.zone)
    return column < start


def _is_after(column: Column, value: Scalar | None, around: Surroundings) -> Test:
    """A day's end is not within the day any more, a moment is its own end."""
    start, end = span_of(value, around.as_of, around.zone)
    return column > end if start == end else column >= end
