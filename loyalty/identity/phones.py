"""A member's number changes, or turns out to be somebody else's by now."""

from __future__ import annotations

from datetime import datetime

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.identity.rules import CHANGE_PHONE
from loyalty.members import phones
from loyalty.members import service as members
from loyalty.members.merging import carried_on_by
from loyalty.members.reasons import impersonal


def change(member_id: int, phone: PhoneNumber) -> None:
    """The member has another number from now on; the old one leads to nobody. The same number
    again changes nothing, and one of the member's aliases becomes its main number.

    Raises what `hold` does, and `phone_in_use` with whose it is: a merge is the way then.
    """
    hold(member_id)
    now = clock.now()
    main = phones.main_of(member_id)
    if main == phone.e164:
        return
    owner = phones.owner_of(phone.e164)
    if owner not in (None, member_id):
        raise Problem(Code.PHONE_IN_USE, field="phone", extra={"member": {"id": owner}})
    for ending in (main, phone.e164):
        if ending is not None:
            phones.end(member_id, ending, now=now)
    phones.set_main(member_id, phone, now=now)
    audit.record(CHANGE_PHONE.name, "member", member_id, step="changed")


def detach(member_id: int, *, reason: str, phone: PhoneNumber | None = None) -> None:
    """A number is another person's by now: the main one, or the alias that is named. It leads to
    nobody; what was bought under it stays with the member.

    Raises what `hold` does, and `no_phone` where the member does not have it.
    """
    hold(member_id)
    now = clock.now()
    e164 = phones.main_of(member_id) if phone is None else phone.e164
    if e164 is None or not phones.end(member_id, e164, now=now):
        raise Problem(Code.NO_PHONE, field="phone")
    if phones.main_of(member_id) is None:
        _call_at_an_alias(member_id, now=now)
    why = impersonal(reason, about=[member_id])
    audit.record(CHANGE_PHONE.name, "member", member_id, reason=why, step="detached")


def _call_at_an_alias(member_id: int, *, now: datetime) -> None:
    """The oldest is the main number from now on, if there is one."""
    for alias in phones.numbers_of(member_id)[:1]:
        phones.end(member_id, alias.e164, now=now)
        phones.set_main(member_id, PhoneNumber(alias.e164), now=now)


def hold(member_id: int) -> None:
    """Lock the member. Raises `unknown_member`, and `member_merged` with who carries the account
    on: nobody looked at that one's numbers."""
    if member_id in members.lock([member_id]):
        return
    survivor = carried_on_by(member_id)
    if survivor is not None:
        raise Problem(Code.MEMBER_MERGED, extra={"member": {"id": survivor}})
    raise Problem(Code.UNKNOWN_MEMBER)
