"""Rules as JSON: the one way in which they are stored and shown. No database here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from loyalty.tags.fields import FIELDS, Kind, kind_of_aggregate
from loyalty.tags.language import (
    Agg,
    Ago,
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    Last,
    NotRule,
    Of,
    Op,
    Period,
    PurchaseTest,
    Rule,
    Scalar,
    Unit,
    Value,
)

Document = dict[str, Any]
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


# -- out -----------------------------------------------------------------------


def to_document(rule: Rule) -> Document:
    """Plain JSON values; reading it back gives the same rule."""
    match rule:
        case AllOf(parts=parts):
            return {"all": [to_document(part) for part in parts]}
        case AnyOf(parts=parts):
            return {"any": [to_document(part) for part in parts]}
        case NotRule(part=part):
            return {"not": to_document(part)}
        case FieldTest():
            return _test(rule)
        case PurchaseTest():
            return {"purchases": _purchases(rule)}


def _test(test: FieldTest | Condition) -> Document:
    return {"field": test.field, "op": str(test.op), **_value(test.value)}


def _purchases(test: PurchaseTest) -> Document:
    document: Document = {"agg": str(test.agg), "of": str(test.of), "op": str(test.op)}
    document |= _value(test.value)
    if test.within is not None:
        document["within"] = _within(test.within)
    if test.where:
        document["where"] = [_test(condition) for condition in test.where]
    return document


def _value(value: Value) -> Document:
    if value is None:
        return {}
    if isinstance(value, tuple):
        return {"value": [_scalar(each) for each in value]}
    return {"value": _scalar(value)}


def _scalar(value: Scalar) -> Any:
    match value:
        case Ago(n=n, unit=unit):
            return {"ago": n, "unit": str(unit)}
        case date():
            return _day_or_moment(value)
        case _:
            return value


def _within(within: Last | Period) -> Document:
    if isinstance(within, Last):
        return {"last": within.n, "unit": str(within.unit)}
    ends = {"from": within.since, "to": within.until}
    return {end: _day_or_moment(given) for end, given in ends.items() if given is not None}


def _day_or_moment(given: date) -> str:
    if isinstance(given, datetime):
        return given.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return given.isoformat()


# -- in, as it was stored ------------------------------------------------------------


def from_document(document: Mapping[str, Any]) -> Rule:
    """A rule that `to_document` wrote. Nothing is checked: what comes from outside is read by
    `reading`."""
    match document:
        case {"all": parts}:
            return AllOf(parts=tuple(from_document(part) for part in parts))
        case {"any": parts}:
            return AnyOf(parts=tuple(from_document(part) for part in parts))
        case {"not": part}:
            return NotRule(part=from_document(part))
        case {"purchases": test}:
            return _read_purchases(test)
        case _:
            return _read_field(document)


def _read_field(document: Mapping[str, Any]) -> FieldTest:
    name = document["field"]
    value = _read_value(document.get("value"), _reader_of(name))
    return FieldTest(field=name, op=Op(document["op"]), value=value)


def _reader_of(name: str) -> Callable[[Any], Any]:
    # Of a declared attribute only the database knows the kind: what looks like a date is one,
    # and who compares it with text writes it as text again (`as_text`).
    kind = FIELDS[name].kind if name in FIELDS else Kind.DATE
    return {Kind.DATE: _read_day, Kind.TIME: _read_time}.get(kind, _as_it_is)


def as_text(value: Scalar) -> str:
    """The value of an attribute of texts."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _read_purchases(test: Mapping[str, Any]) -> PurchaseTest:
    agg = Agg(test["agg"])
    of = Of(test["of"])
    is_time = kind_of_aggregate(agg, of) is Kind.TIME
    return PurchaseTest(
        agg=agg,
        of=of,
        op=Op(test["op"]),
        value=_read_value(test.get("value"), _read_time if is_time else _as_it_is),
        within=_read_within(test.get("within")),
        where=tuple(_read_condition(condition) for condition in test.get("where", ())),
    )


def _read_condition(document: Mapping[str, Any]) -> Condition:
    value = _read_value(document["value"], _as_it_is)
    return Condition(field=document["field"], op=Op(document["op"]), value=value)


def _read_within(document: Mapping[str, Any] | None) -> Last | Period | None:
    if document is None:
        return None
    if "last" in document:
        return Last(n=document["last"], unit=Unit(document["unit"]))
    since, until = (_read_time(document.get(end)) for end in ("from", "to"))
    return Period(since=since, until=until)


def _read_value(given: Any, read: Callable[[Any], Any]) -> Any:
    if isinstance(given, list):
        return tuple(_read_value(each, read) for each in given)
    if isinstance(given, dict):
        return Ago(n=given["ago"], unit=Unit(given["unit"]))
    return read(given)


def _as_it_is(given: Any) -> Any:
    return given


def _read_day(given: Any) -> Any:
    """A date; anything else (a number of days, a text) as it is."""
    if isinstance(given, str) and _DAY.fullmatch(given):
        with suppress(ValueError):
            return date.fromisoformat(given)
    return given


def _read_time(given: Any) -> Any:
    day = _read_day(given)
    return datetime.fromisoformat(day) if isinstance(day, str) else day
