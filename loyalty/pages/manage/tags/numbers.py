"""Numbers of a rule as they are typed and shown, in the signs of the reader's language; money in
major units."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, parse_decimal

from loyalty.core.money import decimals_of, to_major
from loyalty.pages import formats
from loyalty.pages.language import language
from loyalty.tags.fields import Kind

_NUMBER = re.compile(r"-?[0-9.,]{1,20}")


def typed(text: str, kind: Kind) -> int | float:
    """Raises ValueError rather than guess what `1.5` means."""
    text = text.strip().replace(formats.MINUS, "-")
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("not a number")
    number = parse_decimal(text, locale=language(), strict=True)
    if kind is Kind.MONEY:
        number = number.scaleb(decimals_of(formats.settings().currency))
    return _plain(number)


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def shown(value: Any, kind: Kind) -> str:
    """Never rounded: what is shown is saved again."""
    if kind is Kind.MONEY:
        value = to_major(int(value), formats.settings().currency)
    return format_decimal(value, locale=language(), decimal_quantization=False)
