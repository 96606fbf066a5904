"""Money: an integer of the currency's minor unit in code and API.

CSV files and pages hold decimal major units; the number of decimals is ISO
4217's, as Babel knows it (VND 0, THB and GBP 2).
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

MAX_AMOUNT = 10**13
"""The largest amount of one receipt, in minor units."""

_MAJOR = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,6}))?")


@lru_cache(maxsize=8)
def decimals_of(currency: str) -> int:
    return get_currency_precision(currency)


def parse_major(text: str, currency: str) -> int:
    """Read `294250`, `12.50` or `294250.00` as minor units.

    Raises `ValueError` for signs, group separators, exponents, more decimals
    than the currency has (zeros may follow) and amounts over the limit. `294.000`
    is two numbers: a point before three digits separates groups in Vietnam.
    """
    match = _MAJOR.fullmatch(text)
    if match is None:
        raise ValueError("not a plain number")
    decimals = decimals_of(currency)
    whole, fraction = match[1], match[2] or ""
    if fraction[decimals:].strip("0"):
        raise ValueError("more decimals than the currency has")
    if len(fraction) == 3 != decimals:
        raise ValueError("a group separator, or decimals")
    amount = int(whole + fraction[:decimals].ljust(decimals, "0"))
    if amount > MAX_AMOUNT:
        raise ValueError("too large")
    return amount


def to_major(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-decimals_of(currency))


def format_money(amount: int, currency: str, locale: str) -> str:
    """`1.250.000 ₫` in vi; a no-break space, and U+2212 for minus."""
    text = format_currency(
        to_major(amount, currency), currency, locale=locale, currency_digits=True
    )
    return text.replace("-", "\u2212")


def symbol_of(currency: str, locale: str) -> str:
    return get_currency_symbol(currency, locale=locale)
