"""The tag-rule language as plain values: what a checked rule is. No database here.

A rule is a tree. Its leaves test a field of the member, or what the member bought; `AllOf`,
`AnyOf` and `NotRule` put them together. Source: design, The two languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Op(StrEnum):
    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    BETWEEN = "between"
    """Both ends within."""
    IN = "in"
    CONTAINS = "contains"
    MISSING = "missing"
    BIRTHDAY_WITHIN = "birthday_within"


class Agg(StrEnum):
    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    DISTINCT = "distinct"


class Of(StrEnum):
    AMOUNT = "amount"
    QUANTITY = "quantity"
    RECEIPT = "receipt"
    MONTH = "month"
    STORE = "store"
    PURCHASED_AT = "purchased_at"


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The last `n` units before `as_of`, by the shop's clock: month ends are clipped. The
    beginning is within, `as_of` is not."""

    n: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From (within) to (not within); a plain date is the local midnight with which it begins.
    One of them may be None: open on that side."""

    since: date | datetime | None
    until: date | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ago:
    """A moment relative to `as_of`, as the value of a date field: `{"ago": 90, "unit": "day"}`."""

    n: int
    unit: Unit


THIS_MONTH = "this_month"
"""Value of `birthday_within`: the calendar month of `as_of`. Else a number of days N: from
today through N days ahead. Born on 29 February: 28 February in a year that has none."""

Scalar = int | float | str | bool | date | datetime | Ago
Value = Scalar | tuple[Scalar, ...] | None
"""A tuple for `in` and for the two ends of `between`; None for `missing`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTest:
    """A leaf over a field of the profile, or over `attributes.<name>`. A missing field fails
    every operator but `missing`."""

    field: str
    op: Op
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Which purchases (or lines of them) count: store, channel, category, sku, hour, weekday
    (1 is Monday)."""

    field: str
    op: Op
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseTest:
    """A leaf over what a member bought, net of returns: void and wholly returned purchases are
    in nothing. Of nobody's purchases count, sum and distinct are 0, and the rest is missing.
    Conditions on category and sku look at lines: their sums are of the lines that fit."""

    agg: Agg
    of: Of
    op: Op
    value: Value
    within: Last | Period | None = None
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRule:
    """Every active member that is not in `part`."""

    part: Rule


Rule = AllOf | AnyOf | NotRule | FieldTest | PurchaseTest


def leaves(rule: Rule) -> Iterator[FieldTest | PurchaseTest]:
    match rule:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from leaves(part)
        case NotRule(part=part):
            yield from leaves(part)
        case _:
            yield rule
