"""What rules can be made of, told to who builds one: a page, or a program of the shop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l

from loyalty.core.limits import (
    RULE_CONDITIONS,
    RULE_DEPTH,
    RULE_NODES,
    RULE_PURCHASE_TESTS,
    RULE_VALUES,
)
from loyalty.core.money import decimals_of
from loyalty.members import attributes
from loyalty.members.rules import provinces_today
from loyalty.programme import service as programme
from loyalty.tags import written
from loyalty.tags.documents import Document
from loyalty.tags.fields import (
    AGGREGATES,
    CONDITION_FIELDS,
    CONDITION_OPS,
    FIELDS,
    Field,
    Kind,
    kind_of_aggregate,
    ops_of_aggregate,
)
from loyalty.tags.language import Agg, Of, Op, Unit
from loyalty.tags.names import field_of
from loyalty.tags.values import RANGES
from loyalty.tags.windows import BIRTHDAY_DAYS, LONGEST

Choices = Sequence[Mapping[str, Any]]
"""`{value, label}`: what a rule says, and what people read."""

_MOMENT_WORDS: Mapping[Op, Any] = {
    Op.EQ: _l("is on"),
    Op.NE: _l("is not on"),
    Op.LT: _l("is before"),
    Op.LE: _l("is on or before"),
    Op.GT: _l("is after"),
    Op.GE: _l("is on or after"),
}
_WORDS: Mapping[Op, Any] = {
    Op.EQ: _l("is"),
    Op.NE: _l("is not"),
    Op.LT: _l("is less than"),
    Op.LE: _l("is at most"),
    Op.GT: _l("is more than"),
    Op.GE: _l("is at least"),
    Op.BETWEEN: _l("is between"),
    Op.IN: _l("is one of"),
    Op.CONTAINS: _l("contains"),
    Op.MISSING: _l("is not known"),
    Op.BIRTHDAY_WITHIN: _l("has the birthday within"),
}
_SEVERAL_WORDS: Mapping[Op, Any] = {
    Op.CONTAINS: _l("include"),
    Op.IN: _l("include one of"),
}
_AGGREGATES: Mapping[tuple[Agg, Of], Any] = {
    (Agg.COUNT, Of.RECEIPT): _l("number of purchases"),
    (Agg.SUM, Of.AMOUNT): _l("amount spent"),
    (Agg.SUM, Of.QUANTITY): _l("number of items bought"),
    (Agg.AVG, Of.AMOUNT): _l("average amount of a purchase"),
    (Agg.AVG, Of.QUANTITY): _l("average number of items of a purchase"),
    (Agg.MIN, Of.AMOUNT): _l("amount of the smallest purchase"),
    (Agg.MIN, Of.QUANTITY): _l("fewest items of a purchase"),
    (Agg.MAX, Of.AMOUNT): _l("amount of the largest purchase"),
    (Agg.MAX, Of.QUANTITY): _l("most items of a purchase"),
    (Agg.FIRST, Of.PURCHASED_AT): _l("first purchase"),
    (Agg.LAST, Of.PURCHASED_AT): _l("last purchase"),
    (Agg.DISTINCT, Of.MONTH): _l("number of months with a purchase"),
    (Agg.DISTINCT, Of.STORE): _l("number of stores bought at"),
}
_UNITS: Mapping[Unit, Any] = {
    Unit.DAY: _l("days"),
    Unit.WEEK: _l("weeks"),
    Unit.MONTH: _l("months"),
    Unit.YEAR: _l("years"),
}
_COUNTED: Mapping[str, str] = {
    "age": "year",
    "family_size": "person",
    "purchase_count": "purchase",
    Of.RECEIPT: "purchase",
    Of.QUANTITY: "item",
    Of.MONTH: "month",
    Of.STORE: "store",
}


def described_fields() -> Document:
    """`fields` (the shop's attributes among them), what can be asked of `purchases`, the
    conditions of `where`, the units of `windows` with the longest each, and the `limits`.

    Each with its operators, choices, range, unit (a currency: minor units), and a whole leaf
    of a rule as an example.
    """
    known = [*FIELDS.values(), *map(field_of, attributes.declared().values())]
    currency = current_app.extensions["settings"].currency
    return {
        "fields": [_field(field) for field in known],
        "purchases": [_purchases(agg, of) for agg, several in AGGREGATES.items() for of in several],
        "where": [_condition(field) for field in CONDITION_FIELDS.values()],
        "windows": [
            {"value": str(unit), "label": str(label), "longest": LONGEST[unit]}
            for unit, label in _UNITS.items()
        ],
        "currency": {"code": currency, "decimals": decimals_of(currency)},
        "limits": {
            "depth": RULE_DEPTH,
            "nodes": RULE_NODES,
            "purchase_tests": RULE_PURCHASE_TESTS,
            "conditions": RULE_CONDITIONS,
            "values": RULE_VALUES,
            "birthday_days": BIRTHDAY_DAYS,
        },
    }


def word_for(op: Op, kind: Kind) -> str:
    """What stands between a field and its value: `is at least`, `is before`."""
    if kind in (Kind.DATE, Kind.TIME) and op in _MOMENT_WORDS:
        return str(_MOMENT_WORDS[op])
    if kind is Kind.CHOICES and op in _SEVERAL_WORDS:
        return str(_SEVERAL_WORDS[op])
    return str(_WORDS[op])


def _field(field: Field) -> Document:
    choices = _choices(field)
    op, value = _example(field, choices)
    return {
        "name": field.name,
        "label": str(field.label),
        **_operators(field.ops, field.kind),
        **_numbers(field.name, field.kind, field.whole),
        "choices": choices,
        "example": {"field": field.name, "op": str(op), "value": value},
    }


def _condition(field: Field) -> Document:
    described = _field(field)
    return described | _operators(CONDITION_OPS[field.kind], field.kind)


def _purchases(agg: Agg, of: Of) -> Document:
    kind = kind_of_aggregate(agg, of)
    op, value = _EXAMPLES[kind]
    test: Document = {"agg": str(agg), "of": str(of), "op": str(op), "value": value}
    if kind is not Kind.TIME:
        test["within"] = {"last": 90, "unit": str(Unit.DAY)}
    return {
        "agg": str(agg),
        "of": str(of),
        "label": str(_AGGREGATES[agg, of]),
        **_operators(ops_of_aggregate(agg), kind),
        **_numbers(of, kind, agg is not Agg.AVG),
        "example": {"purchases": test},
    }


def _operators(ops: Iterable[Op], kind: Kind) -> Document:
    told = [{"value": str(op), "label": word_for(op, kind)} for op in ops]
    return {"kind": str(kind), "operators": told}


def _numbers(name: str, kind: Kind, whole: bool) -> Document:
    if kind not in (Kind.NUMBER, Kind.MONEY, Kind.POINTS):
        return {"unit": None, "whole": None, "least": None, "most": None}
    lowest = None if kind is Kind.NUMBER else 0
    least, most = RANGES.get(name, (lowest, None))
    return {"unit": _unit(name, kind), "whole": whole, "least": least, "most": most}


def _unit(name: str, kind: Kind) -> str | None:
    if kind is Kind.MONEY:
        return str(current_app.extensions["settings"].currency)
    return "point" if kind is Kind.POINTS else _COUNTED.get(name)


def _choices(field: Field) -> Choices | None:
    match field.name:
        case "province":
            home = current_app.extensions["settings"].default_region
            values: Iterable[Any] = [f"{one.list}:{one.code}" for one in provinces_today(home)]
        case "store":
            stores = programme.snapshot().stores.values()
            return [{"value": store.code, "label": store.name} for store in stores]
        case "weekday":
            return [{"value": day, "label": written.weekday(day)} for day in range(1, 8)]
        case _ if field.choices is None:
            return None
        case _:
            values = field.choices
    return [{"value": value, "label": written.named(field, value)} for value in values]


def _example(field: Field, choices: Choices | None) -> tuple[Op, Any]:
    if field.kind is Kind.CHOICES and choices:
        return Op.CONTAINS, choices[0]["value"]
    if choices:
        return Op.EQ, choices[0]["value"]
    if field.name in _EXAMPLES_BY_NAME:
        return _EXAMPLES_BY_NAME[field.name]
    return _EXAMPLES[field.kind]


_AGO = {"ago": 90, "unit": str(Unit.DAY)}
_EXAMPLES: Mapping[Kind, tuple[Op, Any]] = {
    Kind.TEXT: (Op.EQ, "…"),
    Kind.CHOICE: (Op.EQ, "…"),
    Kind.CHOICES: (Op.CONTAINS, "…"),
    Kind.NUMBER: (Op.GE, 3),
    Kind.MONEY: (Op.GE, 1_000_000),
    Kind.POINTS: (Op.GE, 100),
    Kind.BOOL: (Op.EQ, True),
    Kind.DATE: (Op.LT, _AGO),
    Kind.TIME: (Op.LT, _AGO),
}
_EXAMPLES_BY_NAME: Mapping[str, tuple[Op, Any]] = {
    "name": (Op.CONTAINS, "an"),
    "birth_date": (Op.BIRTHDAY_WITHIN, 7),
    "age": (Op.BETWEEN, [26, 45]),
    "hour": (Op.BETWEEN, [18, 21]),
}
