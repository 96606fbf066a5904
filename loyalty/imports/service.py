"""Members from a file, as people do it: send it, say what its columns mean, see what would
come of it, import it, and take it back.

What was asked for stands in the import's `stage`, how far that is in its job. The work itself
is in `importing`, which commands use too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import get_locale
from sqlalchemy import select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import FILE_NAME_LENGTH, PAGE_ROWS
from loyalty.core.logs import mask_digits
from loyalty.imports import member_columns, source, storing
from loyalty.imports.files import BadFile, CheckedFile, File, Upload
from loyalty.imports.member_settings import ImportSettings
from loyalty.imports.models import MemberImport, Stage
from loyalty.imports.rules import IMPORT, IMPORT_BALANCES
from loyalty.imports.views import State, find, get, page, refused_of, view
from loyalty.jobs import service as jobs
from loyalty.members import attributes
from loyalty.tags import finding

__all__ = [
    "State",
    "begin_here",
    "cancel",
    "check_settings",
    "choose",
    "delete_old",
    "get",
    "keep",
    "look_into",
    "page",
    "receive",
    "refused_of",
    "start",
    "undo",
    "undo_here",
]

CHECK_FILE = "imports.check"
RUN_IMPORT = "imports.run"
UNDO_IMPORT = "imports.undo"
"""The kinds of jobs that an import asks for."""
SAMPLE_ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file that was sent and read through, and what is known of it."""

    upload: Upload
    about: dict[str, Any]
    sha256: str


def look_into(upload: Upload) -> Sent:
    """Read a file through, which may take seconds: before a transaction that writes. Raises
    `bad_file` with a sentence that says what to do."""
    about, sha256 = _read(upload)
    return Sent(upload=upload, about=about, sha256=sha256)


def receive(upload: Upload, *, file_name: str) -> dict[str, Any]:
    """Keep a file that was sent; raises `bad_file`."""
    return keep(look_into(upload), file_name=file_name)


def keep(sent: Sent, *, file_name: str) -> dict[str, Any]:
    """Keep what was read; the view of an import that is received."""
    import_id = _make(Stage.RECEIVED, file_name=file_name, sha256=sent.sha256)
    storing.keep_upload(import_id, sent.upload.content)
    storing.keep_about(import_id, sent.about)
    audit.record(IMPORT.name, "import", import_id, step="received")
    return get(import_id)


def _make(
    stage: Stage, *, file_name: str, sha256: str, settings: ImportSettings | None = None
) -> int:
    now = clock.now()
    made = MemberImport(
        stage=stage,
        file_name=_plain(file_name),
        sha256=sha256,
        settings=settings and settings.to_document(),
        files_until=now + _files_days(),
        created_by=current_actor().label,
        created_at=now,
    )
    db.session.add(made)
    # Flush: the folder is named by the id.
    db.session.flush()
    # What lies there is of one that was rolled back: SQLite gives its id again.
    storing.delete(made.id)
    storing.folder_of(made.id)
    return made.id


def _plain(file_name: str) -> str:
    """What it was called, without a number that could be a phone."""
    printable = "".join(letter for letter in file_name if letter.isprintable())
    return mask_digits(printable)[-FILE_NAME_LENGTH:]


def choose(import_id: int, settings: ImportSettings) -> dict[str, Any]:
    """Say what the file means, and have it read as if it were imported.

    Raises `unknown_import`, `not_at_this_stage`, `work_goes_on`, `files_deleted`, `bad_file`
    (with another encoding), `forbidden` (opening balances are a manager's) and
    `invalid_request`.
    """
    _check_allowed(settings)
    found = _at_rest(import_id, Stage.RECEIVED, Stage.CHECK)
    about = _about_by(found, settings.encoding)
    check_settings(settings, header=about["header"])
    found.settings = settings.to_document()
    found.checked = None
    found.refused_bytes = 0
    _ask(found, Stage.CHECK, CHECK_FILE)
    return get(import_id)


def start(import_id: int) -> dict[str, Any]:
    """Import what was checked, or go on where that was cut off. Raises `unknown_import`,
    `not_at_this_stage`, `work_goes_on`, `files_deleted`, `forbidden`."""
    found = _at_rest(import_id, Stage.CHECK, Stage.IMPORT)
    if found.checked is None or found.settings is None or found.imported_at is not None:
        raise Problem(Code.NOT_AT_THIS_STAGE)
    _check_allowed(ImportSettings.from_document(found.settings))
    _present(found)
    found.files_until = clock.now() + _files_days()
    audit.record(IMPORT.name, "import", import_id, step="started")
    _ask(found, Stage.IMPORT, RUN_IMPORT)
    return get(import_id)


def cancel(import_id: int) -> dict[str, Any]:
    """End what goes on, at its next step: what is in stays in. Raises `unknown_import`,
    `work_ended`."""
    found = find(import_id, hold=True)
    if found.job_id is None or not jobs.look(found.job_id).goes_on:
        raise Problem(Code.WORK_ENDED)
    jobs.cancel(found.job_id, now=clock.now())
    return get(import_id)


def undo(import_id: int) -> dict[str, Any]:
    """Take the whole import back, while nothing was built on it. Raises `unknown_import`,
    `not_at_this_stage`, `work_goes_on`, `forbidden` (opening balances are a manager's)."""
    _ask(_undoable(import_id), Stage.UNDO, UNDO_IMPORT)
    return get(import_id)


def undo_here(import_id: int) -> None:
    """For a command that takes it back itself. Raises as `undo` does."""
    _undoable(import_id).stage = Stage.UNDO


