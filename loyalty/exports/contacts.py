"""Whose phone or e-mail is another than it was: a file that was written meanwhile sends what is
meant for one person to another."""

from __future__ import annotations

from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import select

from loyalty.core.db import table_of
from loyalty.exports.rules import Order
from loyalty.exports.suppression import has_email_for_contact
from loyalty.groups.selecting import members_of_those
from loyalty.members.models import Member, MemberPhone

_members = table_of(Member)
_phones = table_of(MemberPhone)


def changed(members: BitMap, order: Order, *, since: datetime) -> BitMap:
    """Who of these got or lost a phone since then; where the order may go out by e-mail, also
    who was changed in any way: of an address alone it is not known when."""
    moved = (_phones.c.active_from >= since) | (_phones.c.active_until >= since)
    phones = select(_phones.c.member_id).where(moved, ~_phones.c.is_alias)
    found = members_of_those(members, phones, column=_phones.c.member_id)
    if has_email_for_contact(order):
        edited = select(_members.c.id).where(_members.c.updated_at >= since)
        found |= members_of_those(members, edited, column=_members.c.id)
    return found
