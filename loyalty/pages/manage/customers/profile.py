"""The profile as people write it, and what a corrected form changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext
from marshmallow import ValidationError

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import NAME_LENGTH
from loyalty.members.rules import find_province, provinces_today
from loyalty.members.schemas import ProfileSchema
from loyalty.pages import formats
from loyalty.pages.countries import countries
from loyalty.pages.language import language
from loyalty.pages.manage.customers import words
from loyalty.pages.till import typed

Member = Mapping[str, Any]
"""As `members.service.get` gives it."""

_CHOSEN: Mapping[str, words.Words] = {"gender": words.GENDERS, "income_band": words.INCOMES}
_SHORTER = 100


def written(member: Member) -> dict[str, str]:
    """Every field as the form holds it: codes where one is chosen, text where one types."""
    born = member["birth_date"]
    return {
        **{name: str(member[name] or "") for name in words.FIELDS},
        "birth_date": formats.full_date(born) if born else "",
        "province": province_name(member),
    }


def told(member: Member) -> list[tuple[Any, Any]]:
    """What is known, as label and words; what is not known is left out."""
    values: dict[str, Any] = written(member)
    values["country"] = country_name(member["country"])
    for name, names in _CHOSEN.items():
        values[name] = words.word(names, member[name])
    return [(label, values[name]) for name, label in words.FIELDS.items() if values[name]]


def province_name(member: Member) -> str:
    """In the reader's language; a code of an unknown list as it is."""
    code = member["province"]
    if not code:
        return ""
    found = find_province(f"{member['province_list']}:{code}", _country_of(member))
    if found is None:
        return str(code)
    return found.name if language() == _SPOKEN.get(_country_of(member)) else found.name_en


_SPOKEN = {"VN": "vi", "TH": "th"}


def country_name(code: str | None) -> str:
    names = {country.region: country.name for country in _countries()}
    return names.get(code or "", code or "")


def country_choices(chosen: str) -> dict[str, str]:
    """Region -> name; one that is not in use any more stays choosable while it is chosen."""
    names = {country.region: country.name for country in _countries()}
    return names if not chosen or chosen in names else {chosen: chosen, **names}


def province_choices(member: Member) -> list[str]:
    """Today's provinces of the customer's country, in the reader's language."""
    return list(named_provinces(_country_of(member)).values())


def named_provinces(country: str) -> dict[str, str]:
    """Today's of a country, `list:code` -> name in the reader's language."""
    own = language() == _SPOKEN.get(country)
    return {
        f"{one.list}:{one.code}": one.name if own else one.name_en
        for one in provinces_today(country)
    }


def changes(member: Member) -> dict[str, Any]:
    """What the posted form changes, as `ProfileSchema` loads it; None clears.

    Only what was typed anew is looked at: a province of an old list is not turned into one of
    today by saving something else. Raises `invalid_request` with a sentence for each field.
    """
    before = written(member)
    new = {
        name: request.form[name].strip()
        for name in words.FIELDS
        if name in request.form and request.form[name].strip() != before[name]
    }
    try:
        loaded = ProfileSchema().load(_as_sent(new, member))
    except ValidationError as refused:
        errors = {name: [_sentence(name)] for name in refused.messages_dict}
        raise Problem(Code.INVALID_REQUEST, errors=errors) from None
    return dict(loaded)


def _as_sent(new: Mapping[str, str], member: Member) -> dict[str, Any]:
    """As a caller of the API would send it."""
    sent: dict[str, Any] = {name: text or None for name, text in new.items()}
    if sent.get("birth_date"):
        sent["birth_date"] = _iso(sent["birth_date"])
    size = sent.get("family_size")
    if size is not None and size.isascii() and size.isdigit():
        sent["family_size"] = int(size[:_SHORTER])
    if sent.get("country") and member["province"] and "province" not in sent:
        # The province has to be one of the new country, too.
        sent["province"] = f"{member['province_list']}:{member['province']}"
    if sent.get("province") and member["country"]:
        sent.setdefault("country", member["country"])
    return sent


def _iso(text: str) -> str:
    """What is no date stays as it is, for the schema to refuse with the other fields."""
    try:
        return typed.day(text).isoformat()
    except ValueError:
        return text


def _sentence(name: str) -> Any:
    if name == "email":
        return gettext("This is not an e-mail address.")
    if name == "birth_date":
        return gettext("No such date: day, month, year.")
    if name == "family_size":
        return gettext("A whole number from 1 to 50.")
    if name in (*_CHOSEN, "country"):
        return gettext("Choose one.")
    longest = NAME_LENGTH if name == "name" else _SHORTER
    return gettext("At most %(count)s characters, on one line.", count=longest)


def _country_of(member: Member) -> str:
    return member["country"] or formats.settings().default_region


def _countries() -> Any:
    return countries(language(), formats.settings().default_region)
