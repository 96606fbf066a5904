"""What members have left, lot by lot: soonest expiry first, then oldest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, or_, select

from loyalty.core.db import UtcDateTime, connection, table_of
from loyalty.points.models import IS_OPEN, EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.rules import OpenLot, Taken, take

_lots = table_of(PointLot)
_taken = table_of(LotAllocation)
_entries = table_of(PointEntry)

FIRST_LOTS = 100
"""Mostly enough: whoever has thousands of lots does not wait for them."""

_NOW = bindparam("now", type_=UtcDateTime)
IS_LIVE: ColumnElement[bool] = or_(_lots.c.expires_at.is_(None), _lots.c.expires_at > _NOW)
"""Not past its expiry, whether the job has been there or not."""
_LIVE = (
    select(_lots.c.entry_id, _lots.c.remaining)
    .where(_lots.c.member_id == bindparam("member_id"), IS_OPEN, IS_LIVE)
    .order_by(_lots.c.expires_at.asc().nulls_last(), _lots.c.entry_id)
)
_FIRST_LIVE = _LIVE.limit(FIRST_LOTS)


def take_live(
    member_id: int, points: int, *, now: datetime, but_not: Collection[int] = ()
) -> tuple[list[Taken], int]:
    """Which live lots give `points`, and how many are missing. `but_not`: lots that are given
    already."""
    for query in (_FIRST_LIVE, _LIVE):
        rows = connection().execute(query, {"member_id": member_id, "now": now}).all()
        open_lots = [OpenLot(*row) for row in rows if row.entry_id not in but_not]
        taken, missing = take(points, open_lots)
        if not missing or len(rows) < FIRST_LOTS:
            break
    return taken, missing


def lots_of_purchase(purchase_id: int, *, member_id: int, bonus: bool) -> list[OpenLot]:
    """What a member's own lots of a purchase have left, past their expiry or not; the oldest
    first. Another member may have lots of it, from before it was reassigned. `bonus`: those of
    the bonus that it brought, else those of what it earned."""
    is_bonus = _entries.c.kind == EntryKind.BONUS
    rows = connection().execute(
        select(_lots.c.entry_id, _lots.c.remaining)
        .join(_entries, _entries.c.id == _lots.c.entry_id)
        .where(
            _entries.c.purchase_id == purchase_id,
            _lots.c.member_id == member_id,
            is_bonus if bonus else ~is_bonus,
        )
        .order_by(_lots.c.entry_id)
    )
    return [OpenLot(*row) for row in rows]


def lapsed_of(lot_ids: Collection[int]) -> list[OpenLot]:
    """What lapsed of these lots and did not come back since; those of which something did."""
    total = func.sum(_taken.c.points)
    rows = connection().execute(
        select(_taken.c.lot_id, total)
        .join(_entries, _entries.c.id == _taken.c.entry_id)
        .where(
            _taken.c.lot_id.in_(lot_ids),
            or_(
                _entries.c.kind == EntryKind.EXPIRE,
                (_entries.c.kind == EntryKind.RESTORE) & _entries.c.redemption_id.is_(None),
            ),
        )
        .group_by(_taken.c.lot_id)
        .having(total > 0)
        .order_by(_taken.c.lot_id)
    )
    return [OpenLot(lot_id, int(points)) for lot_id, points in rows]


def past_expiry(lot_ids: Collection[int], *, now: datetime) -> set[int]:
    """Those of the lots that are past their expiry."""
    rows = connection().scalars(
        select(_lots.c.entry_id).where(_lots.c.entry_id.in_(lot_ids), _lots.c.expires_at <= now)
    )
    return set(rows)
