"""Who is in: groups read and written as chunks. Who changes a group opens the transaction.

A reader sees the whole old group or the whole new one: chunks of any number of groups come
out of one statement, and a build writes in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import UpdateBase, bindparam, delete, func, insert, select, update

from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, is_postgresql, lock_name, table_of
from loyalty.groups import rules
from loyalty.groups.models import Cause, Group, GroupBuild, GroupChange, GroupChunk, GroupKind
from loyalty.groups.rules import NOBODY, Chunks, pack, place_of, split, unpack
from loyalty.groups.selecting import members_of_each
from loyalty.members import dirty

ACTIVE = 1
"""The group of all active members. Standing groups are made by the migration."""
REACH = {"sms": 2, "email": 3, "zalo": 4, "call": 5, "ads": 6}
"""channel -> the group of whom marketing may reach on it."""

_groups = table_of(Group)
_chunks = table_of(GroupChunk)
_builds = table_of(GroupBuild)
_changes = table_of(GroupChange)


@dataclass(frozen=True, kw_only=True)
class Build:
    """What is kept of a build beside what it found. `took_ms`: how long it took."""

    cause: Cause
    as_of: datetime
    rule_version: int | None = None
    took_ms: int | None = None
    based_on: Mapping[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a build changed; `build_id` is None where it changed nothing and none was kept."""

    added: BitMap
    removed: BitMap
    members: int
    build_id: int | None


# -- reading -----------------------------------------------------------------


def read_chunks(group_ids: Collection[int]) -> dict[int, dict[int, BitMap]]:
    """The chunks of several groups at one moment; a group without members has none."""
    found: dict[int, dict[int, BitMap]] = {group_id: {} for group_id in group_ids}
    for group_id, chunk, bitmap in _stored(sorted(group_ids)):
        found[group_id][chunk] = unpack(bitmap)
    return found


def _stored(group_ids: Sequence[int]) -> Sequence[Any]:
    if not group_ids:
        return []
    if not is_postgresql():
        rows = select(_chunks.c.group_id, _chunks.c.chunk, _chunks.c.bitmap)
        return connection().execute(rows.where(_chunks.c.group_id.in_(group_ids))).all()
    # In the wire's binary form: as text every byte would come as two letters.
    driver: Any = connection().connection.driver_connection
    with driver.cursor(binary=True) as cursor:
        cursor.execute(_CHUNKS_OF, [list(group_ids)])
        return cursor.fetchall()


_CHUNKS_OF = "SELECT group_id, chunk, bitmap FROM group_chunks WHERE group_id = ANY(%s)"


def read_members(group_id: int) -> BitMap:
    """Member ids of a group as it stands."""
    return rules.join(read_chunks([group_id])[group_id])


def read_with_active(group_ids: Collection[int]) -> tuple[dict[int, dict[int, BitMap]], Chunks]:
    """The chunks of several groups, and everybody: (by group, active members).

    Who joined or was closed since the last look at the dirty is put right here, so that the
    complement of a group is exact at once. Asked first: what a round finishes in between is
    in the chunks then.
    """
    came, went = members_of_each(dirty.ACTIVE, dirty.GONE)
    by_group = read_chunks({*group_ids, ACTIVE})
    active = by_group[ACTIVE] if ACTIVE in group_ids else by_group.pop(ACTIVE)
    return by_group, corrected(active, came=came, went=went)


def corrected(
    chunks: Mapping[int, BitMap], *, came: Iterable[int], went: Iterable[int]
) -> dict[int, BitMap]:
    """With these members in and those out."""
    if not came and not went:
        return dict(chunks)
    add, remove = split(BitMap(came)), split(BitMap(went))
    result = {
        chunk: (chunks.get(chunk, NOBODY) | add.get(chunk, NOBODY)) - remove.get(chunk, NOBODY)
        for chunk in rules.chunks_among(chunks, add)
    }
    return {chunk: part for chunk, part in result.items() if part}


def counts(group_ids: Collection[int]) -> dict[int, int]:
    """How many are in each group."""
    rows = connection().execute(
        select(_chunks.c.group_id, func.sum(_chunks.c.members))
        .where(_chunks.c.group_id.in_(group_ids))
        .group_by(_chunks.c.group_id)
    )
    found = {group_id: int(members) for group_id, members in rows}
    return {group_id: found.get(group_id, 0) for group_id in group_ids}


def groups_of(member_id: int, *, kind: GroupKind) -> list[int]:
    """In which groups of a kind a member is."""
    chunk, position = place_of(member_id)
    rows = connection().execute(
        select(_chunks.c.group_id, _chunks.c.bitmap)
        .join(_groups, _groups.c.id == _chunks.c.group_id)
        .where(_chunks.c.chunk == chunk, _groups.c.kind == kind)
        .order_by(_chunks.c.group_id)
    )
    return [group_id for group_id, bitmap in rows if position in unpack(bitmap)]


# -- making and ending ---------------------------------------------------------


def create(kind: GroupKind) -> int:
    made = connection().execute(insert(_groups).values(kind=kind).returning(_groups.c.id))
    return int(made.scalar_one())


def delete_group(group_id: int) -> None:
    """With its chunks and history. The database refuses while an audience names it."""
    connection().execute(delete(_groups).where(_groups.c.id == group_id))


# -- writing -------------------------------------------------------------------


