"""How groups came to be as they are, for those who read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Row

from loyalty.audit.service import NAMES, Names
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS
from loyalty.groups import service as groups


def builds_page(
    group_id: int, *, before: int | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of a group's builds, newest first, and the cursor of the next one or None: `{id,
    cause, as_of, rule_version, count, added, removed, took_ms, failing, by, ended_at}`; `by`
    is the name of who or what did it. `before` is the cursor of the last page."""
    found = groups.builds_of(group_id, before=before, limit=PAGE_ROWS + 1)
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
