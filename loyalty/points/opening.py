"""Opening balances: what members bring along from an older system. An entry of its own with a
lot of its own, once a member; taken back by an undo, and then free to come again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, func, or_, select, update

from loyalty.core import clock
from loyalty.core.bulk import append_many, values_table
from loyalty.core.db import BigId, connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.points.crediting import credit
from loyalty.points.entries import added_up, allocate, entry_row, write_entries
from loyalty.points.handed_in import release_what_is_over
from loyalty.points.lots import take_live
from loyalty.points.models import EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.standing import Changes
from loyalty.programme.rules import Programme

LEAST_MONTHS = 12
"""No opening balance lapses sooner unless its file says so (semantics, Earning)."""

_entries = table_of(PointEntry)
_members = table_of(Member)
_lots = table_of(PointLot)
_taken = table_of(LotAllocation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """`points` (at least 1) that a member brings along; `expires_at` None: they never lapse."""

    member: LockedMember
    points: int
    expires_at: datetime | None
    spend: int = 0


def default_expiry(programme: Programme, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When they lapse where the file does not say: as what is earned today, and not before the
    end of the local day twelve months on; None where points never lapse."""
    today = now.astimezone(zone).date()
    earned = programme.expires_at(today, zone)
    if earned is None:
        return None
    return max(earned, clock.end_of_day(clock.add_months(today, LEAST_MONTHS), zone))


def balances_of(member_ids: Collection[int]) -> dict[int, int]:
    """The opening balance of each of these members who has one, with those of accounts that
    were merged into theirs: the entries stay with whom they were written for."""
    if not member_ids:
        return {}
    asked = _ids("asked", member_ids, Integer())
    total = func.sum(_entries.c.points)
    rows = connection().execute(
        select(asked.c.id, total)
        .join(_members, or_(_members.c.id == asked.c.id, _members.c.merged_into == asked.c.id))
        .join(_entries, _entries.c.member_id == _members.c.id)
        .where(_entries.c.kind == EntryKind.OPENING)
        .group_by(asked.c.id)
        .having(total != 0)
    )
    return {member_id: int(points) for member_id, points in rows}


def open_balances(
    openings: Sequence[Opening], *, now: datetime, reason: str | None = None
) -> dict[int, int]:
    """Write them; returns the entry of each member (id) who got one.

    Who has an opening balance already, or stands here twice, keeps the first and gets no
    other: their ids are missing. Debts are repaid first. The members are locked by the caller
    and carry their new standing afterwards.
    """
    known = balances_of([each.member.id for each in openings if not each.member.created])
    first = {each.member.id: each for each in reversed(openings)}
    new = [each for member_id, each in sorted(first.items()) if member_id not in known]
    if not new:
        return {}
    rows = [_entry(each.member, each.points, reason, now) for each in new]
    entry_ids = write_entries(rows)
    credit(entry_ids, new, now=now)
    return {each.member.id: entry_id for entry_id, each in zip(entry_ids, new, strict=True)}


def take_back(
    opened: Mapping[int, LockedMember], *, now: datetime, reason: str | None = None
) -> None:
    """Undo opening entries (by id, with the member of each); what one repaid of a debt is taken
    from the member's other lots, and what is missing is a debt again. Raises `built_upon` where
    points of one were spent or lapsed.

    The members are locked by the caller and carry their new standing afterwards.
    """
    if not opened:
        return
    for member in opened.values():
        release_what_is_over(member, now=now)
    lots = _whole_lots(opened)
    if missing := len(opened) - len(lots):
        raise Problem(Code.BUILT_UPON, extra={"count": missing})
    rows = [_entry(opened[lot_id], -lots[lot_id].points, reason, now) for lot_id in sorted(lots)]
    entry_ids = write_entries(rows)
    here = _ids("here", lots, BigId)
    emptied = update(_lots).where(_lots.c.entry_id.in_(select(here.c.id))).values(remaining=0)
    connection().execute(emptied)
    append_many(_taken, _allocations(entry_ids, [lots[lot_id] for lot_id in sorted(lots)]))
    changes = Changes()
    for entry_id, lot_id in zip(entry_ids, sorted(lots), strict=True):
        member, lot = opened[lot_id], lots[lot_id]
        debt = _owe_again(member, lot.points - lot.remaining, entry_id=entry_id, now=now)
        changes.add(member, points=-lot.points, debt=debt)
    changes.write(now=now)


def _owe_again(member: LockedMember, points: int, *, entry_id: int, now: datetime) -> int:
    """Take what an opening repaid from live lots; returns what is missing."""
    if not points:
        return 0
    taken, missing = take_live(member.id, points, now=now)
    allocate(entry_id, added_up(taken))
    return missing


def whole_among(entry_ids: Collection[int]) -> set[int]:
    """Those of the opening entries that can be taken back."""
    return set(_whole_lots(entry_ids)) if entry_ids else set()


def _whole_lots(entry_ids: Collection[int]) -> dict[int, Any]:
    """By entry, those from which nothing was taken but what repaid a debt when they came."""
    here = _ids("here", entry_ids, BigId)
    repaid = (
        select(func.coalesce(func.sum(_taken.c.points), 0))
        .where(_taken.c.lot_id == _lots.c.entry_id, _taken.c.entry_id == _lots.c.entry_id)
        .scalar_subquery()
    )
    rows = connection().execute(
        select(_lots.c.entry_id, _lots.c.points, _lots.c.remaining)
        .join(here, here.c.id == _lots.c.entry_id)
        .where(_lots.c.remaining == _lots.c.points - repaid)
    )
    return {row.entry_id: row for row in rows}


def _allocations(entry_ids: Sequence[int], lots: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"entry_id": entry_id, "lot_id": lot.entry_id, "points": lot.remaining}
        for entry_id, lot in zip(entry_ids, lots, strict=True)
        if lot.remaining
    ]


def _entry(member: LockedMember, points: int, reason: str | None, now: datetime) -> dict[str, Any]:
    return entry_row(member.id, EntryKind.OPENING, points, now=now, reason=reason)


def _ids(name: str, ids: Collection[int], kind: Any) -> Any:
    return values_table(name, {"id": kind}, [[each] for each in ids])
