"""Quantities as they are typed and shown in forms, in the signs of the reader's language: points,
money, times, days. What cannot be read is refused beside its field; None where it is left empty."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from flask import request
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.errors import Code, Problem
from loyalty.core.money import MAX_AMOUNT, parse_major, to_major
from loyalty.pages import formats
from loyalty.pages.language import language

_NUMBER = re.compile(r"[0-9][0-9.,]{0,19}")
_TIMES = re.compile(r"([0-9]{1,5})(?:[.,]([0-9]{1,2}))?")
_T = TypeVar("_T")
_LARGEST_LIST = 100_000
"""Characters: more names than any field takes."""


def text_of(name: str) -> str:
    return request.form.get(name, "").strip()


def refused(name: str, sentence: Any) -> Problem:
    return Problem(Code.INVALID_REQUEST, errors={name: [sentence]})


def required(reader: Callable[..., _T | None], name: str, **limits: Any) -> _T:
    """Raises `invalid_request` where the field is empty."""
    found = reader(name, **limits)
    if found is None:
        raise refused(name, gettext("Fill this in."))
    return found


# -- reading -----------------------------------------------------------------------


def whole(name: str, *, least: int, most: int) -> int | None:
    text = text_of(name)
    if not text:
        return None
    try:
        number = _number(text)
    except ValueError:
        raise refused(name, gettext("Enter a whole number.")) from None
    # `1.000` is a thousand in one language, and nothing to guess about in another.
    if number.as_tuple().exponent != 0:
        raise refused(name, gettext("Enter a whole number."))
    if not least <= number <= most:
        raise refused(name, _between(formats.count(least), formats.count(most)))
    return int(number)


def money(name: str, *, least: int = 0) -> int | None:
    """Minor units of what is typed in major ones."""
    text = text_of(name)
    if not text:
        return None
    try:
        amount = parse_major(format(_number(text), "f"), formats.settings().currency)
    except ValueError:
        raise refused(name, gettext("Enter an amount.")) from None
    if amount < least:
        raise refused(name, _between(formats.money(least), formats.money(MAX_AMOUNT)))
    return amount


def times(name: str, *, least: int, most: int) -> int | None:
    """Percent: `1,5` and `1.5` are 150."""
    text = text_of(name)
    if not text:
        return None
    match = _TIMES.fullmatch(text)
    if match is None:
        raise refused(
            name, gettext("Enter a number such as %(example)s.", example=shown_times(150))
        )
    percent = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if not least <= percent <= most:
        raise refused(name, _between(shown_times(least), shown_times(most)))
    return percent


def day(name: str) -> date | None:
    """As a browser sends it: `2026-11-26`."""
    text = text_of(name)
    if not text:
        return None
    try:
        clock.parse_time(text, formats.settings().time_zone)
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise refused(name, gettext("Enter a day.")) from None


def day_to_come(name: str) -> date | None:
    """Today or later."""
    found = day(name)
    if found is not None and found < today():
        raise refused(name, gettext("This day is over: choose today or later."))
    return found


def from_day(name: str) -> datetime | None:
    """When the typed day begins; None for now: where it is left empty, and for today."""
    found = day_to_come(name)
    return None if found in (None, today()) else day_begins(found)


def names(name: str, *, longest: int, most: int) -> list[str]:
    """One on each line, or with commas between; each once."""
    text = unicodedata.normalize("NFC", text_of(name)[:_LARGEST_LIST])
    found = list(dict.fromkeys(part.strip() for part in re.split(r"[\n,]", text) if part.strip()))
    if any(len(each) > longest or not each.isprintable() for each in found):
        raise refused(name, gettext("At most %(count)s characters, on one line.", count=longest))
    if len(found) > most:
        raise refused(name, gettext("At most %(count)s of them.", count=formats.count(most)))
    return found


# -- as shown ------------------------------------------------------------------------


def shown(number: int | None) -> str:
    return "" if number is None else formats.count(number)


def shown_money(minor: int | None) -> str:
    """Never rounded: what is shown is saved again."""
    if minor is None:
        return ""
    major = to_major(minor, formats.settings().currency)
    return format_decimal(major, locale=language(), decimal_quantization=False)


def shown_times(percent: int) -> str:
    return format_decimal(Decimal(percent) / 100, locale=language())


def shown_day(moment: datetime | None) -> str:
    """As a field for days holds it."""
    return formats.local(moment).date().isoformat() if moment else ""


def shown_last_day(end: datetime | None) -> str:
    """The same of the last day before the instant `end`."""
    return formats.last_day(end).isoformat() if end else ""


# -- days ------------------------------------------------------------------------------


def today() -> date:
    return formats.local(clock.now()).date()


def day_begins(found: date) -> datetime:
    return clock.start_of_day(found, formats.settings().time_zone)


def day_is_over(found: date) -> datetime:
    return clock.end_of_day(found, formats.settings().time_zone)


def _number(text: str) -> Decimal:
    """Raises ValueError rather than guess what `1.5` means."""
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("not a number")
    try:
        return parse_decimal(text, locale=language(), strict=True)
    except NumberFormatError as why:
        raise ValueError("signs of another language") from why


def _between(least: str, most: str) -> str:
    return gettext("From %(least)s to %(most)s.", least=least, most=most)
