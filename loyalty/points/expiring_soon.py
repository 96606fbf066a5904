"""Members whose points lapse soon: a list to remind them by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from loyalty.core.db import by_index, connection, table_of
from loyalty.core.limits import PAGE_ROWS
from loyalty.core.phone import PhoneNumber
from loyalty.members.models import IS_MAIN, Member, MemberPhone
from loyalty.points.models import IS_OPEN, PointLot

_lots = table_of(PointLot)
_members = table_of(Member)
_phones = table_of(MemberPhone)


def expiring_soon(days: int, *, after: int, now: datetime) -> dict[str, Any]:
    """A page `{items, next}` of members, by ascending id from `after` on, with what lapses within
    so many days; phones masked."""
    lapsing = (
        select(
            _lots.c.member_id,
            func.sum(_lots.c.remaining).label("points"),
            func.min(_lots.c.expires_at).label("first_expires_at"),
        )
        .where(
            IS_OPEN,
            _lots.c.expires_at > now,
            _lots.c.expires_at <= now + timedelta(days=days),
            _lots.c.member_id > after,
        )
        .group_by(_lots.c.member_id)
        .order_by(_lots.c.member_id)
        .limit(PAGE_ROWS + 1)
        .subquery()
    )
    query = (
        select(lapsing, _phones.c.e164)
        .join(_members, _members.c.id == lapsing.c.member_id)
        .outerjoin(_phones, (_phones.c.member_id == lapsing.c.member_id) & IS_MAIN)
        .order_by(lapsing.c.member_id)
    )
    with by_index():
        rows = connection().execute(query).all()
    page = rows[:PAGE_ROWS]
    return {
        "items": [
            {
                "member_id": row.member_id,
                "phone": PhoneNumber(row.e164).masked if row.e164 else None,
                "points": int(row.points),
                "first_expires_at": row.first_expires_at,
            }
            for row in page
        ],
        "next": str(page[-1].member_id) if len(rows) > PAGE_ROWS else None,
    }
