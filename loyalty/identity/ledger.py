"""The points of a merge: lots keep their expiry and belong to the survivor, and so do holds and
debt; a pair of entries carries the balance. Entries stay with whom they were written for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from loyalty.core.db import connection, table_of
from loyalty.members import merging
from loyalty.members.service import LockedMember
from loyalty.points.entries import added_up, allocate, write_entry
from loyalty.points.expiring import sweep
from loyalty.points.handed_in import release_what_is_over
from loyalty.points.lots import take_live
from loyalty.points.models import EntryKind, PointEntry, PointLot
from loyalty.points.standing import Changes

_lots = table_of(PointLot)
_entries = table_of(PointEntry)


def carry_over(source: LockedMember, into: LockedMember, *, now: datetime) -> None:
    """Everything the source has, held or owes is the other's; both members are locked."""
    release_what_is_over(source, now=now)
    release_what_is_over(into, now=now)
    sweep(source, now=now)
    points, debt = source.points, source.debt
    changes = Changes()
    changes.add(into, points=points, debt=debt, held=source.held, spend=source.tier_spend)
    changes.add(source, points=-points, debt=-debt, held=-source.held, spend=-source.tier_spend)
    _move_lots(source.id, into.id)
    # Without a balance there are neither lots with points nor debt: nothing to carry or repay.
    if points:
        changes.add(into, debt=-_carry(source.id, into, points, now=now))
    changes.write(now=now)


def _carry(source_id: int, into: LockedMember, points: int, *, now: datetime) -> int:
    """The pair of entries; returns what lots of the one repay of the debt of the other."""
    write_entry(source_id, EntryKind.MERGE_OUT, -points, now=now, inputs={"into": into.id})
    entry_id = write_entry(into.id, EntryKind.MERGE_IN, points, now=now, inputs={"from": source_id})
    repaid, missing = take_live(into.id, into.debt, now=now)
    allocate(entry_id, added_up(repaid))
    return into.debt - missing


def _move_lots(source_id: int, into_id: int) -> None:
    """All lots, the empty ones too: what was spent may come back to them. They are found by
    their entries, which no index of lots does for empty ones."""
    theirs = select(_entries.c.id).where(_entries.c.member_id.in_(merging.accounts_of(source_id)))
    connection().execute(
        update(_lots)
        .where(_lots.c.entry_id.in_(theirs), _lots.c.member_id == source_id)
        .values(member_id=into_id)
    )
