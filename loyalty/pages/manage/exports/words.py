"""What the codes of an export are called at the desk. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.pages.manage.customers.words import CHANNELS

Words = Mapping[str, Any]

INTERNAL = "internal"
"""What a form says instead of a channel: for use within the shop."""

STATES: Mapping[str, tuple[Any, str]] = {
    "queued": (_l("Waiting for its turn"), "quiet"),
    "running": (_l("Being written"), ""),
    "done": (_l("Ready"), ""),
    "failed": (_l("Failed"), "danger"),
    "cancelled": (_l("Cancelled"), "quiet"),
    "deleted": (_l("Files deleted"), "quiet"),
}
"""By state: the word, and the tone of its badge."""

NO_CONSENT: Words = {
    "sms": _l("Have not agreed to SMS"),
    "email": _l("Have not agreed to e-mail"),
    "zalo": _l("Have not agreed to Zalo"),
    "call": _l("Have not agreed to calls"),
    "ads": _l("Have not agreed to advertising platforms"),
}
NO_ADDRESS: Words = {
    "sms": _l("A landline, or no phone"),
    "zalo": _l("A landline, or no phone"),
    "call": _l("No phone"),
    "email": _l("No e-mail address"),
    "ads": _l("Neither phone nor e-mail address"),
}
_TAKEN_OUT: Words = {
    "active": _l("No longer customers"),
    "restricted": _l("Restricted at their own wish"),
    "do_not_call": _l("On the do-not-call list"),
    "contact": _l("Share an e-mail address with another customer"),
    "limit": _l("Over the most you asked for"),
    "since": _l("Were in the earlier file"),
    "meanwhile": _l("Changed their mind while the file was written"),
}
_BY_REACH: Mapping[str, Words] = {"consent": NO_CONSENT, "unreachable": NO_ADDRESS}


def taken_out(step: str, reach: str | None) -> Any:
    """Whom a step takes out of the file."""
    words = _BY_REACH.get(step, {}).get(reach or "")
    return words or _TAKEN_OUT.get(step, step)


def reach_word(reach: str | None) -> Any:
    """Who agreed to it, or that nobody was asked."""
    return CHANNELS[reach] if reach else _l("For use within the shop")
