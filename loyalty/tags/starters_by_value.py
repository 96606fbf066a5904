"""Starter tags of what members really have: one for each province, country, occupation,
education and product category, the most frequent first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import get_locale, gettext
from sqlalchemy import ColumnElement, func, select, true

from loyalty.core.db import connection, table_of
from loyalty.core.limits import SLUG_LENGTH
from loyalty.core.slugs import slug_of
from loyalty.members.models import Member
from loyalty.members.rules import CURRENT_LISTS, Province, find_province, fold
from loyalty.purchases.models import PurchaseLine
from loyalty.tags.starters_fixed import Starter, bought, field

MOST_VALUES = 100
"""So many tags of each kind at most."""
_HASH_LENGTH = 6

_members = table_of(Member)
_lines = table_of(PurchaseLine)
_ACTIVE = _members.c.closed_at.is_(None)


def starters_by_value() -> Iterator[Starter]:
    yield from _provinces()
    yield from _countries()
    for (text,) in _frequent(_members.c.occupation, among=_ACTIVE):
        name = gettext("Occupation: %(occupation)s", occupation=text)
        yield _of_text("occupation", text, name, field("occupation", "eq", text))
    for (text,) in _frequent(_members.c.education, among=_ACTIVE):
        name = gettext("Education: %(education)s", education=text)
        yield _of_text("education", text, name, field("education", "eq", text))
    for (text,) in _frequent(_lines.c.category):
        name = gettext("Bought: %(category)s", category=text)
        document = bought("ge", 1, where=field("category", "eq", text))
        yield _of_text("category", text, name, document)


def _provinces() -> Iterator[Starter]:
    """A code names different provinces in the lists of before and after July 2025."""
    for province_list, code in _frequent(
        _members.c.province_list, _members.c.province, among=_ACTIVE
    ):
        key, country = f"{province_list}:{code}", province_list[:2].upper()
        province = find_province(key, country)
        if province is not None:
            slug = f"province-{province_list}-{code}"
            name = _name_of(province, is_todays=province_list == CURRENT_LISTS.get(country))
            yield Starter(slug=slug, name=name, document=field("province", "eq", key))


def _name_of(province: Province, *, is_todays: bool) -> str:
    name = province.name_en if get_locale().language == "en" else province.name
    if is_todays:
        return gettext("Province: %(province)s", province=name)
    return gettext("Province: %(province)s (old list)", province=name)


def _countries() -> Iterator[Starter]:
    for (code,) in _frequent(_members.c.country, among=_ACTIVE):
        country = get_locale().territories.get(code, code)
        yield Starter(
            slug=f"country-{code.lower()}",
            name=gettext("Country: %(country)s", country=country),
            document=field("country", "eq", code),
        )


def _frequent(
    *columns: ColumnElement[Any], among: ColumnElement[bool] | None = None
) -> Sequence[Any]:
    present = (column.is_not(None) for column in columns)
    query = select(*columns).where(true() if among is None else among, *present)
    by_count = query.group_by(*columns).order_by(func.count().desc(), *columns)
    return connection().execute(by_count.limit(MOST_VALUES)).all()


def _of_text(kind: str, text: str, name: str, document: dict[str, Any]) -> Starter:
    return Starter(slug=_slug(kind, text), name=name, document=document)


def _slug(kind: str, text: str) -> str:
    """The same for the same text at any time, and another for every other text: where letters
    are lost on the way ("Giáo viên"), a part of its hash keeps it apart."""
    plain = slug_of(f"{kind}-{fold(text)}")
    if plain == f"{kind}-{text.replace(' ', '-')}":
        return plain
    short = plain[: SLUG_LENGTH - _HASH_LENGTH - 1].rstrip("-")
    return f"{short}-{hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]}"
