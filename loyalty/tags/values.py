"""The values that a rule compares with, read strictly by the kind of the field. No database
here. Every refusal is a `ValidationError` with a sentence, at its place within the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext
from marshmallow import ValidationError, fields, post_load

from loyalty.core import clock
from loyalty.core.errors import Code, Problem
from loyalty.core.fields import StrictSchema, Text
from loyalty.core.limits import NAME_LENGTH, RULE_VALUES
from loyalty.members.attribute_rules import EARLIEST_DAY, LARGEST_NUMBER, LATEST_DAY
from loyalty.members.rules import CURRENT_LISTS, find_province
from loyalty.tags.fields import Field, Kind
from loyalty.tags.language import THIS_MONTH, Ago, Op, Scalar, Unit, Value
from loyalty.tags.windows import BIRTHDAY_DAYS, LONGEST

RANGES: Mapping[str, tuple[int, int]] = {
    "age": (0, 150),
    "rfm_recency": (1, 5),
    "rfm_frequency": (1, 5),
    "rfm_monetary": (1, 5),
    "hour": (0, 23),
    "weekday": (1, 7),
}
"""Of whole numbers that cannot be just anything."""


def read_value(field: Field, op: Op, given: Any) -> Value:
    """What stands under `value` beside a field and one of its operators."""
    match op:
        case Op.MISSING:
            _check_nothing(given)
            return None
        case Op.BIRTHDAY_WITHIN:
            return THIS_MONTH if given == THIS_MONTH else read_whole(given, 0, BIRTHDAY_DAYS)
        case Op.IN:
            return _several(field, given)
        case Op.BETWEEN:
            return _two_ends(field, given)
        case Op.CONTAINS if field.kind is Kind.TEXT:
            return _text(field, given)
        case _:
            return _scalar(field, given)


def _check_nothing(given: Any) -> None:
    if given is not None and given is not True:
        raise ValidationError(gettext("Leave the value out: this operator takes none."))


def _several(field: Field, given: Any) -> tuple[Scalar, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= RULE_VALUES:
        raise ValidationError(gettext("Must be a list of 1 to %(n)s values.", n=RULE_VALUES))
    return tuple(dict.fromkeys(_each(field, given)))


def _two_ends(field: Field, given: Any) -> tuple[Scalar, ...]:
    if not isinstance(given, list) or len(given) != 2:
        raise ValidationError(gettext("Must be a list of two values: from and to."))
    low, high = _each(field, given)
    if _is_after(low, high):
        raise ValidationError(gettext("The first of the two must not come after the second."))
    return low, high


def _each(field: Field, given: list[Any]) -> list[Any]:
    values, wrong = [], {}
    for place, one in enumerate(given):
        try:
            values.append(_scalar(field, one))
        except ValidationError as why:
            wrong[place] = why.messages
    if wrong:
        raise ValidationError(wrong)
    return values


def _is_after(one: Any, other: Any) -> bool:
    """Whether it is at all times: beside a date `ago` comes earlier today and later one day,
    and a month has more days or fewer than 30."""
    match one, other:
        case Ago(), Ago():
            return one.unit is other.unit and one.n < other.n
        case (Ago(), _) | (_, Ago()):
            return False
        case date(), date():
            return starts_at(one) > starts_at(other)
        case _:
            return bool(one > other)


def starts_at(day: date) -> datetime:
    """When a day begins by the shop's clock; of a moment, itself."""
    return day if isinstance(day, datetime) else clock.start_of_day(day, _zone())


# -- one value -------------------------------------------------------------------


def _scalar(field: Field, given: Any) -> Scalar:
    if field.choices is not None:
        return _choice(field, given)
    if field.name == "province":
        return _province(given)
    return _READERS[field.kind](field, given)


def _choice(field: Field, given: Any) -> str:
    choices = field.choices or {}
    if type(given) is not str or given not in choices:
        raise ValidationError(gettext("Must be one of: %(choices)s.", choices=", ".join(choices)))
    return given


