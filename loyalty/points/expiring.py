"""Points that lapse: lots past their expiry are emptied, with an entry each. Nobody sees the
difference: whatever reads or spends points leaves such lots out already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    Integer,
    Select,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)

from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many
from loyalty.core.db import (
    UtcDateTime,
    by_index,
    connection,
    in_transaction,
    is_postgresql,
    table_of,
)
from loyalty.core.limits import BATCH_ROWS
from loyalty.members import service as members
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.points.entries import entry_row, move_lots, write_entries
from loyalty.points.models import IS_OPEN, EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.standing import Changes

_lots = table_of(PointLot)
_entries = table_of(PointEntry)
_taken = table_of(LotAllocation)
_members = table_of(Member)


@dataclass(frozen=True, slots=True)
class Swept:
    """What lapsed: how many lots, and the points that they had left."""

    lots: int = 0
    points: int = 0

    def __add__(self, more: Swept) -> Swept:
        return Swept(self.lots + more.lots, self.points + more.points)


_NOW = bindparam("now", type_=UtcDateTime)
_DUE = (
    select(_lots.c.entry_id, _lots.c.member_id, _lots.c.remaining, _lots.c.expires_at)
    .where(IS_OPEN, _lots.c.expires_at <= _NOW)
    .order_by(_lots.c.member_id, _lots.c.expires_at, _lots.c.entry_id)
)


def expire_due(now: datetime, *, report: Callable[[Swept], None] | None = None) -> Swept:
    """Empty every lot that is past its expiry. Opens a transaction for each step; safe to
    repeat, and to break off."""
    swept, after = Swept(), 0
    while True:
        step, last = in_transaction(partial(_expire_step, now=now, after=after))
        if last is None:
            return swept
        swept, after = swept + step, last
        if report is not None:
            report(swept)


def sweep(member: LockedMember, *, now: datetime) -> Swept:
    """The same for one locked member."""
    mine = _DUE.where(_lots.c.member_id == bindparam("member_id"))
    rows = connection().execute(mine, {"member_id": member.id, "now": now}).all()
    return _empty(rows, {member.id: member}, now=now)


def _expire_step(*, now: datetime, after: int) -> tuple[Swept, int | None]:
    """What lapsed, and the last member of whom everything did; None where nothing is left."""
    due = _DUE.where(_lots.c.member_id > bindparam("after")).limit(BATCH_ROWS).subquery()
    whose = select(due.c.member_id).distinct().order_by(due.c.member_id)
    member_ids = connection().scalars(whose, {"now": now, "after": after}).all()
    if not member_ids:
        return Swept(), None
    locked = members.lock(member_ids)
    # Looked up again under the locks: some may be spent, or another member's by now.
    empty = _empty_at_once if is_postgresql() else _empty_of
    last = member_ids[-1]
    return empty(locked, now=now), last - 1 if last in locked else last


def _empty_of(locked: Mapping[int, LockedMember], *, now: datetime) -> Swept:
    theirs = _DUE.where(_lots.c.member_id.in_(locked)).limit(BATCH_ROWS)
    return _empty(connection().execute(theirs, {"now": now}).all(), locked, now=now)


def _empty(rows: Sequence[Any], locked: Mapping[int, LockedMember], *, now: datetime) -> Swept:
    """An entry for each of these lots, at the instant of its expiry."""
    if not rows:
        return Swept()
    entry_ids = write_entries([_entry(row, now) for row in rows])
    append_many(
        _taken,
        [
            {"entry_id": entry_id, "lot_id": row.entry_id, "points": row.remaining}
            for entry_id, row in zip(entry_ids, rows, strict=True)
        ],
    )
    move_lots({row.entry_id: row.remaining for row in rows})
    changes = Changes()
    for row in rows:
        changes.add(locked[row.member_id], points=-row.remaining)
    changes.write(now=now)
    return Swept(len(rows), sum(row.remaining for row in rows))


def _entry(row: Any, now: datetime) -> dict[str, Any]:
    return entry_row(
        *(row.member_id, EntryKind.EXPIRE, -row.remaining), now=now, occurred_at=row.expires_at
    )


def _empty_at_once(locked: Mapping[int, LockedMember], *, now: datetime) -> Swept:
    """The same without a row of it leaving the database: a chain's night has millions. Only
    PostgreSQL lets one statement write four tables."""
    given = {"member_ids": list(locked), "rows": BATCH_ROWS, "now": now}
    given["actor"] = current_actor().label
    with by_index():
        lots, points = connection().execute(_EMPTY_AT_ONCE, given).one()
    return Swept(lots, int(points))


def _emptying() -> Select[Any]:
    whose = func.unnest(bindparam("member_ids", type_=ARRAY(Integer))).table_valued("id")
    of_these = select(whose.render_derived(name="whose").c.id)
    theirs = _DUE.where(_lots.c.member_id.in_(of_these)).limit(bindparam("rows")).subquery()
    due = select(theirs, func.nextval("point_entries_id_seq").label("id")).cte("due")
    entries = insert(_entries).from_select(
        [*("id", "member_id", "kind", "points", "actor"), *("occurred_at", "recorded_at")],
        select(
            *(due.c.id, due.c.member_id, literal(EntryKind.EXPIRE.value), -due.c.remaining),
            *(bindparam("actor"), due.c.expires_at, _NOW),
        ),
    )
    taken = insert(_taken).from_select(
        ["entry_id", "lot_id", "points"], select(due.c.id, due.c.entry_id, due.c.remaining)
    )
    emptied = update(_lots).where(_lots.c.entry_id == due.c.entry_id).values(remaining=0)
    lost = select(due.c.member_id, func.sum(due.c.remaining).label("points"))
    lost_by = lost.group_by(due.c.member_id).subquery("lost_by")
    changed = (
        update(_members)
        .where(_members.c.id == lost_by.c.member_id)
        .values(points=_members.c.points - lost_by.c.points)
    )
    written = (entries.cte("entries"), taken.cte("taken"), emptied.cte("emptied"))
    swept = select(func.count(), func.coalesce(func.sum(due.c.remaining), 0)).select_from(due)
    return swept.add_cte(*written, changed.cte("changed"))


_EMPTY_AT_ONCE = _emptying()
