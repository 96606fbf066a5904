"""Bonuses: each kind once a member, a birthday's once a calendar year. The first purchase's
goes when that purchase does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from loyalty.core.db import connection, is_postgresql, table_of
from loyalty.members.service import LockedMember
from loyalty.points.earning import Earning, earn
from loyalty.points.models import BonusGiven, EntryKind, PointEntry
from loyalty.points.taking_back import take_back

_given = table_of(BonusGiven)
_entries = table_of(PointEntry)


class Bonus(StrEnum):
    SIGN_UP = "sign_up"
    FIRST_PURCHASE = "first_purchase"
    BIRTHDAY = "birthday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """`year`: the calendar year of a birthday's; `purchase_id`: the first purchase that brings
    it."""

    kind: Bonus
    points: int
    expires_at: datetime | None
    year: int = 0
    purchase_id: int | None = None


def give(
    member: LockedMember,
    kind: Bonus,
    points: int,
    *,
    year: int = 0,
    purchase_id: int | None = None,
    expires_at: datetime | None,
    now: datetime,
) -> bool:
    """Give a locked member a bonus, unless the member had it or it is off (0 points); whether it
    was given. `year` and `purchase_id` as in `Award`."""
    award = Award(
        kind=kind, points=points, year=year, purchase_id=purchase_id, expires_at=expires_at
    )
    return bool(give_all([member], award, now=now))


def give_all(
    locked: Sequence[LockedMember], award: Award, *, now: datetime
) -> Sequence[LockedMember]:
    """The same bonus to many; returns those who had not had it."""
    if not award.points or not locked:
        return []
    new = _mark([member.id for member in locked], award, now)
    first = [member for member in locked if member.id in new]
    earn([_as_earning(member, award, now) for member in first], now=now)
    return first


def _mark(member_ids: Collection[int], award: Award, now: datetime) -> set[int]:
    """Note that it is given; returns who had not had it."""
    insert = postgresql.insert(_given) if is_postgresql() else sqlite.insert(_given)
    rows = [
        {
            "member_id": member_id,
            "kind": award.kind,
            "year": award.year,
            "purchase_id": award.purchase_id,
            "given_at": now,
        }
        for member_id in member_ids
    ]
    noted = insert.on_conflict_do_nothing().returning(_given.c.member_id)
    return set(connection().scalars(noted, rows))


def _as_earning(member: LockedMember, award: Award, now: datetime) -> Earning:
    return Earning(
        member=member,
        points=award.points,
        kind=EntryKind.BONUS,
        purchase_id=award.purchase_id,
        inputs={"bonus": str(award.kind)},
        occurred_at=now,
        expires_at=award.expires_at,
    )


def take_back_first(
    member: LockedMember, *, purchase_id: int, now: datetime, reason: str | None = None
) -> int:
    """The bonus of a purchase that is the first no more goes, and another may bring it. Returns
    how many points went; 0 where the purchase brought none. The caller holds the member's
    lock."""
    points = of_purchase(purchase_id)
    take_back(
        *(member, points),
        purchase_id=purchase_id,
        kind=EntryKind.BONUS,
        reason=reason,
        now=now,
    )
    connection().execute(
        delete(_given).where(
            _given.c.member_id == member.id,
            _given.c.kind == Bonus.FIRST_PURCHASE,
            _given.c.purchase_id == purchase_id,
        )
    )
    return points


def mark_first(member_id: int, *, purchase_id: int, now: datetime) -> None:
    """The first purchase's bonus that this purchase brought is the one that the member had."""
    award = Award(kind=Bonus.FIRST_PURCHASE, points=0, expires_at=None, purchase_id=purchase_id)
    _mark([member_id], award, now)


def of_purchase(purchase_id: int) -> int:
    """The points of the bonus that this purchase brought and that was not taken back."""
    query = select(func.sum(_entries.c.points)).where(
        _entries.c.purchase_id == purchase_id, _entries.c.kind == EntryKind.BONUS
    )
    return int(connection().scalar(query) or 0)
