"""What to do where nobody is left for a file, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.exports.rules import Step

_NOT_AGREED: Mapping[str, Any] = {
    "sms": _l(
        "Nobody in this group agreed to marketing by SMS so that it counts. Ask for consent at"
        " the till, or import consents with the place where their proof is kept."
    ),
    "email": _l(
        "Nobody in this group agreed to marketing by e-mail so that it counts. Ask for consent"
        " at the till, or import consents with the place where their proof is kept."
    ),
    "zalo": _l(
        "Nobody in this group agreed to marketing by Zalo so that it counts. Ask for consent at"
        " the till, or import consents with the place where their proof is kept."
    ),
    "call": _l(
        "Nobody in this group agreed to marketing by call so that it counts. Ask for consent at"
        " the till, or import consents with the place where their proof is kept."
    ),
    "ads": _l(
        "Nobody in this group agreed to be shown ads so that it counts. Ask for consent at the"
        " till, or import consents with the place where their proof is kept."
    ),
}
_NO_MOBILE = _l(
    "Nobody of those who agreed has a mobile phone. Ask for a mobile number at the till, or"
    " export for a call or e-mail."
)
_UNREACHABLE: Mapping[str, Any] = {
    "sms": _NO_MOBILE,
    "zalo": _NO_MOBILE,
    "call": _l("Nobody of those who agreed has a phone. Ask for the number at the till."),
    "email": _l(
        "Nobody of those who agreed has an e-mail address. Ask for it at the till, or export for"
        " SMS or Zalo."
    ),
    "ads": _l(
        "Nobody of those who agreed has a phone or an e-mail address. Ask for one at the till."
    ),
}
_NOBODY_THERE = _l(
    "Nobody is in this customer group. Change what it is made of, or wait until its tags are"
    " worked out."
)
_ANY_ORDER: Mapping[str, Any] = {
    "audience": _NOBODY_THERE,
    "active": _l("Whoever was in this customer group is no customer any more. Choose another."),
    "restricted": _l(
        "Whoever is in this customer group had the use of the profile restricted. Choose another"
        " group."
    ),
    "do_not_call": _l(
        "Whoever agreed is on the do-not-call list. Take off it only who asks for it; choose"
        " another group."
    ),
    "since": _l(
        "Nobody came in or went out since that export, so there is nothing to send. Export the"
        " whole group if you need its file again."
    ),
    "meanwhile": _l(
        "Whoever was left took the consent back while the file was being made. Choose another"
        " group."
    ),
}
_AT_LAST = ("since", "meanwhile")
"""Steps that come after the file's own: somebody was left before them."""
_ALWAYS_LEAVE_SOMEBODY = ("contact", "limit")
_REACHES_NOBODY: Mapping[str, Any] = {
    "sms": _l(
        "Nobody in this group agreed to marketing by SMS and has a mobile phone. Ask for consent"
        " at the till, or import consents with the place where their proof is kept."
    ),
    "email": _l(
        "Nobody in this group agreed to marketing by e-mail and has an address. Ask for consent"
        " at the till, or import consents with the place where their proof is kept."
    ),
    "zalo": _l(
        "Nobody in this group agreed to marketing by Zalo and has a mobile phone. Ask for consent"
        " at the till, or import consents with the place where their proof is kept."
    ),
    "call": _l(
        "Nobody in this group agreed to marketing by call and has a phone. Ask for consent at the"
        " till, or import consents with the place where their proof is kept."
    ),
    "ads": _l(
        "Nobody in this group agreed to be shown ads and has a phone or an e-mail address. Ask"
        " for consent at the till, or import consents with the place where their proof is kept."
    ),
}


def advice_for(steps: Sequence[Step], reach: str | None) -> str:
    """Why nobody is left, and what to do: about the last step where nothing was left to send,
    else the one that took out most."""
    step = steps[-1].name
    if step not in _AT_LAST:
        possible = [each for each in steps if each.name not in _ALWAYS_LEAVE_SOMEBODY]
        step = max(possible, key=lambda each: each.removed).name
    of_channel = {"consent": _NOT_AGREED, "unreachable": _UNREACHABLE}.get(step)
    if of_channel is not None and reach is not None:
        return str(of_channel[reach])
    return str(_ANY_ORDER[step])


def advice_for_reach(channel: str, count_of_group: int) -> str:
    """The same for a group of which marketing reaches nobody on a channel."""
    return str(_REACHES_NOBODY[channel] if count_of_group else _NOBODY_THERE)
