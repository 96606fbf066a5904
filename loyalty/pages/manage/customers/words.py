"""What codes are called on the pages of a customer. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.core.access import ACTIONS
from loyalty.pages.manage import audit_words
from loyalty.points.statement_rules import KINDS as ENTRY_WORDS

Words = Mapping[str, Any]

CHANNELS: Words = {
    "sms": "SMS",
    "email": _l("E-mail"),
    "zalo": "Zalo",
    "call": _l("Phone call"),
    "ads": _l("Advertising platforms"),
}
PURPOSES: Words = {"service": _l("Service"), "marketing": _l("Marketing")}

KINDS: Words = {
    "copy": _l("A copy of everything held"),
    "correct": _l("A correction"),
    "restrict": _l("A restriction"),
    "object": _l("No more marketing"),
    "withdraw": _l("Consent withdrawn"),
    "erase": _l("Erasure"),
}
WAYS: Words = {
    "desk": _l("At the counter"),
    "phone": _l("By phone"),
    "mail": _l("By letter or e-mail"),
    "page": _l("On a page of ours"),
    "till": _l("At the till"),
    "api": _l("Another system"),
}
"""How a request came."""
TOLD_BY: Words = {name: WAYS[name] for name in ("desk", "phone", "mail", "page")}
"""What is chosen from where one is written down."""

DOORS: Words = {
    "desk": _l("Manager's desk"),
    "till": _l("Till"),
    "page": _l("The customer's own page"),
    "api": _l("Another system"),
    "import": _l("Imported file"),
}
"""By which door a consent came."""
STATES: Words = {
    "open": _l("Open"),
    "answered": _l("Answered"),
    "done": _l("Carried out"),
    "refused": _l("Refused"),
}

FIELDS: Words = {
    "name": _l("Name"),
    "email": _l("E-mail"),
    "birth_date": _l("Birth date"),
    "gender": _l("Gender"),
    "country": _l("Country"),
    "province": _l("Province"),
    "district": _l("District"),
    "occupation": _l("Occupation"),
    "education": _l("Education"),
    "income_band": _l("Income"),
    "family_size": _l("People in the household"),
}
"""The profile as it is shown, in this order; `province_list` goes with the province."""

GENDERS: Words = {"female": _l("Female"), "male": _l("Male"), "other": _l("Other")}
INCOMES: Words = {"low": _l("Low"), "middle": _l("Middle"), "high": _l("High")}
SOURCES: Words = {
    "purchase": _l("A purchase"),
    "till": _l("Till"),
    "api": _l("Another system"),
    "import": _l("Imported file"),
    "warranty": _l("A warranty"),
}
SALES_CHANNELS: Words = {
    "store": _l("In a store"),
    "online": _l("On the internet"),
    "self_service": _l("Self-service"),
}
PHONE_KINDS: Words = {
    "mobile": _l("Mobile"),
    "landline": _l("Landline"),
    "mobile_or_landline": _l("Mobile or landline"),
    "voip": _l("Internet phone"),
    "personal": _l("Personal number"),
    "pager": _l("Pager"),
}
ENTRY_KINDS: Words = {str(kind): word for kind, word in ENTRY_WORDS.items()}
REDEMPTION_STATES: Words = {
    "held": _l("On hold"),
    "captured": _l("Used"),
    "voided": _l("Cancelled"),
    "lapsed": _l("Expired"),
    "reversed": _l("Given back"),
}
ACTORS: Words = {
    "person": _l("Staff"),
    "key": _l("Another system"),
    "system": _l("The service itself"),
}
"""Of who did something, the kind."""


def word(words: Words, code: str | None) -> Any:
    """A code without a word is shown as it is: better than nothing."""
    if not code:
        return ""
    return words.get(code, code)


def event(name: str) -> Any:
    """What was done, from the log's name of it."""
    declared = ACTIONS.get(name)
    return audit_words.ACTIONS.get(name, name if declared is None else declared.says)
