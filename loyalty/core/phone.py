"""The phone number: read once, at the edge, and E.164 from there on.

A member is known by it, so two writings of one number must meet and two numbers must not.
What is not certain is refused, with a code and a sentence for a cashier, not guessed.
Text is cleaned in `phone_text.py` and read in `phone_plan.py`. Source: semantics, Phones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from loyalty.core.errors import Code, Problem
from loyalty.core.phone_plan import e164_of, is_plain_mobile
from loyalty.core.phone_text import Written, clean, refusal

LONGEST_TEXT = 200  # characters, a label and a note included; longer is refused unread

_KINDS = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile_or_landline",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
SERVICE_KINDS = frozenset({"toll_free", "premium", "shared_cost", "company", "voicemail"})


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A valid number. The constructor trusts its E.164 (from our own tables); text from
    outside goes through `parse`."""

    e164: str

    @classmethod
    def parse(cls, text: str, region: str) -> PhoneNumber:
        """Read a number as people write it in a region ("VN").

        Raises `Problem` on the field `phone`, with one of the phone codes. An unknown region
        is a mistake of the caller: ValueError.
        """
        if len(text) > LONGEST_TEXT:
            raise refusal(Code.TOO_LONG)
        found = _read(text, region)
        if isinstance(found, Code):
            raise refusal(found)
        return cls(found)

    def as_member_key(self) -> PhoneNumber:
        """Itself, if it can be a person's: not 1800, 1900, +800 or a company's number.

        A truncated mobile can look like one: 0799 1234 is a company's number in Vietnam.
        """
        if self.kind in SERVICE_KINDS:
            raise refusal(Code.SERVICE_NUMBER)
        return self

    @property
    def kind(self) -> str:
        """mobile, landline, mobile_or_landline (the plan does not tell, as in the US), voip,
        personal, pager, toll_free, premium, shared_cost, company, voicemail or unknown."""
        return _kind(self.e164)

    @property
    def country(self) -> str:
        """The region code, "VN"; "001" for what belongs to no country."""
        return phonenumbers.region_code_for_number(_parsed(self.e164)) or "ZZ"

    @property
    def region(self) -> str:
        """The same as `country`."""
        return self.country

    @property
    def masked(self) -> str:
        """The last three digits, for a display or a log: `••• 678`."""
        return f"••• {self.e164[-3:]}"

    @property
    def national(self) -> str:
        """As its own country writes it: `0912 345 678`."""
        return self.as_written_in(self.country)

    def as_written_in(self, region: str) -> str:
        """`0912 345 678` at home, `+66 81 234 5678` for a foreign number."""
        home = phonenumbers.country_code_for_region(region)
        number = _parsed(self.e164)
        at_home = number.country_code == home
        shape = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
        return phonenumbers.format_number(number, shape)

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"


@lru_cache(maxsize=65_536)  # a till, a batch and an import ask for the same phones again
def _read(text: str, region: str) -> str | Code:
    """E.164, or the code of the refusal: an exception kept would keep its traceback."""
    plain = text.isascii() and text.isdigit()
    try:
        return e164_of(Written(text, text) if plain else clean(text), region)
    except Problem as problem:
        return problem.code


def _parsed(e164: str) -> phonenumbers.PhoneNumber:
    """What the library's parse makes of E.164, several times sooner: no country code begins
    another, and only a leading 0 (Italy's) needs more than the two numbers."""
    for end in (2, 3, 4):
        code, national = e164[1:end], e164[end:]
        if int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE and not national.startswith("0"):
            return phonenumbers.PhoneNumber(int(code), int(national))
    return phonenumbers.parse(e164)


@lru_cache(maxsize=65_536)
def _kind(e164: str) -> str:
    if is_plain_mobile(e164):
        return "mobile"
    return _KINDS.get(phonenumbers.number_type(_parsed(e164)), "unknown")
