"""What is asked of an import, as jobs: each may be begun again where a worker died."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import force_locale
from sqlalchemy import select

from loyalty.core.access import acting_as
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.errors import Code, Problem
from loyalty.imports import importing, source, storing
from loyalty.imports.files import BadFile, CheckedFile
from loyalty.imports.importing import OnStep
from loyalty.imports.member_settings import ImportSettings
from loyalty.imports.models import MemberImport
from loyalty.imports.rejects import RefusedList
from loyalty.jobs.worker import Task

_imports = table_of(MemberImport)


def check(task: Task) -> dict[str, Any]:
    """Look the file through, and keep what would come of it."""
    import_id = task.arguments["import"]
    with _as_asked(task):
        file, settings = _stored(import_id)
        refused = RefusedList(storing.refused_of(import_id), file.header)
        refused.begin()
        tally = importing.look_through(
            file, settings, on_step=_telling(task), on_refused=lambda _, rows: refused.add(rows)
        )
        document = tally.to_document()
        in_transaction(lambda: importing.keep_while_there(import_id, checked=document))
    return {"rows": tally.rows}


def run(task: Task) -> dict[str, Any]:
    """Bring the file in, from where an earlier try came to."""
    import_id = task.arguments["import"]
    with _as_asked(task):
        file, settings = _stored(import_id)
        tally = importing.bring_in(import_id, file, settings, on_step=_telling(task))
    return {"rows": tally.rows}


def undo(task: Task) -> dict[str, Any]:
    with _as_asked(task):
        importing.take_back(task.arguments["import"], report=task.report)
    return {}


@contextmanager
def _as_asked(task: Task) -> Iterator[None]:
    """As done by whoever asked for it, with sentences in their language."""
    with acting_as(task.asked_by), force_locale(task.arguments["language"]):
        try:
            yield
        except BadFile as why:
            raise Problem(Code.BAD_FILE, detail=str(why)) from None


def _stored(import_id: int) -> tuple[CheckedFile, ImportSettings]:
    with read():
        wanted = select(_imports.c.settings).where(_imports.c.id == import_id)
        settings = ImportSettings.from_document(connection().execute(wanted).scalar_one())
    file = storing.upload_of(import_id)
    if file is None:
        raise Problem(Code.FILES_DELETED)
    return source.check(file, encoding=settings.encoding), settings


def _telling(task: Task) -> OnStep:
    return lambda tally, line, lines: task.report(line, lines)
