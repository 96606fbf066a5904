"""What members have: changed in one statement, and as people see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    bindparam,
    func,
    select,
    type_coerce,
    update,
)

from loyalty.core.bulk import values_table
from loyalty.core.db import UtcDateTime, connection, table_of
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.points.models import IS_OPEN, PointLot
from loyalty.points.rules import balance_shown

Change = tuple[LockedMember, int, int]
"""(member, points to add, debt to add)"""


def shown(member: LockedMember, *, now: datetime) -> int:
    """The balance of a locked member as people see it."""
    if member.shown is None:
        query = _EXPIRED.where(_lots.c.member_id == member.id)
        expired = connection().scalar(query, {"now": now}) or 0
        member.shown = balance_shown(member.points, member.debt, int(expired))
    return member.shown


_lots = table_of(PointLot)
_members = table_of(Member)
_EXPIRED = select(func.coalesce(func.sum(_lots.c.remaining), 0)).where(
    IS_OPEN, _lots.c.expires_at <= bindparam("now")
)


def shown_points() -> ColumnElement[int]:
    """The balance shown as SQL beside `members`, with the parameter `now`; below 0 reads
    as 0."""
    now = bindparam("now", type_=UtcDateTime)
    expired = (
        select(func.coalesce(func.sum(_lots.c.remaining), 0))
        .where(
            _lots.c.member_id == _members.c.id,
            IS_OPEN,
            _lots.c.expires_at <= now,
        )
        .correlate(_members)
        .scalar_subquery()
    )
    return _members.c.points + _members.c.debt - type_coerce(expired, BigInteger)


CHANGE_ONE = (
    update(_members)
    .where(_members.c.id == bindparam("member_id"))
    .values(
        points=_members.c.points + bindparam("add_points"),
        debt=_members.c.debt + bindparam("add_debt"),
    )
    .returning(shown_points().label("shown"))
)


def change_standing(changes: Mapping[int, Change], *, now: datetime) -> None:
    """Add (points, debt) to members, in one statement; one member learns its balance."""
    if len(changes) == 1:
        [(member, points, debt)] = changes.values()
        shown = connection().scalar(
            CHANGE_ONE,
            {"member_id": member.id, "add_points": points, "add_debt": debt, "now": now},
        )
        member.shown = max(0, int(shown or 0))
        return
    change = values_table(
        "change",
        {"member_id": Integer(), "points": BigInteger(), "debt": BigInteger()},
        [(member_id, points, debt) for member_id, (_, points, debt) in changes.items()],
    )
    connection().execute(
        update(_members)
        .where(_members.c.id == change.c.member_id)
        .values(points=_members.c.points + change.c.points, debt=_members.c.debt + change.c.debt)
    )
