"""A condition between its fields in the form, which hold texts, and the rule it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from flask import request
from flask_babel import gettext

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import NAME_LENGTH
from loyalty.pages.manage.tags import numbers
from loyalty.pages.manage.tags.rule_form.subjects import Subject, Subjects
from loyalty.pages.manage.tags.rule_form.ways import Takes, Way
from loyalty.tags.fields import Kind
from loyalty.tags.language import FieldTest, Last, NotRule, Op, PurchaseTest, Rule, Unit
from loyalty.tags.reading import read_rule

_NUMBERS = (Kind.NUMBER, Kind.MONEY, Kind.POINTS)
_WHERE = ("store", "channel", "category")
"""Which purchases count; empty: all of them."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """As its fields hold it. `last` and `last_unit`: how far back purchases count; without a
    unit all of them do."""

    subject: str = ""
    way: str = ""
    value: str = ""
    upper: str = ""
    unit: str = Unit.DAY
    last: str = ""
    last_unit: str = ""
    store: str = ""
    channel: str = ""
    category: str = ""


_FIELDS = tuple(field.name for field in fields(Condition))


# -- out of the form -----------------------------------------------------------------


def typed(place: str) -> Condition:
    """The condition whose fields are called `place-subject` and so on."""
    given = {name: request.form.get(f"{place}-{name}") for name in _FIELDS}
    return Condition(**{name: text.strip() for name, text in given.items() if text is not None})


def rule_of(condition: Condition, every: Subjects) -> Rule:
    """Raises `invalid_request` with the sentence as its detail."""
    subject = every.get(condition.subject)
    if subject is None:
        raise _not_so(gettext("Choose what this is about."))
    try:
        return read_rule(_document(condition, subject, subject.way(condition.way)))
    except Problem as problem:
        raise _not_so(_first_of(problem.errors) or problem.detail) from None


def _document(condition: Condition, subject: Subject, way: Way) -> dict[str, Any]:
    tested: dict[str, Any] = {"op": str(way.op)}
    value = _value(condition, subject, way)
    if value is not None:
        tested["value"] = value
    if subject.aggregate is None:
        document: dict[str, Any] = {"field": subject.name, **tested}
    else:
        agg, of = subject.aggregate
        counted = {"agg": str(agg), "of": str(of), **tested}
        document = {"purchases": counted | _within(condition) | _where(condition)}
    return {"not": document} if way.denies else document


def _value(condition: Condition, subject: Subject, way: Way) -> Any:
    match way.takes:
        case Takes.NOTHING:
            return way.value
        case Takes.ONE:
            return _scalar(condition.value, subject)
        case Takes.TWO:
            return [_scalar(condition.value, subject), _scalar(condition.upper, subject)]
        case Takes.SPAN:
            return {"ago": _number(condition.value, Kind.NUMBER), "unit": condition.unit}
        case Takes.DAYS:
            return _number(condition.value, Kind.NUMBER)


def _scalar(text: str, subject: Subject) -> Any:
    if subject.kind in _NUMBERS:
        return _number(text, subject.kind)
    if not text:
        raise _not_so(gettext("Choose one.") if subject.choices else gettext("Fill this in."))
    return text


def _number(text: str, kind: Kind) -> int | float:
    try:
        return numbers.typed(text, kind)
    except ValueError:
        raise _not_so(gettext("Enter a number.")) from None


def _within(condition: Condition) -> dict[str, Any]:
    if not condition.last_unit:
        return {}
    last = _number(condition.last, Kind.NUMBER)
    return {"within": {"last": last, "unit": condition.last_unit}}


def _where(condition: Condition) -> dict[str, Any]:
    asked = {name: getattr(condition, name) for name in _WHERE}
    found = [
        {"field": name, "op": str(Op.EQ), "value": text} for name, text in asked.items() if text
    ]
    return {"where": found} if found else {}


def _not_so(sentence: Any) -> Problem:
    return Problem(Code.INVALID_REQUEST, detail=sentence)


def _first_of(errors: Any) -> Any:
    """The first sentence in a tree of them."""
    while isinstance(errors, Mapping) and errors:
        errors = next(iter(errors.values()))
    return errors[0] if isinstance(errors, list) and errors else None


# -- into the form -------------------------------------------------------------------


def condition_of(rule: Rule, every: Subjects) -> Condition | None:
    """None of a rule that is more than one condition of the form."""
    match rule:
        case NotRule(part=FieldTest() as test):
            return _of_field(test, every, denies=True)
        case FieldTest():
            return _of_field(rule, every, denies=False)
        case PurchaseTest():
            return _of_purchases(rule, every)
        case _:
            return None


def _of_field(test: FieldTest, every: Subjects, *, denies: bool) -> Condition | None:
    subject = every.get(test.field)
    return _compared(test, subject, denies=denies) if subject else None


def _compared(
    test: FieldTest | PurchaseTest, subject: Subject, *, denies: bool = False
) -> Condition | None:
    """The way in which it is tested, and with what."""
    ways = (way for way in subject.ways if way.denies == denies and way.fits(test.op, test.value))
    way = next(ways, None)
    filled = None if way is None else _filled(test.value, subject, way)
    if way is None or filled is None:
        return None
    return Condition(subject=subject.name, way=way.name, **filled)


def _filled(value: Any, subject: Subject, way: Way) -> dict[str, str] | None:
    match way.takes:
        case Takes.NOTHING:
            return {"value": ""}
        case Takes.SPAN:
            return {"value": numbers.shown(value.n, Kind.NUMBER), "unit": str(value.unit)}
        case Takes.DAYS:
            return {"value": numbers.shown(value, Kind.NUMBER)}
        case Takes.TWO:
            texts = [_shown(each, subject) for each in value]
        case Takes.ONE:
            texts = [_shown(value, subject)]
    if None in texts:
        return None
    return dict(zip(("value", "upper"), map(str, texts), strict=False))


def _shown(value: Any, subject: Subject) -> str | None:
    """None of what its field cannot hold."""
    if subject.kind in _NUMBERS:
        return numbers.shown(value, subject.kind)
    if subject.choices:
        return value if value in dict(subject.choices) else None
    if isinstance(value, datetime):
        return None
    return value.isoformat() if isinstance(value, date) else str(value)[:NAME_LENGTH]


def _of_purchases(test: PurchaseTest, every: Subjects) -> Condition | None:
    what = (test.agg, test.of)
    subject = next((each for each in every.values() if each.aggregate == what), None)
    within, where = _window(test), _conditions(test)
    compared = _compared(test, subject) if subject else None
    if compared is None or within is None or where is None:
        return None
    return replace(compared, **within, **where)


def _window(test: PurchaseTest) -> dict[str, str] | None:
    match test.within:
        case None:
            return {}
        case Last(n=n, unit=unit):
            return {"last": numbers.shown(n, Kind.NUMBER), "last_unit": str(unit)}
        case _:
            return None


def _conditions(test: PurchaseTest) -> dict[str, str] | None:
    """One of a kind, each being a value."""
    found = {each.field: str(each.value) for each in test.where if each.field in _WHERE}
    are_plain = all(each.op is Op.EQ for each in test.where)
    return found if are_plain and len(found) == len(test.where) else None
