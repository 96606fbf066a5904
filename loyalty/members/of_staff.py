"""Which accounts are of people of the shop: staff phones are known (semantics, Cashiers)."""

from __future__ import annotations

from sqlalchemy import select

from loyalty.core.access import Actor
from loyalty.core.db import connection, table_of
from loyalty.members.models import MemberPhone
from loyalty.staff.models import StaffUser

_phones = table_of(MemberPhone)
_people = table_of(StaffUser)


def is_of(actor: Actor, *, member_id: int, phone: str | None = None) -> bool:
    """Whether the number or the account is the actor's own, whichever of its numbers is known."""
    if actor.kind != "person":
        return False
    its_own = _phones.c.member_id == member_id
    if phone is not None:
        # Compared with none, it would be that of all who have none.
        its_own |= _people.c.phone == phone
    is_its_phone = (_phones.c.e164 == _people.c.phone) & _phones.c.active_until.is_(None)
    query = (
        select(_people.c.id)
        .select_from(_people.outerjoin(_phones, is_its_phone))
        .where(_people.c.id == actor.id, its_own)
    )
    return connection().scalar(query) is not None
