"""Who is in the files of an export: kept for the next one that asks what changed since, and so
that an erasure finds every file that holds the person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Row, delete, select, update

from loyalty.core import clock
from loyalty.core.bulk import append_many
from loyalty.core.db import connection, lock_name, table_of
from loyalty.exports.models import Export, ExportChunk
from loyalty.groups.rules import join, pack, place_of, split, unpack

COMPARABLE = timedelta(days=396)
"""13 months: a campaign of every year can be compared with the one before. Afterwards nobody
asks what changed since, and who was in an export is forgotten."""

_exports = table_of(Export)
_chunks = table_of(ExportChunk)


def hold() -> None:
    """Whoever keeps an export and whoever erases a member follow each other: else a file that
    is being finished would not know of an erasure, and the erasure not of the file."""
    lock_name("exports.kept")


def keep(export_id: int, members: BitMap) -> None:
    """In place of whoever was kept of this export before."""
    connection().execute(delete(_chunks).where(_chunks.c.export_id == export_id))
    rows = [
        {"export_id": export_id, "chunk": chunk, "bitmap": pack(part), "members": len(part)}
        for chunk, part in split(members).items()
    ]
    append_many(_chunks, rows)


def members_in(export_id: int) -> BitMap:
    """Who could be in the files on the day of that export; nobody where it kept none."""
    query = select(_chunks.c.chunk, _chunks.c.bitmap).where(_chunks.c.export_id == export_id)
    return join({row.chunk: unpack(row.bitmap) for row in connection().execute(query)})


def is_comparable(as_of: datetime) -> bool:
    """Whether it is still told who was in an export of then."""
    return clock.now() - as_of < COMPARABLE


def forget_old(*, before: datetime, needed: Collection[int]) -> int:
    """Forget who was in exports of before then, but for those needed; returns of how many."""
    with_members = select(_chunks.c.export_id)
    old = select(_exports.c.id).where(_exports.c.as_of < before, _exports.c.id.in_(with_members))
    over = sorted({*connection().scalars(old)}.difference(needed))
    connection().execute(delete(_chunks).where(_chunks.c.export_id.in_(over)))
    return len(over)


def forget(member_id: int) -> list[int]:
    """Take a member out of all that is kept; returns the exports that it was kept of."""
    chunk, position = place_of(member_id)
    query = select(_chunks).where(_chunks.c.chunk == chunk).order_by(_chunks.c.export_id)
    rows = connection().execute(query.with_for_update()).all()
    found = [row for row in rows if position in unpack(row.bitmap)]
    for row in found:
        _take_out(row, position)
    return [row.export_id for row in found]


def _take_out(row: Row[Any], position: int) -> None:
    here = (_chunks.c.export_id == row.export_id) & (_chunks.c.chunk == row.chunk)
    left = unpack(row.bitmap)
    left.discard(position)
    if left:
        values = {"bitmap": pack(left), "members": len(left)}
        connection().execute(update(_chunks).where(here).values(values))
    else:
        connection().execute(delete(_chunks).where(here))