def _province(given: Any) -> str:
    """As it is stored: its list and its code. The shop's own country goes first."""
    if type(given) is str:
        home = current_app.extensions["settings"].default_region
        for country in dict.fromkeys((home, *CURRENT_LISTS)):
            found = find_province(given.strip(), country)
            if found is not None:
                return f"{found.list}:{found.code}"
    raise ValidationError(str(Problem(Code.UNKNOWN_PROVINCE).detail))


def _text(field: Field, given: Any) -> str:
    try:
        text: str = Text(NAME_LENGTH).deserialize(given)
    except ValidationError:
        sentence = gettext("Must be a text of 1 to %(n)s characters.", n=NAME_LENGTH)
        raise ValidationError(sentence) from None
    return text.lower() if field.name == "email" else text


def _number(field: Field, given: Any) -> int | float:
    if field.whole:
        low, high = RANGES.get(field.name, (-LARGEST_NUMBER, LARGEST_NUMBER))
        return read_whole(given, low, high)
    is_number = type(given) in (int, float) and isfinite(given)
    if not is_number or abs(given) > LARGEST_NUMBER:
        raise ValidationError(gettext("Must be a number."))
    return given


def _not_negative(_: Field, given: Any) -> int:
    return read_whole(given, 0, LARGEST_NUMBER)


def read_whole(given: Any, low: int, high: int) -> int:
    if type(given) is not int or not low <= given <= high:
        raise ValidationError(
            gettext("Must be a whole number from %(low)s to %(high)s.", low=low, high=high)
        )
    return given


def _bool(_: Field, given: Any) -> bool:
    if type(given) is not bool:
        raise ValidationError(gettext("Must be true or false."))
    return given


def _day(_: Field, given: Any) -> date | Ago:
    if isinstance(given, dict):
        return _ago(given)
    day = _plain_day(given)
    if day is None:
        raise ValidationError(gettext("Must be a date such as 2026-11-22."))
    return day


def _time(_: Field, given: Any) -> date | Ago:
    return _ago(given) if isinstance(given, dict) else read_time(given)


def read_time(given: Any) -> date:
    """A plain date, or a moment as aware UTC; a time without an offset is the shop's."""
    day = _plain_day(given)
    if day is not None:
        return day
    try:
        return _moment(given)
    except (TypeError, ValueError, OverflowError):
        sentence = gettext("Must be a date, 2026-11-22, or a time, 2026-11-22T10:42:00+07:00.")
        raise ValidationError(sentence) from None


def _moment(given: Any) -> datetime:
    if "T" not in given or len(given) > 40:
        raise ValueError("no time of day")
    return clock.parse_time(given, _zone())


def _zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.extensions["settings"].time_zone
    return zone


def _plain_day(given: Any) -> date | None:
    if type(given) is not str or len(given) != len("2026-11-22") or "W" in given:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if EARLIEST_DAY <= day <= LATEST_DAY else None


class AgoSchema(StrictSchema):
    ago = fields.Raw(required=True)
    unit = fields.Enum(Unit, by_value=True, required=True)

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> Ago:
        n = at("ago", read_whole, given["ago"], 0, LONGEST[given["unit"]])
        return Ago(n=n, unit=given["unit"])


_AGO = AgoSchema()


def _ago(given: dict[str, Any]) -> Ago:
    ago: Ago = _AGO.load(given)
    return ago


_READERS: Mapping[Kind, Callable[[Field, Any], Scalar]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choice,
    Kind.NUMBER: _number,
    Kind.MONEY: _not_negative,
    Kind.POINTS: _not_negative,
    Kind.BOOL: _bool,
    Kind.DATE: _day,
    Kind.TIME: _time,
}


def at(place: str, read: Callable[..., Any], *given: Any) -> Any:
    """What `read` makes of something; its refusal stands under `place`."""
    try:
        return read(*given)
    except ValidationError as why:
        raise ValidationError({place: why.messages}) from None
