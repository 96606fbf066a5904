"""A member's points as people and programs read them: what is there, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from loyalty.core import clock
from loyalty.core.db import connection, db, table_of
from loyalty.core.limits import PAGE_ROWS
from loyalty.members import service as members
from loyalty.members.merging import accounts_of
from loyalty.members.models import Member
from loyalty.points import pending
from loyalty.points.handed_in import holds
from loyalty.points.lots import IS_LIVE
from loyalty.points.models import IS_OPEN, EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.rules import ComingBack, Live, Standing, standing_of

EXPIRING_SHOWN = 50

_lots = table_of(PointLot)
_taken = table_of(LotAllocation)
_entries = table_of(PointEntry)
_members = table_of(Member)


def standing(member_id: int) -> dict[str, Any]:
    """`{balance, held, available, debt, pending, expiring}`; raises `unknown_member`.

    Exact whether or not the jobs were there that expire lots and end holds.
    """
    members.get(member_id)
    now = clock.now()
    found = _standing(member_id, now)
    expiring = sorted(
        (at, points) for at, points in found.live.items() if at is not None and points
    )
    return {
        "balance": found.available + found.held,
        "held": found.held,
        "available": found.available,
        "debt": found.debt,
        "pending": pending.of_member(member_id),
        "expiring": [
            {"points": points, "expires_at": at} for at, points in expiring[:EXPIRING_SHOWN]
        ],
    }


def _standing(member_id: int, now: datetime) -> Standing:
    sums = select(_members.c.debt, _members.c.held).where(_members.c.id == member_id)
    row = connection().execute(sums).one()
    over = holds().over(member_id, now=now) if row.held else {}
    back = [part for held in over.items() for part in _coming_back(*held)]
    return standing_of(_live(member_id, now), back, held=row.held, debt=row.debt, now=now)


def _live(member_id: int, now: datetime) -> Live:
    """Points by the moment at which they lapse."""
    rows = connection().execute(
        select(_lots.c.expires_at, func.sum(_lots.c.remaining))
        .where(_lots.c.member_id == member_id, IS_OPEN, IS_LIVE)
        .group_by(_lots.c.expires_at),
        {"now": now},
    )
    return {at: int(points) for at, points in rows}


def _coming_back(redemption_id: int, ended_at: datetime) -> Sequence[ComingBack]:
    """What a hold took from lots that were not past their expiry when it was over."""
    rows = connection().execute(
        select(_taken.c.points, _lots.c.expires_at)
        .join(_entries, _entries.c.id == _taken.c.entry_id)
        .join(_lots, _lots.c.entry_id == _taken.c.lot_id)
        .where(_entries.c.redemption_id == redemption_id, _entries.c.kind == EntryKind.HOLD)
        .order_by(_taken.c.lot_id)
    )
    return [ComingBack(*row, ended_at=ended_at) for row in rows]


def entries(member_id: int, *, before: int | None) -> dict[str, Any]:
    """A page of a member's entries, newest first, with those of accounts that were merged into
    it; `before` is the cursor of the last page."""
    members.get(member_id)
    query = select(PointEntry).where(PointEntry.member_id.in_(accounts_of(member_id)))
    if before is not None:
        query = query.where(PointEntry.id < before)
    found = db.session.scalars(query.order_by(PointEntry.id.desc()).limit(PAGE_ROWS + 1)).all()
    page = found[:PAGE_ROWS]
    more = len(found) > PAGE_ROWS
    return {"items": page, "next": str(page[-1].id) if more else None}
