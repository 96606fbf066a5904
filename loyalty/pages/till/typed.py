"""Reading what a cashier typed: a phone with its country, an amount, a birth date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import (
    LINES_PER_PURCHASE,
    NAME_LENGTH,
    POINTS,
    QUANTITY,
    RECEIPT_LENGTH,
    REDEMPTIONS_OF_A_PURCHASE,
    SKU_LENGTH,
    WRITTEN_PHONE_LENGTH,
)
from loyalty.core.money import parse_major
from loyalty.core.phone import PhoneNumber
from loyalty.members import merging
from loyalty.members.schemas import ProfileSchema
from loyalty.pages.countries import countries
from loyalty.pages.formats import settings
from loyalty.pages.own_stores import own_stores
from loyalty.programme.rules import StoreView

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

MEMBER_IDS = 2**31 - 1
"""The largest that a member can have."""
_ID_DIGITS = 18
"""As many has the largest id of a row that the database can hold, less one."""
_DATE = re.compile(r"(\d{1,2})[ /.-]?(\d{1,2})[ /.-]?(\d{4})")
_BUDDHIST_YEARS = range(2443, 2600)
"""Years as Thailand writes them: 543 ahead."""
_BUDDHIST_AHEAD = 543


def store(form: Form) -> StoreView:
    """The store that the page was made for: another tab may have chosen another since."""
    code = form.get("store", "")
    found = next((store for store in own_stores() if store.code == code), None)
    if found is None:
        raise Problem(Code.UNKNOWN_STORE, field="store")
    return found


def phone(form: Form) -> PhoneNumber:
    """The phone in the chosen country, fit to be a member's key; raises the phone's problem."""
    text = form.get("phone", "")[:WRITTEN_PHONE_LENGTH]
    return PhoneNumber.parse(text, _region(form)).as_member_key()


def _region(form: Form) -> str:
    region = form.get("country", "")
    default = settings().default_region
    known = {country.region for country in countries("en", default)}
    return region if region in known else default


def amount(form: Form, field: str = "amount") -> int:
    """Minor units; raises `invalid_amount`."""
    try:
        return parse_major(form.get(field, ""), settings().currency)
    except ValueError:
        raise Problem(Code.INVALID_AMOUNT, field=field) from None


def is_blank(form: Form, field: str) -> bool:
    return not form.get(field, "").strip()


def number(text: str, *, most: int) -> int | None:
    """A whole number from 0 to `most`, however it is grouped; None for anything else."""
    digits = re.sub(r"[\s.,]", "", text[:RECEIPT_LENGTH])
    if not (digits.isascii() and digits.isdigit()) or int(digits) > most:
        return None
    return int(digits)


def points(form: Form) -> int | None:
    """How many points are to be used; None where it is no number above 0."""
    return number(form.get("points", ""), most=POINTS) or None


def row_id(text: str) -> int | None:
    """The id of a row that the page named; None for anything else."""
    is_id = text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS
    return int(text) if is_id else None


def member_id(form: Form) -> int | None:
    """The customer on the card, or who carries on an account that was merged meanwhile; None
    while nobody, or somebody new, stands there."""
    found = row_id(form.get("member", ""))
    return merging.survivor_of(found) if found is not None and found <= MEMBER_IDS else None


def redemptions(form: MultiDict[str, str]) -> list[int]:
    """What the page chose to pay by, each once."""
    known = (row_id(text) for text in form.getlist("redemption"))
    chosen = dict.fromkeys(each for each in known if each is not None)
    return list(chosen)[:REDEMPTIONS_OF_A_PURCHASE]


def goods(form: Form) -> list[dict[str, Any]]:
    """The goods that come back and how many of each; those that stay are left out.

    Raises `return_exceeds_purchase` for what is no number.
    """
    back = []
    for place in range(LINES_PER_PURCHASE):
        sku = form.get(f"sku_{place}")
        if sku is None:
            break
        quantity = number(form.get(f"back_{place}", "").strip() or "0", most=QUANTITY)
        if quantity is None:
            raise Problem(Code.RETURN_EXCEEDS_PURCHASE, field="lines")
        if quantity:
            back.append({"sku": sku[:SKU_LENGTH], "quantity": quantity})
    return back


def receipt_no(form: Form, field: str = "receipt_no") -> str | None:
    """None when left empty."""
    text = form.get(field, "").strip()
    if len(text) > RECEIPT_LENGTH or not text.isprintable():
        sentence = gettext("At most %(count)s characters, on one line.", count=RECEIPT_LENGTH)
        raise Problem(Code.INVALID_REQUEST, errors={field: [sentence]})
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
