"""The log of groups kept small: what rounds of one day changed becomes one build, and what is
very old is forgotten, but for since when those are in who are in now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from pyroaring import BitMap
from sqlalchemy import Row, delete, func, select, update

from loyalty.core.clock import start_of_day
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.groups import rules
from loyalty.groups.models import Cause, GroupBuild, GroupChange
from loyalty.groups.rules import NOBODY, Change, pack, unpack
from loyalty.groups.service import hold_changes, keep_changes, read_chunks

WHOLE_FOR = timedelta(days=1)
KEPT_FOR = timedelta(days=400)
"""More than a year, so that a season can be held against the one before."""
STEP = 500
"""Builds of one transaction."""

_builds = table_of(GroupBuild)
_changes = table_of(GroupChange)


def thin_out(now: datetime) -> int:
    """How many builds are gone. Opens a transaction for each step; safe to repeat, and to
    break off."""
    zone = current_app.extensions["settings"].time_zone
    whole_from = start_of_day((now - WHOLE_FOR).astimezone(zone).date(), zone)
    with read():
        group_ids = list(connection().scalars(select(_builds.c.group_id).distinct()))
        last = _last_of_audiences()
    gone = 0
    for group_id in group_ids:
        seen = {on[str(group_id)] for on in last.values() if str(group_id) in on}
        with read():
            runs = list(_runs(group_id, seen, until=whole_from, zone=zone))
            old = _old_builds(group_id, seen, until=now - KEPT_FOR)
        old = [build_id for build_id in old if build_id not in last]
        gone += sum(_merge(run) for run in runs)
        for start in range(0, len(old), STEP):
            gone += in_transaction(partial(_forget, group_id, old[start : start + STEP]))
    return gone


def _last_of_audiences() -> Mapping[int, Mapping[str, int]]:
    """The last whole build of each audience: build -> what it was based on, as {group: newest
    build}. Audiences ask what changed since. One that is built from now on stands at the
    newest build of all."""
    last = (
        select(func.max(_builds.c.id))
        .where(_builds.c.error.is_(None), _builds.c.based_on.is_not(None))
        .group_by(_builds.c.group_id)
    )
    rows = connection().execute(
        select(_builds.c.id, _builds.c.based_on).where(_builds.c.id.in_(last))
    )
    return {row.id: row.based_on for row in rows}


# -- one build a day -------------------------------------------------------------


def _runs(
    group_id: int, seen: Collection[int], *, until: datetime, zone: ZoneInfo
) -> Iterator[list[int]]:
    """Rounds that followed each other on one local day because data changed. Another build
    between them ends a run: what it changed came after the one and before the other. So does
    one at which an audience stood."""

    def kind_of(build: Any) -> tuple[bool, date, str | None, int]:
        day = build.as_of.astimezone(zone).date()
        return build.is_round, day, build.error, sum(build.id > last for last in seen)

    is_round = (_builds.c.cause == Cause.DATA) & _builds.c.based_on.is_(None)
    query = select(_builds.c.id, _builds.c.as_of, _builds.c.error, is_round.label("is_round"))
    of_it = query.where(_builds.c.group_id == group_id, _builds.c.as_of < until)
    in_order = connection().execute(of_it.order_by(_builds.c.id))
    for (are_rounds, *_), run in groupby(in_order, key=kind_of):
        ids = [build.id for build in run]
        if are_rounds and len(ids) > 1:
            yield ids


def _merge(run: Sequence[int]) -> int:
    """All of a run in its last build, step by step; returns how many builds are gone."""
    gone = 0
    for start in range(0, len(run) - 1, STEP):
        gone += in_transaction(partial(_merge_step, run[start : start + STEP + 1]))
    return gone


def _merge_step(ids: Sequence[int]) -> int:
    present = _hold_builds(ids)
    if len(present) < 2:
        return 0
    *earlier, last = present
    net = _net_changes(present)
    connection().execute(delete(_builds).where(_builds.c.id.in_(earlier)))
    connection().execute(delete(_changes).where(_changes.c.build_id == last))
    added = {chunk: change.added for chunk, change in net.items() if change.added}
    removed = {chunk: change.removed for chunk, change in net.items() if change.removed}
    keep_changes(last, added, removed)
    values = {"added": rules.count(added), "removed": rules.count(removed)}
    its_row = (_builds.c.id == last) & _builds.c.error.is_(None)
    connection().execute(update(_builds).where(its_row).values(values))
    return len(earlier)


def _hold_builds(ids: Collection[int]) -> list[int]:
    """Those that are still there, and stay until the transaction ends, as their changes do."""
    hold_changes()
    query = select(_builds.c.id).where(_builds.c.id.in_(ids)).order_by(_builds.c.id)
    return list(connection().scalars(query.with_for_update()))


def _net_changes(ids: Collection[int]) -> Mapping[int, Change]:
    query = select(_changes).where(_changes.c.build_id.in_(ids)).order_by(_changes.c.build_id)
    net: dict[int, Change] = defaultdict(Change)
    for row in connection().execute(query):
        net[row.chunk] = net[row.chunk].then(Change(_part(row.added), _part(row.removed)))
    return net


def _part(stored: bytes | None) -> BitMap:
    return unpack(stored) if stored else NOBODY


# -- what is old -----------------------------------------------------------------


def _old_builds(group_id: int, seen: Collection[int], *, until: datetime) -> list[int]:
    """But for a group's first build and its newest, and what an audience has yet to hear of."""
    of_it = _builds.c.group_id == group_id
    newest = select(func.max(_builds.c.id)).where(of_it).scalar_subquery()
    query = select(_builds.c.id).where(
        of_it, _builds.c.ended_at < until, _builds.c.cause != Cause.FIRST, _builds.c.id < newest
    )
    if seen:
        query = query.where(_builds.c.id <= min(seen))
    return list(connection().scalars(query.order_by(_builds.c.id)))


def _forget(group_id: int, ids: Sequence[int]) -> int:
    """Of the changes keep who came in and is in now: since when is asked for them alone."""
    present = _hold_builds(ids)
    members = read_chunks([group_id])[group_id]
    needed = set()
    rows = connection().execute(select(_changes).where(_changes.c.build_id.in_(present))).all()
    for row in rows:
        came = _part(row.added)
        stay = came & members.get(row.chunk, NOBODY)
        if stay:
            needed.add(row.build_id)
        if row.removed or stay != came:
            _keep_only(row, stay)
    gone = [build_id for build_id in present if build_id not in needed]
    connection().execute(delete(_builds).where(_builds.c.id.in_(gone)))
    return len(gone)


def _keep_only(row: Row[Any], stay: BitMap) -> None:
    here = (_changes.c.build_id == row.build_id) & (_changes.c.chunk == row.chunk)
    if stay:
        values = {"added": pack(stay), "removed": None}
        connection().execute(update(_changes).where(here).values(values))
    else:
        connection().execute(delete(_changes).where(here))
