"""Values as files for people hold them: what an import of members reads back.

Words are those of the language that is spoken when a writer is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import phonenumbers
from flask_babel import gettext

from loyalty.core.money import to_major
from loyalty.core.phone import PhoneNumber
from loyalty.core.phone_plan import read_quickly
from loyalty.exports.columns import ColumnKind
from loyalty.members.rules import find_province
from loyalty.tags.written import language

if TYPE_CHECKING:
    from loyalty.exports.columns import Column
    from loyalty.exports.formats.base import Around

BETWEEN_NAMES = "; "
"""Of a list."""

Write = Callable[[Any], str]


def writer_of(column: Column, around: Around) -> Write:
    """How a value of the column is written; None is nobody's value and an empty cell."""
    if column.name == "province":
        return partial(province, region=around.region, language=language())
    if column.choices:
        return partial(_choice, {value: str(label) for value, label in column.choices.items()})
    if column.kind is ColumnKind.BOOL:
        return {True: gettext("yes"), False: gettext("no")}.__getitem__
    return _WRITERS[column.kind](around)


def phone(e164: str, *, region: str) -> str:
    """As the shop's country writes it, without spaces: `0912345678`; a foreign one is E.164."""
    at_home = _trunk_zero(e164, region)
    return at_home if read_quickly(at_home, region) == e164 else _in_full(e164, region)


def _trunk_zero(e164: str, region: str) -> str:
    return "0" + e164[_calling_code_length(region) + 1 :]


@lru_cache(maxsize=8)
def _calling_code_length(region: str) -> int:
    return len(str(phonenumbers.country_code_for_region(region)))


@lru_cache(maxsize=65_536)
def _in_full(e164: str, region: str) -> str:
    text = PhoneNumber(e164).as_written_in(region)
    return e164 if text.startswith("+") else "".join(filter(str.isdigit, text))


@lru_cache(maxsize=1024)
def province(text: str, *, region: str, language: str) -> str:
    """`vn34:01` by its name, where the name means the same province to the shop; a province
    that is no longer, or another country's, as it stands."""
    found = find_province(text, text[:2].upper())
    if found is None:
        return text
    is_own = {"VN": "vi", "TH": "th"}.get(text[:2].upper()) == language
    name = found.name if is_own else found.name_en
    return name if find_province(name, region) == found else text


def number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def day(value: date) -> str:
    return value.isoformat()


def moment(value: datetime, *, zone: ZoneInfo) -> str:
    """`2026-11-22 10:42`, in the shop's zone."""
    # Without its offset. `strftime` would take five times as long.
    return value.astimezone(zone).isoformat(" ", "minutes")[:16]


@lru_cache(maxsize=65_536)
def names(values: tuple[str, ...]) -> str:
    return BETWEEN_NAMES.join(values)


def money(minor: int, *, currency: str) -> str:
    """Major units: `1250000`, `12.50`."""
    return str(to_major(minor, currency))


def _choice(labels: Mapping[str, str], value: str) -> str:
    return labels.get(value, value)


_WRITERS: Mapping[ColumnKind, Callable[[Around], Write]] = {
    ColumnKind.TEXT: lambda around: str,
    ColumnKind.CHOICE: lambda around: str,
    ColumnKind.CHOICES: lambda around: names,
    ColumnKind.LIST: lambda around: names,
    ColumnKind.NUMBER: lambda around: number,
    ColumnKind.POINTS: lambda around: str,
    ColumnKind.MONEY: lambda around: partial(money, currency=around.currency),
    ColumnKind.DATE: lambda around: day,
    ColumnKind.TIME: lambda around: partial(moment, zone=around.zone),
    ColumnKind.PHONE: lambda around: partial(phone, region=around.region),
}
