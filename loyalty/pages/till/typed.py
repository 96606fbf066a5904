"""Reading what a cashier typed: a phone with its country, an amount, a birth date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext
from marshmallow import ValidationError

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import NAME_LENGTH, RECEIPT_LENGTH, WRITTEN_PHONE_LENGTH
from loyalty.core.money import parse_major
from loyalty.core.phone import PhoneNumber
from loyalty.members.schemas import ProfileSchema
from loyalty.pages.countries import countries
from loyalty.pages.formats import settings

Form = Mapping[str, str]

GENDERS = (
    ("female", lazy_gettext("Female")),
    ("male", lazy_gettext("Male")),
    ("other", lazy_gettext("Other")),
)

OFFERED_CHANNELS = (
    ("sms", "SMS"),
    ("zalo", "Zalo"),
    ("email", lazy_gettext("E-mail")),
)
"""By what a new customer is asked about offers, in the order of the card."""

_DATE = re.compile(r"(\d{1,2})[ /.-]?(\d{1,2})[ /.-]?(\d{4})")
_BUDDHIST_YEARS = range(2443, 2600)
"""Years as Thailand writes them: 543 ahead."""
_BUDDHIST_AHEAD = 543


def phone(form: Form) -> PhoneNumber:
    """The phone in the chosen country, fit to be a member's key; raises the phone's problem."""
    text = form.get("phone", "")[:WRITTEN_PHONE_LENGTH]
    return PhoneNumber.parse(text, _region(form)).as_member_key()


def _region(form: Form) -> str:
    region = form.get("country", "")
    default = settings().default_region
    known = {country.region for country in countries("en", default)}
    return region if region in known else default


def amount(form: Form) -> int:
    """Minor units; raises `invalid_amount`."""
    try:
        return parse_major(form.get("amount", ""), settings().currency)
    except ValueError:
        raise Problem(Code.INVALID_AMOUNT, field="amount") from None


def receipt_no(form: Form) -> str | None:
    """None when left empty."""
    text = form.get("receipt_no", "").strip()
    if len(text) > RECEIPT_LENGTH or not text.isprintable():
        sentence = gettext("At most %(count)s characters, on one line.", count=RECEIPT_LENGTH)
        raise Problem(Code.INVALID_REQUEST, errors={"receipt_no": [sentence]})
    return text or None


def profile(form: Form) -> dict[str, Any]:
    """What was told of a new customer; nothing is needed. Raises with the field's sentence."""
    told = {"name": form.get("name", "")[:NAME_LENGTH].strip(), "gender": form.get("gender", "")}
    birth = form.get("birth_date", "").strip()
    if birth:
        told["birth_date"] = _birth_date(birth).isoformat()
    try:
        return ProfileSchema().load({name: value for name, value in told.items() if value})
    except ValidationError as refused:
        if "birth_date" in refused.messages_dict:
            raise _no_date() from None
        raise Problem(Code.INVALID_REQUEST, errors=refused.messages_dict) from None


def agreed(form: Form) -> list[str]:
    """The channels that a new customer agrees to get offers by; unticked is a no."""
    return [channel for channel, _ in OFFERED_CHANNELS if form.get(f"agreed_{channel}") == "yes"]


def _birth_date(text: str) -> date:
    try:
        return day(text)
    except ValueError:
        raise _no_date() from None


def day(text: str) -> date:
    """`26/11/1990`, also with other signs or none between, and with Thailand's years; raises
    ValueError."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("not a day, a month and a year")
    day, month, year = (int(part) for part in match.groups())
    if year in _BUDDHIST_YEARS:
        year -= _BUDDHIST_AHEAD
    return date(year, month, day)


def _no_date() -> Problem:
    sentence = gettext("No such date: day, month, year.")
    return Problem(Code.INVALID_REQUEST, errors={"birth_date": [sentence]})
