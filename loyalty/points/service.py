"""The ledger: every change of a member's points is an entry, and every point has a lot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many, insert_many
from loyalty.core.db import db, table_of
from loyalty.members.service import LockedMember
from loyalty.points.models import IS_OPEN, EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.rules import OpenLot, take
from loyalty.points.standing import change_standing


def earning_of(purchase_id: int, member_id: int) -> Row[Any] | None:
    """The entry (points, rule_version, inputs) by which a member holds a purchase's points."""
    return db.session.execute(
        select(PointEntry.points, PointEntry.rule_version, PointEntry.inputs)
        .filter_by(purchase_id=purchase_id, member_id=member_id, kind=EntryKind.EARN)
        .order_by(PointEntry.id.desc())
        .limit(1)
    ).first()


def reverse_purchase(
    member: LockedMember, purchase_id: int, *, reason: str | None, now: datetime
) -> int:
    """Take back what a purchase earned its member; returns how many points.

    From the purchase's own lot first, then other lots, soonest expiry first;
    what is missing becomes debt. The caller holds the member's lock.
    """
    entries = db.session.execute(
        select(PointEntry.id, PointEntry.points, PointEntry.rule_version)
        .filter_by(purchase_id=purchase_id, member_id=member.id)
        .order_by(PointEntry.id)
    ).all()
    points = sum(entry.points for entry in entries)
    if points == 0:
        return 0
    own = [entry.id for entry in entries if entry.points > 0]
    taken, missing = take(points, _open_lots(member.id, own))
    [entry_id] = insert_many(
        table_of(PointEntry),
        [
            {
                "member_id": member.id,
                "kind": EntryKind.REVERSE_EARN,
                "points": -points,
                "purchase_id": purchase_id,
                "rule_version": entries[-1].rule_version,
                "reason": reason,
                "actor": current_actor().label,
                "occurred_at": now,
                "recorded_at": now,
            }
        ],
    )
    for part in taken:
        db.session.execute(
            update(PointLot)
            .where(PointLot.entry_id == part.lot_id)
            .values(remaining=PointLot.remaining - part.points)
        )
    append_many(
        table_of(LotAllocation),
        [{"entry_id": entry_id, "lot_id": part.lot_id, "points": part.points} for part in taken],
    )
    member.points -= points
    member.debt += missing
    change_standing({member.id: (member, -points, missing)}, now=now)
    return points


def _open_lots(member_id: int, first: Sequence[int]) -> list[OpenLot]:
    """Lots with something left: `first`, then soonest expiry, then oldest."""
    rows = db.session.execute(
        select(PointLot.entry_id, PointLot.remaining, PointLot.expires_at)
        .where(PointLot.member_id == member_id, IS_OPEN)
        .order_by(
            PointLot.entry_id.in_(first).desc(),
            PointLot.expires_at.asc().nulls_last(),
            PointLot.entry_id,
        )
    )
    return [OpenLot(row.entry_id, row.remaining) for row in rows]
