"""What a test of a field says, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, cast

from loyalty.members.attributes import AttributeView
from loyalty.tags import phrases
from loyalty.tags.fields import ATTRIBUTE_PREFIX, FIELDS, Field, Kind
from loyalty.tags.language import THIS_MONTH, Ago, FieldTest, Op, Unit, Value
from loyalty.tags.names import field_of
from loyalty.tags.written import NONE, any_named, compared, how, number, say, span, when

Attributes = Mapping[str, AttributeView]
_TEXTS = (Kind.TEXT, Kind.CHOICE, Kind.CHOICES)


def told_field(test: FieldTest, attributes: Attributes) -> str:
    field = _field_of(test, attributes)
    if test.op is Op.MISSING:
        return _known(field, says=phrases.NOT_KNOWN, bought=phrases.NEVER_BOUGHT)
    if test.op is Op.BIRTHDAY_WITHIN:
        return _birthday(test.value)
    return _BY_KIND[field.kind](field, test.op, test.value)


def told_known(test: FieldTest, attributes: Attributes) -> str:
    """The opposite of `missing`."""
    says, bought = phrases.KNOWN, phrases.EVER_BOUGHT
    return _known(_field_of(test, attributes), says=says, bought=bought)


def _field_of(test: FieldTest, attributes: Attributes) -> Field:
    if test.field in FIELDS:
        return FIELDS[test.field]
    name = test.field.removeprefix(ATTRIBUTE_PREFIX)
    declared = field_of(attributes[name]) if name in attributes else None
    if declared is not None and declared.kind in _TEXTS:
        return declared
    # It may be gone, or be declared again as something else: the value has to be told anyway.
    label = declared.label if declared else name
    return Field(name=test.field, label=label, kind=_kind_by_value(test.op, test.value))


def _kind_by_value(op: Op, value: Value) -> Kind:
    one = value[0] if isinstance(value, tuple) else value
    if isinstance(one, bool):
        return Kind.BOOL
    if isinstance(one, int | float):
        return Kind.NUMBER
    looks_like_a_date = isinstance(one, date | Ago) and op not in (Op.IN, Op.CONTAINS)
    return Kind.DATE if looks_like_a_date else Kind.TEXT


def _known(field: Field, *, says: Any, bought: Any) -> str:
    """Of who has no first and last purchase people say what that means."""
    is_purchase = field.name in ("first_purchase", "last_purchase")
    return say(bought if is_purchase else says, label=str(field.label))


def _birthday(value: Value) -> str:
    if value == THIS_MONTH:
        return say(phrases.BIRTHDAY_THIS_MONTH)
    if value == 0:
        return say(phrases.BIRTHDAY_TODAY)
    return say(phrases.BIRTHDAY_WITHIN, span=span(cast(int, value), Unit.DAY))


def _quantity(field: Field, op: Op, value: Any) -> str:
    if field.name == "purchase_count" and (op, value) in NONE:
        return say(phrases.NEVER_BOUGHT)
    if field.name == "age":
        return compared(phrases.AGES, op, value, number)
    of = field.kind if field.kind in (Kind.MONEY, Kind.POINTS) else field.name
    phrase = phrases.QUANTITIES.get(field.name, phrases.ANY_FIELD)
    return say(phrase, label=str(field.label), how=how(of, op, value))


def _date(field: Field, op: Op, value: Any) -> str:
    phrase = phrases.MOMENTS.get(field.name, phrases.ANY_FIELD)
    told = when(op, value)
    return say(phrase, label=str(field.label), when=told, how=told)


def _text(field: Field, op: Op, value: Any) -> str:
    if op is Op.CONTAINS:
        return say(phrases.CONTAINS, label=str(field.label), value=str(value))
    is_it, is_another = phrases.that_is(field.name)
    return say(
        is_another if op is Op.NE else is_it,
        label=str(field.label),
        value=any_named(field, value),
    )


def _several(field: Field, op: Op, value: Any) -> str:
    return say(phrases.CHOICES_INCLUDE, label=str(field.label), value=any_named(field, value))


def _bool(field: Field, op: Op, value: Any) -> str:
    yes, no = phrases.that_is_so(field.name)
    return say(yes if value is (op is Op.EQ) else no, label=str(field.label))


_BY_KIND: Mapping[Kind, Callable[[Field, Op, Any], str]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _text,
    Kind.CHOICES: _several,
    Kind.NUMBER: _quantity,
    Kind.MONEY: _quantity,
    Kind.POINTS: _quantity,
    Kind.BOOL: _bool,
    Kind.DATE: _date,
    Kind.TIME: _date,
}
