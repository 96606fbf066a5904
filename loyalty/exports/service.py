"""Exports: order them, see how far they are, fetch their files, and let those go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask_babel import gettext
from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select, true, update

from loyalty.audiences import service as audiences
from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import after_commit, connection, db, lock_name, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import EXPORTS_WAITING, PAGE_ROWS
from loyalty.exports import kept, manifest, orders, selection, storing
from loyalty.exports.models import Export
from loyalty.exports.rules import EXPORT, EXPORT_INTERNAL, Order
from loyalty.exports.views import ENDED, standing, state_of, view
from loyalty.jobs import service as jobs
from loyalty.jobs.models import Job, JobState
from loyalty.members.reasons import impersonal

RUN = "exports.run"
"""The kind of job that makes the files."""
FETCH = "export.fetch"
"""In the log: somebody took a file."""
ABANDONED = timedelta(days=1)
"""A command that has not ended by then was killed."""
_TOLD = ("format", "reach")
"""What the log keeps of an order, with its purpose."""

_exports = table_of(Export)
_jobs = table_of(Job)


# -- ordering ----------------------------------------------------------------------


def create(slug: str, order: Order, *, purpose: str) -> dict[str, Any]:
    """Have the files of an audience made by a job; returns the export as `get` shows it. The
    same order that still waits or runs is not made twice, it is answered.

    Raises `unknown_audience`, `empty_audience`, `reason_required` at `purpose`, `forbidden` for
    an internal file that the actor may not make, `too_many_requests` where too many of the
    actor's wait already, and at the fields of the order `invalid_request`, `unknown_column`,
    `unknown_export` and `not_comparable`.
    """
    order, purpose, audience_id = _checked(slug, order, purpose)
    lock_name("exports.create")
    values = _values(order, purpose, slug=slug, audience_id=audience_id)
    going_on = _same_going_on(values)
    if going_on is not None:
        return view(going_on)
    _check_waiting()
    export_id = _insert(values)
    _enqueue(export_id)
    return get(export_id)


def begin(slug: str, order: Order, *, purpose: str) -> int:
    """The id of an export that a command makes itself, with no job and no files to fetch here.
    Raises as `create`."""
    order, purpose, audience_id = _checked(slug, order, purpose)
    return _insert(_values(order, purpose, slug=slug, audience_id=audience_id))


def abandon(export_id: int) -> None:
    """What `begin` made, where the command came to no end."""
    connection().execute(delete(_exports).where(_exports.c.id == export_id))


def _checked(slug: str, order: Order, purpose: str) -> tuple[Order, str, int]:
    """The order made whole, its purpose without persons, and of which audience it is."""
    order = orders.checked(order)
    reason = impersonal(purpose.strip(), about=())
    if not reason:
        raise Problem(Code.REASON_REQUIRED, field="purpose")
    audience_id = audiences.look(slug).id
    selection.check_since(order, audience_id=audience_id)
    members = audiences.get(slug)["count"]
    # Since an earlier export everybody may have gone, which is worth a file.
    if not members and order.since_export is None:
        raise Problem(Code.EMPTY_AUDIENCE)
    orders.check_size(order, rows=min(members, order.limit or members))
    return order, reason, audience_id


def _values(order: Order, purpose: str, *, slug: str, audience_id: int) -> dict[str, Any]:
    return {
        "audience_id": audience_id,
        "audience_slug": slug,
        "format": order.format,
        "reach": order.reach,
        "options": orders.to_options(order),
        "purpose": purpose,
        "created_by": current_actor().label,
        "created_at": clock.now(),
    }


def _same_going_on(values: dict[str, Any]) -> Row[Any] | None:
    asked = {name: value for name, value in values.items() if name != "created_at"}
    waiting = standing().where(
        _exports.c.audience_id == asked["audience_id"],
        _exports.c.created_by == asked["created_by"],
        _exports.c.job_id.is_not(None),
    )
    rows = connection().execute(waiting.order_by(_exports.c.id.desc()).limit(PAGE_ROWS))
    same = (row for row in rows if asked.items() <= row._mapping.items())
    return next((row for row in same if state_of(row) not in ENDED), None)


def _check_waiting() -> None:
    """Raises `too_many_requests`. The name `exports.create` is held."""
    waiting = _jobs.c.state.in_((JobState.QUEUED, JobState.RUNNING))
    own = (_jobs.c.kind == RUN) & (_jobs.c.created_by == current_actor().label)
    count = select(func.count()).select_from(_jobs).where(waiting, own)
    if connection().execute(count).scalar_one() < EXPORTS_WAITING:
        return
    detail = gettext(
        "%(most)s exports of yours still wait or run: let some of them end, or cancel them.",
        most=EXPORTS_WAITING,
    )
    raise Problem(Code.TOO_MANY_REQUESTS, detail=detail)


def _insert(values: dict[str, Any]) -> int:
    made = connection().execute(insert(_exports).values(values).returning(_exports.c.id))
    export_id = int(made.scalar_one())
    told = {"audience": values["audience_slug"], **{name: values[name] for name in _TOLD}}
    audit.record(EXPORT.name, "export", export_id, reason=values["purpose"], **told)
    return export_id


def _enqueue(export_id: int) -> None:
    job = jobs.enqueue(RUN, {"export": export_id}, now=clock.now())
    this = update(_exports).where(_exports.c.id == export_id)
    connection().execute(this.values(job_id=job.id, manifest=None, as_of=None, rows=None))


# -- looking -----------------------------------------------------------------------


def get(export_id: int) -> dict[str, Any]:
    """`{id, audience, audience_name, format, reach, purpose, columns, limit, rows_per_file,
    since_export, state, is_ending, progress, total, rows, as_of, steps: [{name, count,
    removed}], files: [{name, rows, bytes, sha256}], warnings: [sentence], left_out: {column:
    n}, error: None or {code, detail, advice}, created_at, created_by, files_until,
    files_deleted_at}`. Steps are there as soon as they are known. Raises `unknown_export`, also
    for an internal one that the actor may not see."""
    return view(_look(export_id))


def page(
    *, after: int | None = None, audience_id: int | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of exports, of all or of one audience, as `get` shows them, newest first, and the
    cursor of the next one or None. `after` is the cursor of the last page."""
    query = standing().where(_visible()).order_by(_exports.c.id.desc()).limit(PAGE_ROWS + 1)
    if after is not None:
        query = query.where(_exports.c.id < after)
    if audience_id is not None:
        query = query.where(_exports.c.audience_id == audience_id)
    found = connection().execute(query).all()
    shown = found[:PAGE_ROWS]
    return [view(row) for row in shown], str(shown[-1].id) if len(found) > PAGE_ROWS else None


