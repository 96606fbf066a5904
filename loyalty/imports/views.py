"""How an import stands, for a page and an API."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS, UNDO_DAYS
from loyalty.core.refusals import TABLE
from loyalty.imports import storing
from loyalty.imports.models import MemberImport, Stage
from loyalty.jobs import service as jobs
from loyalty.jobs.models import JobState
from loyalty.jobs.service import Standing


class State(StrEnum):
    RECEIVED = "received"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    IMPORTED = "imported"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"
    CANCELLED = "cancelled"


def get(import_id: int) -> dict[str, Any]:
    """What `page` shows, and of its file: `header`, `samples` (the first rows), `encoding`,
    `guessed` (field -> place), `preset` (the system it looks to come from, or None), and
    `earlier`, the last import of the same file: `{id, state}` or None.

    Raises `unknown_import`.
    """
    found = find(import_id)
    about = storing.about(import_id) or _UNKNOWN_FILE
    return {**view(found), **about, "earlier": _earlier(found)}


def page(*, after: int | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """A page of imports, newest first, and the cursor of the next one: `{id, file_name, state,
    settings, checked, result, refused, progress, total, error, can_undo, can_go_on, created_at,
    created_by, imported_at, undone_at, files_until, files_deleted_at}`.

    `checked` and `result` are tallies (see `member_tally`), `refused` how many rows were;
    progress is in lines of the file; `error` is None or `{code, detail}`.
    """
    query = select(MemberImport).order_by(MemberImport.id.desc()).limit(PAGE_ROWS + 1)
    if after is not None:
        query = query.where(MemberImport.id < after)
    found = db.session.scalars(query.execution_options(populate_existing=True)).all()
    shown = found[:PAGE_ROWS]
    return [view(one) for one in shown], str(shown[-1].id) if len(found) > PAGE_ROWS else None


def refused_of(import_id: int) -> Path:
    """The list of refused rows; raises `unknown_import`, `not_found` where none was refused,
    and `files_deleted`."""
    found = find(import_id)
    file = storing.refused_of(import_id)
    if found.files_deleted_at is not None:
        raise Problem(Code.FILES_DELETED)
    if not file.exists():
        raise Problem(Code.NOT_FOUND)
    return file


_UNKNOWN_FILE: dict[str, Any] = {
    "header": [],
    "samples": [],
    "encoding": None,
    "guessed": {},
    "preset": None,
}


def find(import_id: int, *, hold: bool = False) -> MemberImport:
    found = db.session.get(
        MemberImport, import_id, populate_existing=True, with_for_update=hold or None
    )
    if found is None:
        raise Problem(Code.UNKNOWN_IMPORT)
    return found


def view(found: MemberImport) -> dict[str, Any]:
    standing = jobs.look(found.job_id) if found.job_id is not None else None
    state = _state(found, standing)
    tally = found.result or found.checked or {}
    return {
        "id": found.id,
        "file_name": found.file_name,
        "state": state,
        "settings": found.settings,
        "checked": found.checked,
        "result": found.result,
        "refused": sum(tally.get("refused", {}).values()),
        "progress": standing.progress if standing else found.line,
        "total": standing.total if standing else None,
        "error": _error(standing),
        "is_ending": bool(standing and standing.goes_on and standing.is_ending),
        "can_undo": _can_undo(found, state),
        "can_go_on": _can_go_on(found, state),
        "created_at": found.created_at,
        "created_by": found.created_by,
        "imported_at": found.imported_at,
        "undone_at": found.undone_at,
        "files_until": found.files_until,
        "files_deleted_at": found.files_deleted_at,
    }


_GOING_ON = {
    Stage.CHECK: State.CHECKING,
    Stage.IMPORT: State.IMPORTING,
    Stage.UNDO: State.UNDOING,
}
_ENDED = {JobState.FAILED: State.FAILED, JobState.CANCELLED: State.CANCELLED}


def _state(found: MemberImport, standing: Standing | None) -> State:
    """An undo that failed leaves an import that stands as before, with the error beside it."""
    stage = Stage(found.stage)
    if found.undone_at is not None:
        return State.UNDONE
    if stage is Stage.RECEIVED:
        return State.RECEIVED
    if standing is not None and standing.goes_on:
        return _GOING_ON[stage]
    if found.imported_at is not None:
        return State.IMPORTED
    if standing is None:
        return State.IMPORTING
    return _ENDED.get(standing.state, State.CHECKED)


def _can_undo(found: MemberImport, state: State) -> bool:
    """What was cut off can be taken back too; of a command's nobody knows whether it was."""
    ended = state in (State.IMPORTED, State.FAILED, State.CANCELLED) or found.job_id is None
    since = found.imported_at or found.created_at
    return (
        ended
        and found.undone_at is None
        and found.stage in (Stage.IMPORT, Stage.UNDO)
        and found.line > 0
        and clock.now() < since + timedelta(days=UNDO_DAYS)
    )


def _can_go_on(found: MemberImport, state: State) -> bool:
    """An import that was cut off, whose file is still here."""
    cut_off = state in (State.FAILED, State.CANCELLED) and found.stage == Stage.IMPORT
    return cut_off and found.files_deleted_at is None


def _error(standing: Standing | None) -> dict[str, str] | None:
    """Of a refusal its sentence; what else went wrong is in the log."""
    if standing is None or standing.error is None:
        return None
    known = standing.error in Code.__members__.values()
    code = Code(standing.error) if known else Code.INTERNAL_ERROR
    return {"code": str(code), "detail": str(TABLE[code][1])}


def _earlier(found: MemberImport) -> dict[str, Any] | None:
    query = (
        select(MemberImport)
        .where(
            MemberImport.sha256 == found.sha256,
            MemberImport.id < found.id,
            MemberImport.stage.in_((Stage.IMPORT, Stage.UNDO)),
        )
        .order_by(MemberImport.id.desc())
        .limit(1)
    )
    earlier = db.session.scalar(query)
    if earlier is None:
        return None
    stands = view(earlier)
    return {"id": stands["id"], "state": stands["state"]}