def _undoable(import_id: int) -> MemberImport:
    found = _at_rest(import_id, Stage.IMPORT, Stage.UNDO)
    if not view(found)["can_undo"]:
        raise Problem(Code.NOT_AT_THIS_STAGE)
    if found.settings is not None:
        _check_allowed(ImportSettings.from_document(found.settings))
    return found


def _at_rest(import_id: int, *stages: Stage) -> MemberImport:
    """Held, and with no work going on."""
    found = find(import_id, hold=True)
    if found.stage not in stages:
        raise Problem(Code.NOT_AT_THIS_STAGE)
    if found.job_id is not None and jobs.look(found.job_id).goes_on:
        raise Problem(Code.WORK_GOES_ON)
    return found


def _check_allowed(settings: ImportSettings) -> None:
    if settings.opening_points and not IMPORT_BALANCES.allows(current_actor()):
        raise Problem(Code.FORBIDDEN)


def check_settings(settings: ImportSettings, *, header: Sequence[str]) -> None:
    """Against the file and the shop. Raises `invalid_request`, and `unknown_tag` and
    `tag_has_rule` for tags that everybody shall get."""
    settings.check(known=_known_fields(), width=len(header))
    for slug in settings.tags:
        if finding.look(slug).rule is not None:
            raise Problem(Code.TAG_HAS_RULE, field="tags")


def _ask(found: MemberImport, stage: Stage, kind: str) -> None:
    language = str(get_locale())
    job = jobs.enqueue(kind, {"import": found.id, "language": language}, now=clock.now())
    found.stage = stage
    found.job_id = job.id
    # Flush: the answer is read back.
    db.session.flush()


def _present(found: MemberImport) -> Path:
    file = storing.upload_of(found.id)
    is_over = found.files_until is not None and found.files_until <= clock.now()
    if file is None or is_over:
        raise Problem(Code.FILES_DELETED)
    return file


def _about_by(found: MemberImport, encoding: str | None) -> dict[str, Any]:
    """What is known of the file, read by this encoding where that is another one."""
    file = _present(found)
    about = storing.about(found.id)
    if about is None or (encoding is not None and encoding != about["encoding"]):
        about, found.sha256 = _read(file, encoding=encoding)
        storing.keep_about(found.id, about)
    return about


def _read(file: File, *, encoding: str | None = None) -> tuple[dict[str, Any], str]:
    try:
        checked = source.check(file, encoding=encoding)
        samples = member_columns.samples(checked, SAMPLE_ROWS)
    except BadFile as why:
        raise Problem(Code.BAD_FILE, field="file", detail=str(why)) from None
    preset = member_columns.recognise(checked.header)
    about = {
        "header": checked.header,
        "samples": samples,
        "encoding": checked.encoding,
        "guessed": member_columns.guess(
            checked.header, attributes=attributes.declared(), preset=preset
        ),
        "preset": preset,
    }
    return about, checked.sha256


def _known_fields() -> set[str]:
    declared = {member_columns.ATTRIBUTE + name for name in attributes.declared()}
    return {*member_columns.MEMBER_COLUMNS, *declared}


def begin_here(
    file: CheckedFile, settings: ImportSettings, *, file_name: str
) -> tuple[int, dict[str, Any] | None]:
    """For a command that reads the file where it lies: the id of the import, and the view of an
    earlier one of the same file that has ended. One of the same settings that was cut off goes
    on. Raises `work_goes_on` where a worker does that one."""
    document = settings.to_document()
    earlier = [view(one) for one in _same_file(file.sha256)]
    ended = [one for one in earlier if one["state"] in (State.IMPORTED, State.UNDONE)]
    for one in earlier:
        if one not in ended and one["settings"] == document:
            return _go_on_here(one["id"]), None
    made = _make(Stage.IMPORT, file_name=file_name, sha256=file.sha256, settings=settings)
    return made, next(iter(ended), None)


def _go_on_here(import_id: int) -> int:
    """Its file is no file of ours, and may still be there where ours were deleted."""
    found = _at_rest(import_id, Stage.IMPORT)
    found.files_until = clock.now() + _files_days()
    found.files_deleted_at = None
    return found.id


def _same_file(sha256: str) -> Sequence[MemberImport]:
    """Imports of it that were started, newest first."""
    query = select(MemberImport).where(
        MemberImport.sha256 == sha256, MemberImport.stage.in_((Stage.IMPORT, Stage.UNDO))
    )
    return db.session.scalars(query.order_by(MemberImport.id.desc()).limit(PAGE_ROWS)).all()


# -- keeping -------------------------------------------------------------------


def delete_old(*, now: datetime) -> int:
    """Delete the files whose days are over; returns of how many imports."""
    over = select(MemberImport).where(
        MemberImport.files_until <= now, MemberImport.files_deleted_at.is_(None)
    )
    ended = [one for one in db.session.scalars(over) if not _goes_on(one)]
    for one in ended:
        storing.delete(one.id)
        one.files_deleted_at = now
    _delete_strays(now)
    return len(ended)


def _goes_on(found: MemberImport) -> bool:
    return found.job_id is not None and jobs.look(found.job_id).goes_on


def _delete_strays(now: datetime) -> None:
    """Files of imports that were never committed, once it is certain that they will not be."""
    stored = storing.stored(before=now - timedelta(days=1))
    known = set(db.session.scalars(select(MemberImport.id).where(MemberImport.id.in_(stored))))
    for import_id in set(stored) - known:
        storing.delete(import_id)


def _files_days() -> timedelta:
    return timedelta(days=current_app.extensions["settings"].files_days)
