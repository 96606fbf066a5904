"""Points that move between lots, holds and debt: some entries of one moment, what each takes
from lots, and the member's sums, written as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, String, bindparam, func, insert, select, update

from loyalty.core.access import current_actor
from loyalty.core.db import UtcDateTime, connection, is_postgresql, table_of
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.points.entries import allocate, entry_row, move_lots, write_entries
from loyalty.points.models import EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.standing import Changes

ByLot = Mapping[int, int]
"""Lot id -> points."""


@dataclass(frozen=True, slots=True)
class Move:
    """An entry and what it takes from lots, below 0: puts back. `occurred_at` None: now."""

    kind: EntryKind
    points: int
    parts: ByLot
    occurred_at: datetime | None = None


def write_moves(
    member: LockedMember,
    moves: Sequence[Move],
    *,
    now: datetime,
    debt: int = 0,
    held: int = 0,
    **about: Any,
) -> None:
    """Moves of a locked member, each of another kind; `debt` and `held` is what is added to
    those, `about` as in `entry_row`. One statement on PostgreSQL: a till waits for it."""
    changes = Changes()
    changes.add(member, points=sum(move.points for move in moves), debt=debt, held=held)
    if is_postgresql():
        _write_at_once(member, moves, now=now, debt=debt, held=held, **about)
        return
    rows = [
        {
            **entry_row(member.id, move.kind, move.points, now=now, **about),
            "occurred_at": move.occurred_at or now,
        }
        for move in moves
    ]
    for entry_id, move in zip(write_entries(rows), moves, strict=True):
        allocate(entry_id, move.parts, moves_lots=False)
    if taken := _net(moves):
        move_lots(taken)
    changes.write(now=now)


def _net(moves: Sequence[Move]) -> dict[int, int]:
    """What the moves take from each lot together; what one takes and another puts back is not
    touched."""
    taken: Counter[int] = Counter()
    for move in moves:
        taken.update(move.parts)
    return {lot_id: points for lot_id, points in sorted(taken.items()) if points}


def _write_at_once(
    member: LockedMember,
    moves: Sequence[Move],
    *,
    now: datetime,
    debt: int,
    held: int,
    **about: Any,
) -> None:
    parts = [(move.kind, *part) for move in moves for part in move.parts.items() if part[1]]
    taken = _net(moves)
    connection().execute(
        _AT_ONCE,
        {
            "of_member": member.id,
            "by": current_actor().label,
            "at": now,
            **dict.fromkeys(_ABOUT),
            **about,
            "kinds": [move.kind for move in moves],
            "sums": [move.points for move in moves],
            "moments": [move.occurred_at or now for move in moves],
            "part_kinds": [part[0] for part in parts],
            "part_lots": [part[1] for part in parts],
            "part_points": [part[2] for part in parts],
            "taken_lots": list(taken),
            "taken_points": list(taken.values()),
            "add_points": sum(move.points for move in moves),
            "add_debt": debt,
            "add_held": held,
        },
    )


_ABOUT = {name: name for name in ("purchase_id", "redemption_id", "reason")}
_SUMS = ("points", "debt", "held")


def _statement() -> Select[Any]:
    """Only PostgreSQL lets one statement write four tables. No parameter is named like a column
    of lots or members: SQLAlchemy would take it for a value of that column."""
    entries, lots, taken = table_of(PointEntry), table_of(PointLot), table_of(LotAllocation)
    members = table_of(Member)
    given = _given("given", kinds=String(), sums=BigInteger(), moments=UtcDateTime())
    same = {"member_id": "of_member", "actor": "by", "recorded_at": "at", **_ABOUT}
    of_all = [bindparam(name, type_=entries.c[column].type) for column, name in same.items()]
    entry = (
        insert(entries)
        .from_select(["kind", "points", "occurred_at", *same], select(given, *of_all))
        .returning(entries.c.id, entries.c.kind)
        .cte("entry")
    )
    part = _given("part", part_kinds=String(), part_lots=BigInteger(), part_points=BigInteger())
    net = _given("net", taken_lots=BigInteger(), taken_points=BigInteger())
    moved = (
        update(lots)
        .where(lots.c.entry_id == net.c.taken_lots)
        .values(remaining=lots.c.remaining - net.c.taken_points)
        .cte("moved")
    )
    rows = select(entry.c.id, part.c.part_lots, part.c.part_points).join(
        part, part.c.part_kinds == entry.c.kind
    )
    allocated = insert(taken).from_select(["entry_id", "lot_id", "points"], rows).cte("allocated")
    changed = (
        update(members)
        .where(members.c.id == bindparam("of_member"))
        .values({name: members.c[name] + bindparam(f"add_{name}") for name in _SUMS})
        .cte("changed")
    )
    return select(entry.c.id).add_cte(allocated, moved, changed)


def _given(name: str, **columns: Any) -> Any:
    """Parameters that are lists of one length, as a table of that name."""
    lists = [bindparam(column, type_=ARRAY(kind)) for column, kind in columns.items()]
    return func.unnest(*lists).table_valued(*columns).render_derived(name=name)


_AT_ONCE = _statement()
