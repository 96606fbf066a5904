"""What the values of declared attributes may be, and how they lie in columns. No database here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import ValidationError

from loyalty.core.fields import Bool, Text
from loyalty.core.limits import ATTRIBUTE_TEXT_LENGTH, CHOICES_OF_A_MEMBER
from loyalty.members.models import AttributeKind

LARGEST_NUMBER = 10**15
"""Up to here a double holds every whole number."""
EARLIEST_DAY, LATEST_DAY = date(1900, 1, 1), date(2199, 12, 31)

Value = str | int | float | bool | date | list[str]
Cells = dict[str, Any]
"""Of one row of `member_attributes`: place, text, number, day."""


@dataclass(frozen=True, kw_only=True)
class AttributeView:
    """A declared attribute. `choices` is empty unless its kind is one of choices."""

    id: int
    name: str
    label: str
    kind: AttributeKind
    choices: tuple[str, ...] = ()


def has_choices(kind: AttributeKind) -> bool:
    return kind in (AttributeKind.CHOICE, AttributeKind.CHOICES)


def checked(attribute: AttributeView, value: Any) -> Value | None:
    """The value as it is kept; None is no value, and so are no choices.

    Raises marshmallow's `ValidationError` with a sentence.
    """
    if value is None or (value == [] and attribute.kind is AttributeKind.CHOICES):
        return None
    return _CHECKS[attribute.kind](value, attribute.choices)


def cells_of(kind: AttributeKind, value: Value | None) -> list[Cells]:
    """A checked value as rows: none for no value, one for each of several choices."""
    if value is None:
        return []
    each: list[Any] = value if isinstance(value, list) else [value]
    if kind is AttributeKind.BOOL:
        each = [int(one) for one in each]
    empty = dict.fromkeys(("text", "number", "day"))
    return [{"place": place, **empty, _COLUMNS[kind]: one} for place, one in enumerate(each)]


def value_of(kind: AttributeKind, rows: Sequence[Any]) -> Value:
    """The way back, from rows in the order of their places."""
    cells = [getattr(row, _COLUMNS[kind]) for row in rows]
    match kind:
        case AttributeKind.CHOICES:
            return cells
        case AttributeKind.BOOL:
            return bool(cells[0])
        case AttributeKind.NUMBER:
            return int(cells[0]) if cells[0].is_integer() else cells[0]
        case _:
            return cells[0]


_COLUMNS: Mapping[AttributeKind, str] = {
    AttributeKind.TEXT: "text",
    AttributeKind.NUMBER: "number",
    AttributeKind.BOOL: "number",
    AttributeKind.DATE: "day",
    AttributeKind.CHOICE: "text",
    AttributeKind.CHOICES: "text",
}


def _text(value: Any, _: Sequence[str]) -> str:
    return str(Text(ATTRIBUTE_TEXT_LENGTH).deserialize(value))


def _number(value: Any, _: Sequence[str]) -> int | float:
    if type(value) not in (int, float):
        raise ValidationError("Must be a number.")
    # NaN is in no range.
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise ValidationError("This number is too large.")
    return value


def _bool(value: Any, _: Sequence[str]) -> bool:
    return bool(Bool().deserialize(value))


def _date(value: Any, _: Sequence[str]) -> date:
    """Written `2026-11-22` and in no other way that ISO 8601 knows."""
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValidationError("Must be a date such as 2026-11-22.") from None
    if day.isoformat() != value:
        raise ValidationError("Must be a date such as 2026-11-22.")
    if not EARLIEST_DAY <= day <= LATEST_DAY:
        raise ValidationError("This date cannot be.")
    return day


def _choice(value: Any, choices: Sequence[str]) -> str:
    chosen = _text(value, choices)
    if chosen not in choices:
        raise ValidationError("Must be one of the choices of this attribute.")
    return chosen


def _choices(value: Any, choices: Sequence[str]) -> list[str]:
    """In the order of the declaration, so that the same choices are the same value."""
    if type(value) is not list:
        raise ValidationError("Must be a list of choices.")
    if len(value) > CHOICES_OF_A_MEMBER:
        raise ValidationError(f"At most {CHOICES_OF_A_MEMBER} choices at once.")
    chosen = {_choice(each, choices) for each in value}
    return [choice for choice in choices if choice in chosen]


_CHECKS: Mapping[AttributeKind, Callable[[Any, Sequence[str]], Value]] = {
    AttributeKind.TEXT: _text,
    AttributeKind.NUMBER: _number,
    AttributeKind.BOOL: _bool,
    AttributeKind.DATE: _date,
    AttributeKind.CHOICE: _choice,
    AttributeKind.CHOICES: _choices,
}