def replace(group_id: int, members: BitMap, build: Build) -> Written:
    """A whole build: only chunks that changed are written. Two at once follow each other: of
    chunks that the first makes the second would know nothing."""
    its_row = select(_groups.c.id).where(_groups.c.id == group_id)
    connection().execute(its_row.with_for_update(key_share=True))
    old = _lock_chunks(group_id)
    new = split(members)
    before = {chunk: part for chunk, part in old.items() if part != new.get(chunk)}
    after = {chunk: part for chunk, part in new.items() if part != old.get(chunk)}
    written = _write(group_id, before, after, build, keep_always=True)
    values = {"built_at": build.as_of, "failed_at": None, "error": None, "error_about": None}
    connection().execute(update(_groups).where(_groups.c.id == group_id).values(values))
    return written


def adjust(group_id: int, *, add: BitMap, remove: BitMap, build: Build) -> Written:
    """Put these members in and take those out; of who is in both lists, out."""
    coming, leaving = split(add), split(remove)
    before = _lock_chunks(group_id, rules.chunks_among(coming, leaving))
    after = {}
    for chunk in rules.chunks_among(coming, leaving):
        part = before.get(chunk, NOBODY) | coming.get(chunk, NOBODY)
        part = part - leaving.get(chunk, NOBODY)
        if part:
            after[chunk] = part
    return _write(group_id, before, after, build, keep_always=False)


def fail(group_id: int, build: Build, *, error: str, about: str | None = None) -> None:
    """A build that did not come to an end: the group stays as it was and says why."""
    about = about[:100] if about else None
    why = {"error": error[:64], "error_about": about}
    values = {"failed_at": build.as_of, **why}
    connection().execute(update(_groups).where(_groups.c.id == group_id).values(values))
    _keep(group_id, build, **why)


def _lock_chunks(group_id: int, only: Collection[int] | None = None) -> dict[int, BitMap]:
    """Held until the transaction ends, in ascending order."""
    query = select(_chunks.c.chunk, _chunks.c.bitmap).where(_chunks.c.group_id == group_id)
    if only is not None:
        query = query.where(_chunks.c.chunk.in_(only))
    rows = connection().execute(query.order_by(_chunks.c.chunk).with_for_update())
    return {row.chunk: unpack(row.bitmap) for row in rows}


def _write(
    group_id: int, before: Chunks, after: Chunks, build: Build, *, keep_always: bool
) -> Written:
    """From `before` to `after` in the chunks that either names. A chunk that two writers make
    at once breaks its key: the later begins again (`in_transaction`)."""
    added: dict[int, BitMap] = {}
    removed: dict[int, BitMap] = {}
    for chunk in rules.chunks_among(before, after):
        old, new = before.get(chunk, NOBODY), after.get(chunk, NOBODY)
        if old == new:
            continue
        if new - old:
            added[chunk] = new - old
        if old - new:
            removed[chunk] = old - new
    changed = {chunk: after.get(chunk, NOBODY) for chunk in rules.chunks_among(added, removed)}
    _write_chunks(group_id, changed, known=before)
    members = counts([group_id])[group_id]
    build_id = None
    if keep_always or added or removed:
        counted = {"added": rules.count(added), "removed": rules.count(removed)}
        build_id = _keep(group_id, build, members=members, **counted)
        if build.cause != Cause.FIRST:
            keep_changes(build_id, added, removed)
    return Written(
        added=rules.join(added), removed=rules.join(removed), members=members, build_id=build_id
    )


def _write_chunks(group_id: int, chunks: Chunks, *, known: Collection[int]) -> None:
    """What each of the chunks holds from now on; those `known` have a row."""
    full = {chunk: part for chunk, part in chunks.items() if part}
    _run(_INSERT, group_id, {chunk: part for chunk, part in full.items() if chunk not in known})
    _run(_UPDATE, group_id, {chunk: part for chunk, part in full.items() if chunk in known})
    _run(_DELETE, group_id, {chunk: part for chunk, part in chunks.items() if not part})


def _run(statement: UpdateBase, group_id: int, chunks: Chunks) -> None:
    rows = [
        {"of": group_id, "at": chunk, "bitmap": pack(part), "members": len(part)}
        for chunk, part in chunks.items()
    ]
    if rows:
        connection().execute(statement, rows)


_INSERT = insert(_chunks).values(group_id=bindparam("of"), chunk=bindparam("at"))
_HERE = (_chunks.c.group_id == bindparam("of")) & (_chunks.c.chunk == bindparam("at"))
_UPDATE = update(_chunks).where(_HERE)
_DELETE = delete(_chunks).where(_HERE)


def _keep(group_id: int, build: Build, **found: Any) -> int:
    based_on = (
        {str(key): value for key, value in build.based_on.items()} if build.based_on else None
    )
    made = connection().execute(
        insert(_builds)
        .values(
            group_id=group_id,
            cause=build.cause,
            as_of=build.as_of,
            rule_version=build.rule_version,
            duration_ms=build.took_ms,
            based_on=based_on,
            actor=current_actor().label,
            ended_at=clock.now(),
            **found,
        )
        .returning(_builds.c.id)
    )
    return int(made.scalar_one())


def keep_changes(build_id: int, added: Chunks, removed: Chunks) -> None:
    """Whom a build put in and took out, for those who ask since when and why."""
    rows = [
        {
            "build_id": build_id,
            "chunk": chunk,
            "added": pack(added[chunk]) if chunk in added else None,
            "removed": pack(removed[chunk]) if chunk in removed else None,
        }
        for chunk in rules.chunks_among(added, removed)
    ]
    if rows:
        connection().execute(insert(_changes), rows)


def hold_changes() -> None:
    """Nobody else rewrites what earlier builds changed until the transaction ends."""
    lock_name("groups.changes")
