"""How a member stands with the tiers, and how that came about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.core.limits import PAGE_ROWS
from loyalty.members import service as members
from loyalty.programme import service as programme
from loyalty.programme.models import Tier
from loyalty.purchases.models import TierChange
from loyalty.purchases.tiers import progress

_changes = table_of(TierChange)
_tiers = table_of(Tier)


def of_member(member_id: int, *, before: int | None = None) -> dict[str, Any]:
    """`{tier, progress {basis, measured, next, missing}, items [{at, from, to, cause, measured}],
    next}`: tiers by slug, also of those that ended, newest change first; `next` is the cursor.

    Raises `unknown_member`.
    """
    members.get(member_id)
    found = progress(member_id, now=clock.now())
    rows = connection().execute(_page(member_id, before)).all()
    page = rows[:PAGE_ROWS]
    return {
        "tier": found.tier.slug if found.tier else None,
        "progress": {
            "basis": programme.snapshot().policy.tiering.basis,
            "measured": found.measured,
            "next": found.next.slug if found.next else None,
            "missing": found.missing,
        },
        "items": [
            {
                "at": row.changed_at,
                "from": row.came_from,
                "to": row.went_to,
                "cause": row.cause,
                "measured": row.measured,
            }
            for row in page
        ],
        "next": str(page[-1].id) if len(rows) > PAGE_ROWS else None,
    }


def _page(member_id: int, before: int | None) -> Any:
    came_from, went_to = _tiers.alias("came_from"), _tiers.alias("went_to")
    query = (
        select(_changes, came_from.c.slug.label("came_from"), went_to.c.slug.label("went_to"))
        .outerjoin(came_from, came_from.c.id == _changes.c.from_tier_id)
        .outerjoin(went_to, went_to.c.id == _changes.c.tier_id)
        .where(_changes.c.member_id == member_id)
        .order_by(_changes.c.id.desc())
        .limit(PAGE_ROWS + 1)
    )
    return query if before is None else query.where(_changes.c.id < before)
