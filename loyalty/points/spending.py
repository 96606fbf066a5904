"""Points that members spend: held first, then captured or released; given back with a purchase.

A hold takes the points from their lots at once, so that no other till can spend them. Capturing
writes two entries: the hold ends (`release`) and what is spent is redeemed, from the same lots.
What comes back goes to its own lots; debts are repaid from it first, and what is past its expiry
by then lapses the same moment, so that it makes no difference when the expiry job runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members.service import LockedMember
from loyalty.points.entries import added_up
from loyalty.points.handed_in import release_before_repaying
from loyalty.points.lots import past_expiry, take_live
from loyalty.points.models import EntryKind, LotAllocation, PointEntry
from loyalty.points.moves import ByLot, Move, write_moves
from loyalty.points.rules import OpenLot, repay, take

_entries = table_of(PointEntry)
_taken = table_of(LotAllocation)


def hold(member: LockedMember, points: int, *, redemption_id: int, now: datetime) -> None:
    """Take `points` (at least 1) out of a locked member's lots until they are captured or
    released. Raises `insufficient_points` with what is `available`."""
    taken, missing = take_live(member.id, points, now=now)
    if missing:
        raise insufficient(points - missing)
    held = Move(EntryKind.HOLD, -points, added_up(taken))
    write_moves(member, [held], held=points, redemption_id=redemption_id, now=now)


def insufficient(available: int) -> Problem:
    return Problem(Code.INSUFFICIENT_POINTS, extra={"available": available})


def capture(
    member: LockedMember,
    points: int,
    *,
    redemption_id: int,
    now: datetime,
    purchase_id: int | None = None,
) -> None:
    """Spend `points` (at least 1) of what the redemption holds; the rest is released. The
    member and the redemption are locked by the caller."""
    release_before_repaying(member, now=now)
    about = {"redemption_id": redemption_id, "purchase_id": purchase_id}
    _end_hold(member, points, ended_at=now, now=now, **about)


def release(
    member: LockedMember, *, redemption_id: int, now: datetime, ended_at: datetime | None = None
) -> None:
    """End a hold with nothing spent. `ended_at`: when its time was over, if it was: a lot that
    lapsed since then was the member's in between, and repaid debts first."""
    if ended_at is None:
        release_before_repaying(member, now=now)
    _end_hold(member, 0, ended_at=ended_at or now, now=now, redemption_id=redemption_id)


def _end_hold(
    member: LockedMember, points: int, *, ended_at: datetime, now: datetime, **about: Any
) -> None:
    held = _allocated(about["redemption_id"], EntryKind.HOLD)
    total = sum(held.values())
    spent = _some(held, points)
    back = _back(member, _without(held, spent), at=ended_at)
    released = {lot_id: back.parts.get(lot_id, 0) - spent.get(lot_id, 0) for lot_id in held}
    moves = [Move(EntryKind.RELEASE, total, released, ended_at)]
    if points:
        moves.append(Move(EntryKind.REDEEM, -points, spent))
    moves += back.lapses
    write_moves(member, moves, debt=-back.repaid, held=-total, now=now, **about)


def restore(
    member: LockedMember,
    points: int,
    *,
    redemption_id: int,
    already: int,
    now: datetime,
    purchase_id: int | None = None,
    reason: str | None = None,
) -> None:
    """Give back `points` (at least 1) that the redemption spent, of which `already` came back
    before: to their own lots, the newest first, so that any split ends the same."""
    release_before_repaying(member, now=now)
    spent = dict(reversed(_allocated(redemption_id, EntryKind.REDEEM).items()))
    still_gone = _without(spent, _some(spent, already))
    back = _back(member, _some(still_gone, points), at=now)
    moves = [Move(EntryKind.RESTORE, points, back.parts), *back.lapses]
    about: dict[str, Any] = {"purchase_id": purchase_id, "reason": reason}
    write_moves(member, moves, debt=-back.repaid, redemption_id=redemption_id, now=now, **about)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Back:
    """Points that come back: what is put into lots (below 0), less what repaid a debt, and the
    entry by which what is past its expiry lapses again."""

    parts: ByLot
    repaid: int
    lapses: Sequence[Move]


def _back(member: LockedMember, points: ByLot, *, at: datetime) -> _Back:
    """`at` tells which of the lots are past their expiry."""
    lapsed_ids = past_expiry(points, now=at) if points else set()
    live = {lot_id: part for lot_id, part in points.items() if lot_id not in lapsed_ids}
    repaid = _some(live, repay(sum(live.values()), member.debt))
    lapsed = {lot_id: points[lot_id] for lot_id in sorted(lapsed_ids)}
    return _Back(
        parts={lot_id: repaid.get(lot_id, 0) - part for lot_id, part in points.items()},
        repaid=sum(repaid.values()),
        lapses=[Move(EntryKind.EXPIRE, -sum(lapsed.values()), lapsed)] if lapsed else [],
    )


def _allocated(redemption_id: int, kind: EntryKind) -> dict[int, int]:
    """What the entry of this kind took from each lot, the oldest lot first."""
    rows = connection().execute(_ALLOCATED, {"redemption_id": redemption_id, "kind": kind})
    return {row.lot_id: row.points for row in rows}


_ALLOCATED = (
    select(_taken.c.lot_id, _taken.c.points)
    .join(_entries, _entries.c.id == _taken.c.entry_id)
    .where(
        _entries.c.redemption_id == bindparam("redemption_id"),
        _entries.c.kind == bindparam("kind"),
    )
    .order_by(_taken.c.lot_id)
)


def _some(parts: ByLot, points: int) -> dict[int, int]:
    """The first `points` of them, lot by lot."""
    taken, _ = take(points, [OpenLot(lot_id, part) for lot_id, part in parts.items()])
    return added_up(taken)


def _without(parts: ByLot, taken: ByLot) -> dict[int, int]:
    """What is left of them, lots of which nothing is left apart."""
    left = {lot_id: points - taken.get(lot_id, 0) for lot_id, points in parts.items()}
    return {lot_id: points for lot_id, points in left.items() if points}
