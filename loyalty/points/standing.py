"""What members have: changed in one statement, and as people see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
from sqlalchemy.sql.dml import Update
from sqlalchemy.types import TypeEngine

from loyalty.core.bulk import values_table
from loyalty.core.db import UtcDateTime, connection, table_of
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.points.models import IS_OPEN, PointLot
from loyalty.points.rules import balance_shown


def shown(member: LockedMember, *, now: datetime) -> int:
    """The balance of a locked member as people see it."""
    if member.shown is None:
        query = _EXPIRED.where(_lots.c.member_id == member.id)
        expired = connection().scalar(query, {"now": now}) or 0
        member.shown = balance_shown(member.points, member.debt, int(expired), held=member.held)
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
    return _members.c.points + _members.c.debt + _members.c.held - type_coerce(expired, BigInteger)


_SUMS = ("points", "debt", "held", "tier_spend")
CHANGE_ONE = (
    update(_members)
    .where(_members.c.id == bindparam("member_id"))
    .values({name: _members.c[name] + bindparam(f"add_{name}") for name in _SUMS})
    .returning(shown_points().label("shown"))
)


class Changes:
    """What is added to the sums of locked members, written in one statement. The members carry
    their new sums from when they are added."""

    def __init__(self) -> None:
        self._sums: dict[int, tuple[LockedMember, list[int]]] = {}

    def add(
        self, member: LockedMember, *, points: int = 0, debt: int = 0, held: int = 0, spend: int = 0
    ) -> None:
        """`spend` counts towards the tier."""
        _, sums = self._sums.setdefault(member.id, (member, [0] * len(_SUMS)))
        for place, (name, more) in enumerate(zip(_SUMS, (points, debt, held, spend), strict=True)):
            sums[place] += more
            setattr(member, name, getattr(member, name) + more)
        member.shown = None

    def write(self, *, now: datetime) -> None:
        """One member learns its balance shown."""
        if len(self._sums) == 1:
            [(member, sums)] = self._sums.values()
            given = {f"add_{name}": more for name, more in zip(_SUMS, sums, strict=True)}
            shown = connection().scalar(CHANGE_ONE, {"member_id": member.id, **given, "now": now})
            member.shown = max(0, int(shown or 0))
        elif self._sums:
            rows = [(member_id, *sums) for member_id, (_, sums) in sorted(self._sums.items())]
            connection().execute(_change_many(rows))


def _change_many(rows: list[tuple[int, ...]]) -> Update:
    kinds: dict[str, TypeEngine[Any]] = {
        "member_id": Integer(),
        **dict.fromkeys(_SUMS, BigInteger()),
    }
    change = values_table("change", kinds, rows)
    return (
        update(_members)
        .where(_members.c.id == change.c.member_id)
        .values({name: _members.c[name] + change.c[name] for name in _SUMS})
    )