def _look(export_id: int, *, held: bool = False) -> Row[Any]:
    query = standing().where(_exports.c.id == export_id, _visible())
    if held:
        query = query.with_for_update(key_share=True, of=_exports)
    row = connection().execute(query).first()
    if row is None:
        raise Problem(Code.UNKNOWN_EXPORT)
    return row


def _visible() -> ColumnElement[bool]:
    return true() if EXPORT_INTERNAL.allows(current_actor()) else _exports.c.reach.is_not(None)


# -- ending and beginning again ----------------------------------------------------


def cancel(export_id: int) -> dict[str, Any]:
    """Let it end: at once where it waits, else at its next step. Raises `unknown_export`,
    `work_ended`."""
    row = _look(export_id, held=True)
    if row.job_id is None or state_of(row) in ENDED:
        raise Problem(Code.WORK_ENDED)
    jobs.cancel(row.job_id, now=clock.now())
    # Flush: the view is read from the table.
    db.session.flush()
    return get(export_id)


def retry(export_id: int) -> dict[str, Any]:
    """Begin an export again that failed or was cancelled. Raises `unknown_export`,
    `work_goes_on`, `work_ended` where it came to its end, `too_many_requests`."""
    lock_name("exports.create")
    row = _look(export_id, held=True)
    state = state_of(row)
    if state not in ENDED:
        raise Problem(Code.WORK_GOES_ON)
    if state == JobState.DONE:
        raise Problem(Code.WORK_ENDED)
    _check_waiting()
    _enqueue(export_id)
    audit.record(EXPORT.name, "export", export_id, reason=row.purpose, step="again")
    return get(export_id)


# -- files -------------------------------------------------------------------------


def file_of(export_id: int, name: str) -> Path:
    """Where a file of an export stands, one that its manifest lists or the manifest itself; the
    log keeps who took it. Raises `unknown_export`, `not_found`, `files_deleted`."""
    row = _look(export_id)
    if row.files_until is None or name not in manifest.names_in(row.manifest):
        raise Problem(Code.NOT_FOUND)
    path = storing.folder_of(export_id) / name
    if row.files_deleted_at is not None or not path.is_file():
        raise Problem(Code.FILES_DELETED)
    audit.record(FETCH, "export", export_id, reason=row.purpose, file=name)
    return path


def delete_old(now: datetime) -> int:
    """Delete the files of exports whose days are over, and what killed work left; returns of
    how many exports."""
    stored = storing.stored()
    over = (_exports.c.files_until <= now) & _exports.c.files_deleted_at.is_(None)
    ended = _mark_deleted(over, now=now)
    abandoned = _exports.c.job_id.is_(None) & _exports.c.rows.is_(None)
    killed = abandoned & (_exports.c.created_at < now - ABANDONED)
    connection().execute(delete(_exports).where(killed))
    after_commit(partial(storing.delete, [*ended, *stored - _needed(stored)]))
    return len(ended)


def _needed(export_ids: Iterable[int]) -> set[int]:
    """Those whose files are to be fetched, or being made."""
    rows = connection().execute(standing().where(_exports.c.id.in_(export_ids)))
    return {
        row.id
        for row in rows
        if state_of(row) not in ENDED or (row.files_until and not row.files_deleted_at)
    }


def forget_old(now: datetime) -> int:
    """Forget who was in exports with which none is compared any more, but for those by which an
    erasure finds files that still stand; returns of how many exports."""
    kept.hold()
    needed = {
        each
        for row in connection().execute(_with_files())
        for each in (row.id, row.options["since_export"])
    }
    # A delta that was ordered in time may still be written.
    return kept.forget_old(before=now - kept.COMPARABLE - ABANDONED, needed=needed)


def forget(member_id: int) -> None:
    """At an erasure: no export has the member any more, and every file that held them is
    deleted with its others. Files that a command made are wherever it put them."""
    kept.hold()
    held = kept.forget(member_id)
    compared = [
        row.id for row in connection().execute(_with_files()) if row.options["since_export"] in held
    ]
    affected = _exports.c.id.in_([*held, *compared]) & _exports.c.files_deleted_at.is_(None)
    gone = _mark_deleted(affected & _exports.c.files_until.is_not(None), now=clock.now())
    after_commit(partial(storing.delete, gone))


def _with_files() -> Select[Any]:
    """Exports whose files stand; their options tell since which other."""
    standing_files = _exports.c.files_until.is_not(None) & _exports.c.files_deleted_at.is_(None)
    return select(_exports.c.id, _exports.c.options).where(standing_files)


def _mark_deleted(which: ColumnElement[bool], *, now: datetime) -> list[int]:
    marked = update(_exports).where(which).values(files_deleted_at=now)
    return list(connection().scalars(marked.returning(_exports.c.id)))
