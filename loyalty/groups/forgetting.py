"""What an erasure takes out of groups: a member in none of them, now and ever before."""

from __future__ import annotations

from collections.abc import Iterator

from pyroaring import BitMap
from sqlalchemy import RowMapping, delete, select, update

from loyalty.core.db import connection, table_of
from loyalty.groups.models import GroupChange, GroupChunk
from loyalty.groups.rules import pack, place_of, unpack
from loyalty.groups.service import hold_changes

_chunks = table_of(GroupChunk)
_changes = table_of(GroupChange)
_PAGE = 1_000


def forget(member_id: int) -> None:
    """No build tells of it, so that no log keeps when the member was in what: numbers of
    members that builds counted stay. The caller holds the member's row.

    Reads every change of the member's chunk: no index knows a member.
    """
    hold_changes()
    chunk, position = place_of(member_id)
    _forget_in_chunks(chunk, position)
    _forget_in_changes(chunk, position)


def _forget_in_chunks(chunk: int, position: int) -> None:
    query = select(_chunks.c.group_id, _chunks.c.bitmap).where(_chunks.c.chunk == chunk)
    for row in connection().execute(query.order_by(_chunks.c.group_id).with_for_update()).all():
        if (left := _without(row.bitmap, position)) is None:
            continue
        here = (_chunks.c.group_id == row.group_id) & (_chunks.c.chunk == chunk)
        if left:
            values = {"bitmap": pack(left), "members": len(left)}
            connection().execute(update(_chunks).where(here).values(values))
        else:
            connection().execute(delete(_chunks).where(here))


def _forget_in_changes(chunk: int, position: int) -> None:
    for row in _changes_in(chunk):
        found = {name: _without(row[name], position) for name in ("added", "removed")}
        values = {
            name: pack(left) if left else None for name, left in found.items() if left is not None
        }
        if values:
            here = (_changes.c.build_id == row["build_id"]) & (_changes.c.chunk == chunk)
            connection().execute(update(_changes).where(here).values(values))


def _changes_in(chunk: int) -> Iterator[RowMapping]:
    """Page by page: together they may be large."""
    query = select(_changes).where(_changes.c.chunk == chunk).order_by(_changes.c.build_id)
    last = 0
    while page := (
        connection().execute(query.where(_changes.c.build_id > last).limit(_PAGE)).mappings().all()
    ):
        yield from page
        last = page[-1]["build_id"]


def _without(stored: bytes | None, position: int) -> BitMap | None:
    """Who else is in; None where the member is not, and nothing has to be written."""
    members = unpack(stored) if stored else BitMap()
    if position not in members:
        return None
    members.remove(position)
    return members
