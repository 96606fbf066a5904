"""The bonuses for signing up, with a receipt or by hand, and for the first purchase.

The first purchase's stands with the earliest purchase that counts: something of it was paid and
kept, and no manager has it to look at, or refused it. It comes with the first one that does, and
goes on to the next when that one does not count any more, in whatever order all of it happens.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Row, bindparam, exists, func, select

from loyalty.core.db import connection, table_of
from loyalty.members.service import LockedMember
from loyalty.points import bonuses
from loyalty.points.bonuses import Bonus
from loyalty.points.models import EntryKind, PointEntry
from loyalty.programme import service as programme
from loyalty.programme.policy import Bonuses
from loyalty.purchases.models import Decision, Purchase, PurchaseFlag

_purchases = table_of(Purchase)
_flags = table_of(PurchaseFlag)
_entries = table_of(PointEntry)
_COUNTS: ColumnElement[bool] = (
    _purchases.c.voided_at.is_(None)
    & (_purchases.c.amount > _purchases.c.amount_returned)
    & ~exists().where(
        _flags.c.purchase_id == _purchases.c.id,
        _flags.c.decision.is_distinct_from(Decision.APPROVED),
    )
)
_EARLIEST = (
    select(_purchases.c.id, _purchases.c.local_date)
    .where(
        _purchases.c.member_id == bindparam("member_id"),
        _purchases.c.id.not_in(bindparam("but_not", expanding=True)),
        _COUNTS,
    )
    .order_by(_purchases.c.purchased_at, _purchases.c.id)
    .limit(1)
)
_BEARER = (
    select(_entries.c.purchase_id)
    .join(_purchases, _purchases.c.id == _entries.c.purchase_id)
    .where(
        _purchases.c.member_id == bindparam("member_id"),
        _purchases.c.id != bindparam("but_not"),
        _entries.c.kind == EntryKind.BONUS,
    )
    .group_by(_entries.c.purchase_id)
    .having(func.sum(_entries.c.points) > 0)
    .order_by(_entries.c.purchase_id)
    .limit(1)
)


def sign_up(member: LockedMember, *, now: datetime) -> None:
    """To a member who is made now, however; it lapses as what is earned today."""
    current = programme.snapshot()
    if current.policy.bonuses.sign_up:
        zone = current_app.extensions["settings"].time_zone
        bonuses.give(
            *(member, Bonus.SIGN_UP, current.policy.bonuses.sign_up),
            expires_at=current.expires_at(now.astimezone(zone).date(), zone),
            now=now,
        )


def first_purchase(
    member: LockedMember,
    policy: Bonuses,
    *,
    purchase_id: int,
    expires_at: datetime | None,
    now: datetime,
    beside: Collection[int] = (),
) -> None:
    """For a purchase that is written and counts, where none counted before it, history without
    points included. `beside`: ids of those that are recorded with it. `expires_at`: as of the
    points that the purchase earns. The member is locked."""
    if policy.first_purchase and _earliest(member.id, but_not=[purchase_id, *beside]) is None:
        bonuses.give(
            *(member, Bonus.FIRST_PURCHASE, policy.first_purchase),
            purchase_id=purchase_id,
            expires_at=expires_at,
            now=now,
        )


def pass_on_first(
    member: LockedMember, *, purchase_id: int, now: datetime, reason: str | None = None
) -> int:
    """The purchase does not count any more, or not for this locked member: its bonus, if it
    brought that, is taken back and stands with the earliest one that counts now. Returns how many
    points were taken back."""
    points = bonuses.take_back_first(member, purchase_id=purchase_id, now=now, reason=reason)
    if points:
        _settle(member, points, but_not=purchase_id, now=now)
    return points


def _settle(member: LockedMember, points: int, *, but_not: int, now: datetime) -> None:
    """Of accounts that were merged two purchases may have brought it: then one of them stays."""
    given = {"member_id": member.id, "but_not": but_not}
    bearer: int | None = connection().scalar(_BEARER, given)
    heir = _earliest(member.id, but_not=[but_not])
    if bearer is not None:
        bonuses.mark_first(member.id, purchase_id=bearer, now=now)
    elif heir is not None:
        zone = current_app.extensions["settings"].time_zone
        bonuses.give(
            *(member, Bonus.FIRST_PURCHASE, points),
            purchase_id=heir.id,
            expires_at=programme.snapshot().expires_at(heir.local_date, zone),
            now=now,
        )


def _earliest(member_id: int, *, but_not: Collection[int]) -> Row[Any, Any] | None:
    given = {"member_id": member_id, "but_not": list(but_not)}
    return connection().execute(_EARLIEST, given).first()
