"""How values are written for people: one formatter per kind (the style guide's Formats)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol
from flask import Flask, current_app
from flask_babel import gettext, ngettext

from config import Settings
from loyalty.core import money as currencies
from loyalty.pages.language import language

MINUS = "\u2212"
_WORDS_IN_FULL = 2


def configure_formats(app: Flask) -> None:
    app.jinja_env.filters.update(count=count, money=money)


def settings() -> Settings:
    return current_app.extensions["settings"]


def count(number: int) -> str:
    """`1.284` in vi, `1,284` in en and th."""
    return format_decimal(number, locale=language()).replace("-", MINUS)


def signed(number: int) -> str:
    return count(number) if number < 0 else f"+{count(number)}"


def percent(portion: float) -> str:
    """`79,2%`, `12%`."""
    return format_percent(portion, "#,##0.#%", locale=language()).replace("-", MINUS)


def money(minor: int) -> str:
    """`1.250.000 ₫` in vi."""
    return currencies.format_money(minor, settings().currency, language())


def points(number: int) -> str:
    return ngettext("%(count)s point", "%(count)s points", number, count=count(number))


def signed_points(number: int) -> str:
    return ngettext("%(count)s point", "%(count)s points", abs(number), count=signed(number))


def local(moment: datetime) -> datetime:
    return moment.astimezone(settings().time_zone)


def day_and_month(day: date) -> str:
    return day.strftime("%d/%m")


def in_lists(day: date, today: date) -> str:
    """Day and month alone within this year; the year in two digits otherwise."""
    return day_and_month(day) if day.year == today.year else day.strftime("%d/%m/%y")


def last_day(end: datetime) -> date:
    """The last day before the instant `end`: midnight ends the day before it."""
    return local(end - timedelta(microseconds=1)).date()


def full_date(day: date) -> str:
    """`22/11/2026`, as on paper."""
    return day.strftime("%d/%m/%Y")


def weekday(day: date) -> str:
    """`Chủ Nhật`."""
    return format_date(day, "EEEE", locale=language())


def date_and_time(moment: datetime) -> str:
    return local(moment).strftime("%d/%m/%Y %H:%M")


def lately(moment: datetime, now: datetime) -> str:
    """`today 02:10`, `20/11 16:05` within this year, else the whole date."""
    here, today = local(moment), local(now).date()
    if here.date() == today:
        return gettext("today %(time)s", time=clock_time(moment))
    if here.year == today.year:
        return f"{day_and_month(here.date())} {clock_time(moment)}"
    return full_date(here.date())


def clock_time(moment: datetime) -> str:
    return local(moment).strftime("%H:%M")


def begun(sentence: str) -> str:
    """With a capital, as at the beginning of a line."""
    return sentence[:1].upper() + sentence[1:]


def short_name(name: str) -> str:
    """`N. T. Thu Hằng`: the end, by which a person is called, is never cut."""
    words = name.split()
    kept = min(_WORDS_IN_FULL, max(1, len(words) - 1))
    return " ".join([f"{word[0]}." for word in words[:-kept]] + words[-kept:])


def initials(name: str) -> str:
    """Of the last two words: `NH` for Ngọc Hân."""
    return "".join(word[0] for word in name.split()[-2:]).upper()


def figures() -> dict[str, str | int]:
    """The signs with which an amount is typed in this language and currency."""
    currency = settings().currency
    return {
        "group": get_group_symbol(locale=language()),
        "point": get_decimal_symbol(locale=language()),
        "decimals": currencies.decimals_of(currency),
        "symbol": currencies.symbol_of(currency, language()),
    }


def joined(parts: Sequence[str]) -> str:
    return " · ".join(part for part in parts if part)


def seconds_left(seconds: str) -> str:
    return gettext("%(seconds)s seconds left", seconds=seconds)
