"""How groups came to be as they are, for those who read it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from flask import current_app
from pyroaring import BitMap
from sqlalchemy import Integer, Row, func, select

from loyalty.audit.service import NAMES, Names
from loyalty.core.bulk import values_table
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS
from loyalty.groups import rules
from loyalty.groups.models import Cause, GroupBuild, GroupChange
from loyalty.groups.rules import place_of, unpack

_builds = table_of(GroupBuild)
_changes = table_of(GroupChange)


def builds_page(
    group_id: int, *, before: int | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of a group's builds, newest first, and the cursor of the next one or None: `{id,
    cause, as_of, rule_version, count, added, removed, took_ms, failing, by, ended_at}`; `by`
    is the name of who or what did it. `before` is the cursor of the last page."""
    found = builds_of(group_id, before=before, limit=PAGE_ROWS + 1)
    page = found[:PAGE_ROWS]
    names: Names = current_app.extensions[NAMES]
    called = names.actors({build.actor for build in page})
    following = str(page[-1].id) if len(found) > PAGE_ROWS else None
    return [_view(build, called) for build in page], following


def failing(row: Row[Any], *, since: datetime | None) -> dict[str, Any] | None:
    """Of a row with `error` and `error_about`: `{code, detail, about, since}`, or None."""
    if row.error is None:
        return None
    detail = str(Problem(Code(row.error)).detail)
    return {"code": row.error, "detail": detail, "about": row.error_about, "since": since}


def _view(build: Row[Any], called: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": build.id,
        "cause": build.cause,
        "as_of": build.as_of,
        "rule_version": build.rule_version,
        "count": build.members,
        "added": build.added,
        "removed": build.removed,
        "took_ms": build.duration_ms,
        "failing": failing(build, since=build.as_of),
        "by": called.get(build.actor),
        "ended_at": build.ended_at,
    }


# -- what each build changed --------------------------------------------------------


def builds_of(
    group_id: int, *, before: int | None = None, limit: int = PAGE_ROWS
) -> list[Row[Any]]:
    """Builds of a group, newest first; `before` is the id of the last one seen."""
    query = select(_builds).where(_builds.c.group_id == group_id)
    if before is not None:
        query = query.where(_builds.c.id < before)
    return list(connection().execute(query.order_by(_builds.c.id.desc()).limit(limit)).all())


def came_in(group_id: int, member_id: int) -> Row[Any] | None:
    """The build that put a member in who is in now; the group's first one where no change
    says so. None where the history does not reach back so far."""
    chunk, position = place_of(member_id)
    steps = connection().execute(
        select(_builds, _changes.c.added.label("came"))
        .join(_changes, _changes.c.build_id == _builds.c.id)
        .where(
            _builds.c.group_id == group_id,
            _changes.c.chunk == chunk,
            _changes.c.added.is_not(None),
        )
        .order_by(_builds.c.id.desc())
    )
    for step in steps:
        if position in unpack(step.came):
            return step
    first = select(_builds).where(_builds.c.group_id == group_id, _builds.c.cause == Cause.FIRST)
    return connection().execute(first.order_by(_builds.c.id).limit(1)).first()


def changes_since(group_id: int, build_id: int) -> list[tuple[Cause, BitMap, BitMap]]:
    """What every later build changed, oldest first: (cause, added, removed) as member ids."""
    rows = connection().execute(
        select(_builds.c.cause, _changes)
        .join(_changes, _changes.c.build_id == _builds.c.id)
        .where(_builds.c.group_id == group_id, _builds.c.id > build_id)
        .order_by(_builds.c.id, _changes.c.chunk)
    )
    return [
        (Cause(row.cause), _at(row.chunk, row.added), _at(row.chunk, row.removed)) for row in rows
    ]


def newest_builds(group_ids: Collection[int]) -> dict[int, int]:
    """The newest build of each group that has one."""
    given = values_table("given", {"id": Integer()}, [[group_id] for group_id in group_ids])
    rows = connection().execute(
        select(_builds.c.group_id, func.max(_builds.c.id).label("build_id"))
        .join(given, given.c.id == _builds.c.group_id)
        .group_by(_builds.c.group_id)
    )
    return {row.group_id: row.build_id for row in rows}


def _at(chunk: int, stored: bytes | None) -> BitMap:
    return unpack(stored).shift(chunk << rules.CHUNK_BITS) if stored else BitMap()
