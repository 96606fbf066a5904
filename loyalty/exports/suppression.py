"""Who of an audience may not be in a file, and why: one reason after the other.

Source: semantics, Audience files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import Row, Select, func, select

from loyalty.core.db import connection, table_of
from loyalty.exports.rules import Order
from loyalty.groups import standing
from loyalty.groups.selecting import in_steps, members_of_those, only
from loyalty.members import consents
from loyalty.members.consent_rules import ADS, MARKETING
from loyalty.members.models import Member

_members = table_of(Member)
_ID = _members.c.id
_IS_ENDED = _members.c.closed_at.is_not(None) | _members.c.erased_at.is_not(None)
_IS_RESTRICTED = _members.c.restricted_at.is_not(None)

Kept = Callable[[BitMap], BitMap]
"""Who of these stays."""


def rights(order: Order, *, as_of: datetime) -> Iterator[tuple[str, Kept]]:
    """What takes members out because they may not be in the file, in the order in which it
    is told."""
    yield "active", without_ended
    yield "restricted", lambda members: members - _found(members, select(_ID).where(_IS_RESTRICTED))
    if order.reach is not None:
        agreed = consents.counting(order.reach, MARKETING, now=as_of)
        listed, reachable = standing.on_do_not_call_list(), standing.reachable(order.reach)
        yield "consent", lambda members: _found(members, agreed)
        yield "do_not_call", lambda members: members - _found(members, listed)
        yield "unreachable", lambda members: _found(members, reachable)


def without_ended(members: BitMap) -> BitMap:
    """Without those who are closed, merged away or erased."""
    return members - _found(members, select(_ID).where(_IS_ENDED))


def _found(members: BitMap, query: Select[tuple[int]]) -> BitMap:
    return members_of_those(members, query, column=_ID)


# -- one row per contact -----------------------------------------------------------


def has_email_for_contact(order: Order) -> bool:
    """Whether somebody's e-mail may be the contact: phones are of one member each."""
    return order.reach in ("email", ADS)


def one_per_contact(members: BitMap, order: Order) -> BitMap:
    """Of members whose contact is one e-mail, the first. The contact is the e-mail in files
    for e-mail, and for ads that of who has no phone."""
    shared = _found(members, _sharing_an_email())
    if order.reach == ADS:
        shared -= _found(shared, standing.reachable("call"))
    seen: set[str] = set()
    again = BitMap()
    for some in in_steps(shared):
        for member_id, email in _emails(some):
            if email in seen:
                again.add(member_id)
            seen.add(email)
    return members - again


def _sharing_an_email() -> Select[tuple[int]]:
    email = _members.c.email
    shared = (
        select(email).where(email.is_not(None), ~_IS_ENDED).group_by(email).having(func.count() > 1)
    )
    return select(_ID).where(email.in_(shared))


def _emails(members: BitMap) -> Sequence[Row[int, str]]:
    """(member id, e-mail), ascending."""
    query = select(_ID, _members.c.email).order_by(_ID)
    return connection().execute(only(query, members, column=_ID)).all()
