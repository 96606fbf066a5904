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
from loyalty.points.rules import OpenLot, Taken, take
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
    entry_id = _write_entry(
        member,
        EntryKind.REVERSE_EARN,
        -points,
        reason=reason,
        now=now,
        purchase_id=purchase_id,
        rule_version=entries[-1].rule_version,
    )
    _take_from_lots(entry_id, taken)
    member.points -= points
    member.debt += missing
    change_standing({member.id: (member, -points, missing)}, now=now)
    return points


def _write_entry(
    member: LockedMember,
    kind: EntryKind,
    points: int,
    *,
    reason: str | None,
    now: datetime,
    **about: int | None,
) -> int:
    """`about`: the purchase and rule version it is due to; returns the entry's id."""
    entry = {
        "member_id": member.id,
        "kind": kind,
        "points": points,
        "reason": reason,
        "actor": current_actor().label,
        "occurred_at": now,
        "recorded_at": now,
        **about,
    }
    return insert_many(table_of(PointEntry), [entry])[0]


def _take_from_lots(entry_id: int, taken: Sequence[Taken]) -> None:
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


def end_account(member: LockedMember, *, reason: str, now: datetime) -> None:
    """Bring a member to nothing: what lots have left expires, debt is forgiven.

    `reason` is a code such as `erased`. The caller holds the member's lock.
    """
    lots = _open_lots(member.id, ())
    left = sum(lot.remaining for lot in lots)
    if left:
        entry_id = _write_entry(member, EntryKind.EXPIRE, -left, reason=reason, now=now)
        _take_from_lots(entry_id, [Taken(lot.id, lot.remaining) for lot in lots])
    if member.debt:
        _write_entry(member, EntryKind.ADJUST, member.debt, reason=reason, now=now)
    points, debt = member.debt - left, member.debt
    member.points += points
    member.debt = 0
    change_standing({member.id: (member, points, -debt)}, now=now)


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
