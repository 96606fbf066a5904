"""Who of an audience may not be in a file, and why: one reason after the other.

Source: semantics, Audience files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import Select, case, func, select

from loyalty.core.db import table_of
from loyalty.exports.rules import Order
from loyalty.groups import standing
from loyalty.groups.selecting import members_of_those, numbers_of
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
    """Of members who share an e-mail, the first. In files for ads an e-mail stands beside the
    phone as well: whoever has a phone stays, and nobody without one whose e-mail such a row
    carries."""
    with_phone = _found(members, standing.reachable("call")) if order.reach == ADS else BitMap()
    again = BitMap()
    for sharing in _sharing_an_email():
        same = sharing & members
        again |= same - (same & with_phone or same[:1])
    return members - again


def _sharing_an_email() -> Iterator[BitMap]:
    """The members of each e-mail that several have. As numbers: a million addresses would not
    fit into little memory."""
    sharing: list[int] = []
    for number in numbers_of(_first_then_others()):
        if number < 0 and sharing:
            yield BitMap(sharing)
            sharing = []
        sharing.append(abs(number))
    yield BitMap(sharing)


def _first_then_others() -> Select[tuple[int]]:
    """The ids of those who share an e-mail, side by side; that of the first is negative."""
    has_email = _members.c.email.is_not(None) & ~_IS_ENDED
    shared = (
        select(_members.c.email, func.min(_ID).label("first"))
        .where(has_email)
        .group_by(_members.c.email)
        .having(func.count() > 1)
        .subquery()
    )
    return (
        select(case((shared.c.first == _ID, -_ID), else_=_ID))
        .join_from(_members, shared, shared.c.email == _members.c.email)
        .where(has_email)
        .order_by(shared.c.first, _ID)
    )
