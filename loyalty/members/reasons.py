"""Reasons that staff type stand in logs that nobody can change: without the person in them."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy import or_, select

from loyalty.core.db import connection, table_of
from loyalty.core.logs import mask_digits
from loyalty.members.models import Member
from loyalty.members.rules import fold

_HIDDEN = "•••"
_ADDRESS = re.compile(r"\S+@\S+")
_DATE = re.compile(r"\b\d{1,4}([ /.-])\d{1,2}\1\d{2,4}\b")
_members = table_of(Member)


def impersonal(reason: str | None, *, about: Collection[int]) -> str | None:
    """`reason` without phones, e-mail addresses and dates, and without the whole names of the
    members it is `about`, those of accounts that were merged into theirs included.

    Masked and not refused: a cashier who cancels a receipt need not learn a rule for it.
    What cannot be known stays: half a name, a name that the member gets later, someone
    else's name. The README tells staff to keep people out of reasons.
    """
    if not reason:
        return reason
    reason = _DATE.sub(_HIDDEN, _ADDRESS.sub(_HIDDEN, mask_digits(reason)))
    theirs = or_(_members.c.id.in_(about), _members.c.merged_into.in_(about))
    for name in connection().scalars(select(_members.c.name).where(theirs)):
        reason = without_name(reason, name) if name else reason
    return reason


def without_name(text: str, name: str) -> str:
    """Masks the name as whole words, in any case and spacing, with its marks or without."""
    words = [re.escape(word) for word in _plain(name).split()]
    whole = r"\s+".join(words)
    if whole.isascii():  # Thai writes no spaces between words
        whole = rf"(?<!\w){whole}(?!\w)"
    found = list(re.finditer(whole, _plain(text))) if words else []
    for place in reversed(found):
        text = text[: place.start()] + _HIDDEN + text[place.end() :]
    return text


def _plain(text: str) -> str:
    """Folded letter by letter, so that places stay the same."""
    return "".join((fold(letter) or letter)[0] for letter in text)
