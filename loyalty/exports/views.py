"""An export as people and programs see it: its row, the job that makes it, its manifest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, select

from loyalty.audiences.models import Audience
from loyalty.core.db import table_of
from loyalty.core.errors import Code, Problem
from loyalty.exports import manifest
from loyalty.exports.advice import advice_for
from loyalty.exports.models import Export
from loyalty.exports.orders import too_many_files
from loyalty.exports.rules import Step
from loyalty.jobs.models import Job, JobState

_exports = table_of(Export)
_jobs = table_of(Job)
_audiences = table_of(Audience)

_ASKED = ("columns", "limit", "rows_per_file", "since_export")
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def standing() -> Select[Any]:
    """Rows of exports with how their jobs stand."""
    return (
        select(
            _exports,
            _audiences.c.name.label("audience_name"),
            _jobs.c.state,
            _jobs.c.progress,
            _jobs.c.total,
            _jobs.c.error,
            _jobs.c.cancel_asked,
        )
        .outerjoin(_jobs, _jobs.c.id == _exports.c.job_id)
        .outerjoin(_audiences, _audiences.c.id == _exports.c.audience_id)
    )


def state_of(row: Row[Any]) -> JobState:
    """Of a row of `standing`. A command has no job: it is at work until there are rows."""
    if row.state is not None:
        return JobState(row.state)
    return JobState.RUNNING if row.rows is None else JobState.DONE


def view(row: Row[Any]) -> dict[str, Any]:
    """Of a row of `standing`, as `service.get` says."""
    told = row.manifest or {}
    state = state_of(row)
    return {
        "id": row.id,
        "audience": row.audience_slug,
        "audience_name": row.audience_name,
        "format": row.format,
        "reach": row.reach,
        "purpose": row.purpose,
        **{name: row.options[name] for name in _ASKED},
        "state": str(state),
        "is_ending": bool(row.cancel_asked) and state not in ENDED,
        "progress": (row.progress if row.state else row.rows) or 0,
        "total": row.total if row.state else row.rows,
        "rows": row.rows,
        "as_of": row.as_of,
        "steps": told.get("steps", []),
        "files": told.get("files", []),
        "warnings": [manifest.sentence_of(each) for each in told.get("warnings", [])],
        "left_out": told.get("left_out", {}),
        "error": _error(row) if state == JobState.FAILED else None,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "files_until": row.files_until,
        "files_deleted_at": row.files_deleted_at,
    }


def _error(row: Row[Any]) -> dict[str, Any]:
    """Of a job that failed: it keeps the code of a refusal, and of anything else some text."""
    code = next((code for code in Code if code == row.error), Code.INTERNAL_ERROR)
    return {"code": str(code), "detail": str(Problem(code).detail), "advice": _advice(row, code)}


def _advice(row: Row[Any], code: Code) -> str | None:
    if code == Code.INVALID_REQUEST:
        # What else is wrong with an order is refused before there is a job.
        return too_many_files()
    steps = [Step(**step) for step in (row.manifest or {}).get("steps", [])]
    return advice_for(steps, row.reach) if code == Code.NOBODY_LEFT and steps else None
