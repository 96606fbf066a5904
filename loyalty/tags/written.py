"""Values of a rule as people read them, in the language that is spoken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from babel import Locale
from babel.dates import get_day_names
from babel.numbers import format_decimal
from flask import current_app
from flask_babel import get_locale, gettext, ngettext

from loyalty.core.money import format_money
from loyalty.members.rules import CURRENT_LISTS, find_province
from loyalty.tags import phrases
from loyalty.tags.fields import Field, Kind
from loyalty.tags.language import Ago, Of, Op, Unit

MOST_NAMED = 6
"""Of a long list the first ones are named and the rest counted."""


NONE = ((Op.EQ, 0), (Op.LE, 0), (Op.LT, 1))
"""All the ways of saying that something was not counted once."""
MONEY = (Of.AMOUNT, Kind.MONEY)
WHOLE = (Kind.POINTS, "purchase_count", Of.RECEIPT, Of.QUANTITY, Of.MONTH, Of.STORE)
"""More than none of them is at least one."""


def say(phrase: Any, **words: str) -> str:
    return str(phrase) % words


def language() -> str:
    return str(get_locale() or "en").partition("_")[0]


def number(value: float) -> str:
    return format_decimal(value, locale=language()).replace("-", "\u2212")


def money(minor: int) -> str:
    return format_money(minor, current_app.extensions["settings"].currency, language())


def moment(value: date | datetime | Ago) -> str:
    """`22/11/2026`, with the shop's time where there is one; `90 days ago`."""
    if isinstance(value, Ago):
        return gettext("%(span)s ago", span=span(value.n, value.unit))
    if isinstance(value, datetime):
        zone = current_app.extensions["settings"].time_zone
        return value.astimezone(zone).strftime("%d/%m/%Y %H:%M")
    return value.strftime("%d/%m/%Y")


def span(n: int, unit: Unit) -> str:
    count = number(n)
    match unit:
        case Unit.DAY:
            return ngettext("%(count)s day", "%(count)s days", n, count=count)
        case Unit.WEEK:
            return ngettext("%(count)s week", "%(count)s weeks", n, count=count)
        case Unit.MONTH:
            return ngettext("%(count)s month", "%(count)s months", n, count=count)
        case Unit.YEAR:
            return ngettext("%(count)s year", "%(count)s years", n, count=count)


def counted(of: Of | Kind | str, value: float) -> str:
    """A number with what it counts: of an aggregate, or of a field."""
    if of in MONEY:
        return money(int(value))
    n = 1 if value == 1 else 2
    count = number(value)
    match of:
        case Of.RECEIPT | "purchase_count":
            return ngettext("%(count)s purchase", "%(count)s purchases", n, count=count)
        case Of.QUANTITY:
            return ngettext("%(count)s item", "%(count)s items", n, count=count)
        case Of.MONTH:
            return ngettext(
                "%(count)s different month", "%(count)s different months", n, count=count
            )
        case Of.STORE:
            return ngettext(
                "%(count)s different store", "%(count)s different stores", n, count=count
            )
        case Kind.POINTS:
            return ngettext("%(count)s point", "%(count)s points", n, count=count)
        case "family_size":
            return ngettext("%(count)s person", "%(count)s people", n, count=count)
        case _:
            return count


def either(values: Sequence[str]) -> str:
    """`Hà Nội, Huế or Đà Nẵng`"""
    if len(values) > MOST_NAMED:
        first = ", ".join(values[: MOST_NAMED - 1])
        return say(phrases.OR_MORE, first=first, count=number(len(values) - MOST_NAMED + 1))
    if len(values) == 1:
        return values[0]
    return say(phrases.OR, first=", ".join(values[:-1]), last=values[-1])


def named(field: Field, value: Any) -> str:
    """A text or choice by the name that people know it by."""
    text = str(value)
    if field.choices and text in field.choices:
        return str(field.choices[text])
    if field.name == "province":
        return _province(text)
    if field.name == "country":
        return str(Locale(language()).territories.get(text, text))
    return text


def _province(text: str) -> str:
    """`vn34:01` is Hà Nội for who reads the country's own language, else Hanoi."""
    country = text[:2].upper()
    found = find_province(text, country) if country in CURRENT_LISTS else None
    if found is None:
        return text
    is_own = {"VN": "vi", "TH": "th"}[country] == language()
    return found.name if is_own else found.name_en


def weekday(day: int) -> str:
    """1 is Monday."""
    return str(get_day_names("wide", locale=language())[day - 1])


def hours(first: int, last: int) -> str:
    """Whole hours: `18:00–21:59`."""
    return f"{first:02}:00–{last:02}:59"


# -- compared ------------------------------------------------------------------


def how(of: Of | Kind | str, op: Op, value: Any) -> str:
    """`2 to 5 purchases`: what is counted is named once, a currency twice."""
    if op is Op.BETWEEN and of not in MONEY:
        low, high = value
        return say(phrases.HOW[op], low=number(low), high=counted(of, high))
    if (op, value) == (Op.GT, 0) and of in WHOLE:
        op, value = Op.GE, 1
    return compared(phrases.HOW, op, value, lambda each: counted(of, each))


def compared(table: Mapping[Op, Any], op: Op, value: Any, write: Callable[[Any], str]) -> str:
    if op is Op.BETWEEN:
        low, high = value
        return say(table[op], low=write(low), high=write(high))
    told = either([write(each) for each in value]) if op is Op.IN else write(value)
    return say(table.get(op, "%(value)s"), value=told)


def when(op: Op, value: Any) -> str:
    if op is Op.BETWEEN:
        return compared(phrases.WHEN, op, value, moment)
    if isinstance(value, Ago):
        return say(phrases.AGO[op], span=span(value.n, value.unit))
    return say(phrases.WHEN[op], value=moment(value))


def any_named(field: Field, value: Any) -> str:
    values = value if isinstance(value, tuple) else (value,)
    return either([named(field, each) for each in values])
