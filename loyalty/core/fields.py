"""Marshmallow fields that are strict at the door (design, decision 14).

Integers refuse 1.0, "1" and true; text refuses control characters and NUL and
has a length; times come in as RFC 3339 and leave in UTC.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from flask import current_app
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from loyalty.core import clock, slugs
from loyalty.core.limits import SLUG_LENGTH
from loyalty.core.phone import PhoneNumber


class StrictSchema(Schema):
    """Unknown fields are refused."""

    class Meta:
        unknown = RAISE


class AnswerSchema(Schema):
    """Documents an answer that the service built as plain values: writing it field by field
    once more would cost a tenth of recording a purchase."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        return obj


class Int(fields.Integer):
    """A JSON integer within a range."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(low, high), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> int:
        if type(value) is not int:
            raise ValidationError("Must be a whole number.")
        return value


class QueryInt(fields.Integer):
    """A whole number in a query string: plain digits."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(low, high), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit()):
            raise ValidationError("Must be a whole number.")
        return int(value[:20])


class Bool(fields.Boolean):
    """true or false: 1, 0, "true" and "yes" are none."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> bool:
        if type(value) is not bool:
            raise ValidationError("Must be true or false.")
        return value


class Text(fields.String):
    """One line of text: trimmed, NFC, no control characters, 1 to `longest` characters."""

    def __init__(self, longest: int, *, shortest: int = 1, **kwargs: Any) -> None:
        self.longest = longest
        self.shortest = shortest
        told = {"minLength": shortest, "maxLength": longest, **kwargs.pop("metadata", {})}
        super().__init__(metadata=told, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        if type(value) is not str:
            raise ValidationError("Must be a text.")
        value = value.strip() if value.isascii() else unicodedata.normalize("NFC", value.strip())
        if not self.shortest <= len(value) <= self.longest:
            raise ValidationError(f"Must be {self.shortest} to {self.longest} characters long.")
        if not value.isprintable() and any(unicodedata.category(c) == "Cc" for c in value):
            raise ValidationError("Must not hold control characters.")
        return value


class Slug(Text):
    """Lower-case letters a to z and digits, in words joined by dashes; none of `taken`."""

    def __init__(self, *, taken: Collection[str] = (), **kwargs: Any) -> None:
        self.taken = taken
        super().__init__(SLUG_LENGTH, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        slug = super()._deserialize(value, attr, data, **kwargs)
        if not slugs.is_slug(slug):
            raise ValidationError("Must be letters a to z, digits and dashes.")
        if slug in self.taken:
            raise ValidationError("This word is taken: choose another.")
        return slug


class Phone(fields.Field[PhoneNumber]):
    """A phone however it is written -> `PhoneNumber` fit to be a member's key."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> PhoneNumber:
        if type(value) is not str:
            raise ValidationError("Must be a text.")
        region = current_app.extensions["settings"].default_region
        return PhoneNumber.parse(value, region).as_member_key()


class QueryPhone(Phone):
    """In a query string `+84...` arrives as ` 84...`: a space there, before a digit that
    begins a country code, means `+`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> PhoneNumber:
        if isinstance(value, str) and value[:1] == " " and value[1:2] in tuple("123456789"):
            value = f"+{value[1:]}"
        return super()._deserialize(value, attr, data, **kwargs)


class Time(fields.DateTime):
    """RFC 3339 in, aware UTC; a time without an offset is the shop's. RFC 3339 out."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> datetime:
        if type(value) is not str or len(value) > 40:
            raise ValidationError("Must be a time such as 2026-11-22T10:42:00+07:00.")
        try:
            return clock.parse_time(value, current_app.extensions["settings"].time_zone)
        except (ValueError, OverflowError):
            raise ValidationError("Must be a time such as 2026-11-22T10:42:00+07:00.") from None

    def _serialize(self, value: Any, attr: Any, obj: Any, **_: Any) -> str | None:
        return None if value is None else value.isoformat().replace("+00:00", "Z")


class Day(fields.Date):
    """A date `2026-11-22` within `earliest` and today."""

    def __init__(self, *, earliest: date, **kwargs: Any) -> None:
        self.earliest = earliest
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> date:
        if type(value) is not str or len(value) != 10:
            raise ValidationError("Must be a date such as 1990-02-28.")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValidationError("Must be a date such as 1990-02-28.") from None
        if not self.earliest <= day <= clock.now().date():
            raise ValidationError("This date cannot be.")
        return day
