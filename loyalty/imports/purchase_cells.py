"""Cells of a file of purchases, read as the API's schema would load them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.core import clock
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import QUANTITY
from loyalty.programme.rules import CHANNELS

_DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")


def text_of(cell: Mapping[str, str], name: str, longest: int) -> str | None:
    """As the API takes it: a receipt number must not depend on how its marks are encoded."""
    text = unicodedata.normalize("NFC", cell.get(name, "")) or None
    if text is not None and (len(text) > longest or not text.isprintable()):
        raise Problem(Code.INVALID_REQUEST, detail=f"The {name} is not plain text.", field=name)
    return text


def time_of(text: str, zone: ZoneInfo) -> datetime:
    try:
        return clock.parse_time(text, zone)
    except (ValueError, OverflowError):
        return _day_first(text, zone)


def _day_first(text: str, zone: ZoneInfo) -> datetime:
    """`22/11/2026 10:42`: day first, as both countries write it."""
    for form in _DAY_FIRST:
        try:
            local = datetime.strptime(text, form)  # noqa: DTZ007
            return clock.parse_time(local.isoformat(), zone)
        except ValueError:
            continue
    raise Problem(Code.INVALID_TIME, field="purchased_at")


def quantity_of(text: str) -> int:
    """Zeros before it are nothing; a number longer than any quantity is not even read."""
    digits = text.lstrip("0") or text[-1:]
    is_short = digits.isascii() and digits.isdigit() and len(digits) <= len(str(QUANTITY))
    if not is_short or int(digits) > QUANTITY:
        raise Problem(Code.INVALID_REQUEST, detail="The quantity is not a whole number.")
    return int(digits)


def channel_of(text: str | None) -> str | None:
    if text and text not in CHANNELS:
        raise Problem(Code.INVALID_REQUEST, detail=f"The channel is one of {', '.join(CHANNELS)}.")
    return text or None
