"""Writing the ledger: entries, and what each takes from lots or puts back into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, update
from sqlalchemy.types import TypeEngine

from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many, insert_many, values_table
from loyalty.core.db import BigId, connection, table_of
from loyalty.points.models import EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.rules import Taken

_entries = table_of(PointEntry)
_lots = table_of(PointLot)
_taken = table_of(LotAllocation)

_ABOUT: Mapping[str, Any] = dict.fromkeys(
    ("purchase_id", "redemption_id", "rule_version", "inputs", "reason")
)


def entry_row(
    member_id: int, kind: EntryKind, points: int, *, now: datetime, **about: Any
) -> dict[str, Any]:
    """A row of the ledger. `about`: purchase_id, redemption_id, rule_version, inputs, reason,
    and `occurred_at` where it is not now."""
    return {
        "member_id": member_id,
        "kind": kind,
        "points": points,
        "actor": current_actor().label,
        "occurred_at": now,
        "recorded_at": now,
        **_ABOUT,
        **about,
    }


def write_entry(
    member_id: int, kind: EntryKind, points: int, *, now: datetime, **about: Any
) -> int:
    """One entry, as `entry_row` says; returns its id."""
    return insert_many(_entries, [entry_row(member_id, kind, points, now=now, **about)])[0]


def write_entries(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Rows of `entry_row`; returns their ids in order."""
    return insert_many(_entries, rows)


def allocate(entry_id: int, parts: Mapping[int, int], *, moves_lots: bool = True) -> None:
    """Take from lots: lot id -> points, below 0 to put back. Without `moves_lots` what is left
    of the lots stays: another entry of the same moment does the opposite."""
    parts = {lot_id: points for lot_id, points in parts.items() if points}
    append_many(
        _taken,
        [
            {"entry_id": entry_id, "lot_id": lot_id, "points": points}
            for lot_id, points in parts.items()
        ],
    )
    if parts and moves_lots:
        move_lots(parts)


def added_up(parts: Iterable[Taken]) -> dict[int, int]:
    """Points by lot: an entry takes from a lot once."""
    by_lot: dict[int, int] = {}
    for part in parts:
        by_lot[part.lot_id] = by_lot.get(part.lot_id, 0) + part.points
    return by_lot


def move_lots(parts: Mapping[int, int]) -> None:
    """Lower what is left of lots by so many points each; below 0 raises it."""
    kinds: dict[str, TypeEngine[Any]] = {"lot_id": BigId, "points": BigInteger()}
    taken = values_table("taken", kinds, list(parts.items()))
    connection().execute(
        update(_lots)
        .where(_lots.c.entry_id == taken.c.lot_id)
        .values(remaining=_lots.c.remaining - taken.c.points)
    )
