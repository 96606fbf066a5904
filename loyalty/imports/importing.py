"""Members from a file, from its first row to the last: looked through, or brought in.

A step of rows is one transaction. An import that was cut off goes on behind the last step that
was committed; the rows before are read again, since a phone that stood in them comes again.
"""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from flask import current_app
from sqlalchemy import case, select, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.limits import BATCH_ROWS
from loyalty.core.phone import PhoneNumber
from loyalty.core.turns import alone
from loyalty.imports import source, storing, undoing
from loyalty.imports.files import CheckedFile
from loyalty.imports.member_columns import ATTRIBUTE
from loyalty.imports.member_decisions import ReadRow, Seen, decide
from loyalty.imports.member_rows import MemberReader, MemberRow
from loyalty.imports.member_settings import ImportSettings
from loyalty.imports.member_steps import read_rows, write
from loyalty.imports.member_tally import Tally
from loyalty.imports.models import MemberImport
from loyalty.imports.refused_rows import Refused
from loyalty.imports.rejects import RefusedList
from loyalty.members import attributes, joining
from loyalty.members.attribute_rules import AttributeView

ONE_AT_A_TIME = "member_imports"
"""Two imports, or one and the undo of another, would tell each other's rows for their own."""
AUDITED = "members.import"

_imports = table_of(MemberImport)
OnStep = Callable[[Tally, int, int], None]
"""Hears of every finished step: the tally, the line it came to, of how many."""
OnRefused = Callable[[Sequence[str], Sequence[Refused]], None]
"""Hears of every step's refused rows, with the file's header."""


@dataclass(frozen=True, kw_only=True)
class _Work:
    file: CheckedFile
    settings: ImportSettings
    reader: MemberReader
    attributes: Mapping[str, AttributeView]

    def refused_list(self, import_id: int) -> RefusedList:
        return RefusedList(storing.refused_of(import_id), self.file.header)

    def steps(self) -> Iterator[list[ReadRow]]:
        """The next is read while the last is written."""
        with ThreadPoolExecutor(max_workers=1) as reader:
            read_next = partial(copy_context().run, next, self._read(), None)
            coming = reader.submit(read_next)
            while (step := coming.result()) is not None:
                coming = reader.submit(read_next)
                yield step
                gc.collect(0)

    def _read(self) -> Iterator[list[ReadRow]]:
        rows = source.rows_of(self.file)
        while step := list(itertools.islice(rows, BATCH_ROWS)):
            yield read_rows(self.reader, step)


def look_through(
    file: CheckedFile, settings: ImportSettings, *, on_step: OnStep, on_refused: OnRefused
) -> Tally:
    """What would come of it, with nothing written."""
    work = _prepare(file, settings)
    tally, seen = Tally(), Seen()
    with _collecting_by_step():
        for rows in work.steps():
            with read():
                crowd = joining.look(_phones(rows), attributes=work.attributes)
                decided = decide(rows, crowd, settings=settings, seen=seen, tally=tally)
            seen.add(decided.phones())
            on_refused(file.header, decided.refused)
            on_step(tally, rows[-1].line, file.lines)
    return tally


def bring_in(
    import_id: int, file: CheckedFile, settings: ImportSettings, *, on_step: OnStep
) -> Tally:
    """All rows behind the last step that was done; refused ones are in the import's list."""
    with alone(ONE_AT_A_TIME), _collecting_by_step():
        work = _prepare(file, settings)
        with read():
            line, result = connection().execute(_standing(import_id)).one()
        if not line:
            work.refused_list(import_id).begin()
        tally, seen = Tally.from_document(result), Seen()
        for rows in work.steps():
            taken = _phones(rows)
            if left := [row for row in rows if row.line > line]:
                tally, taken = in_transaction(partial(_do, import_id, work, left, seen, tally))
            seen.add(taken)
            on_step(tally, rows[-1].line, file.lines)
        in_transaction(partial(_end, import_id, tally))
    return tally


@contextmanager
def _collecting_by_step() -> Iterator[None]:
    """Python looks for cycles whenever much is made, and the rows of a step are much: that took
    a third of the time and found none. Here it looks after each step."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _prepare(file: CheckedFile, settings: ImportSettings) -> _Work:
    columns = settings.columns_read()
    with read():
        declared = attributes.declared()
    ours = current_app.extensions["settings"]
    used = {name: view for name, view in declared.items() if ATTRIBUTE + name in columns}
    reader = MemberReader(
        columns,
        width=len(file.header),
        region=ours.default_region,
        zone=ours.time_zone,
        attributes=used,
    )
    return _Work(file=file, settings=settings, reader=reader, attributes=used)


def _phones(rows: Iterable[ReadRow]) -> list[PhoneNumber]:
    return [row.read.phone for row in rows if isinstance(row.read, MemberRow)]


def _do(
    import_id: int, work: _Work, rows: Sequence[ReadRow], seen: Seen, before: Tally
) -> tuple[Tally, list[PhoneNumber]]:
    """The tally from then on, and the phones of the rows that were taken."""
    now = clock.now()
    tally = before.copy()
    crowd = joining.find(_phones(rows), attributes=work.attributes)
    decided = decide(rows, crowd, settings=work.settings, seen=seen, tally=tally)
    write(
        decided,
        import_id=import_id,
        settings=work.settings,
        attributes=work.attributes,
        tally=tally,
        now=now,
    )
    _keep(import_id, work, decided.refused, tally, line=rows[-1].line)
    return tally, decided.phones()


def _keep(
    import_id: int, work: _Work, refused: Sequence[Refused], tally: Tally, *, line: int
) -> None:
    """How far it is, with the list of refused rows as long as this step leaves it."""
    its_row = _imports.c.id == import_id
    at = connection().scalar(select(_imports.c.refused_bytes).where(its_row)) or 0
    refused_bytes = work.refused_list(import_id).write(refused, at=at)
    connection().execute(
        update(_imports)
        .where(its_row)
        .values(
            line=line,
            result=tally.to_document(),
            refused_bytes=refused_bytes,
        )
    )


def _standing(import_id: int) -> Any:
    return select(_imports.c.line, _imports.c.result).where(_imports.c.id == import_id)


def _end(import_id: int, tally: Tally) -> None:
    now = clock.now()
    days = timedelta(days=current_app.extensions["settings"].files_days)
    # An erasure ends the files' time at once, and nothing prolongs it then.
    until = case((_imports.c.files_until <= now, now), else_=now + days)
    connection().execute(
        update(_imports)
        .where(_imports.c.id == import_id)
        .values(imported_at=now, files_until=until, result=tally.to_document())
    )
    audit.record(AUDITED, "import", import_id, step="imported", **tally.counts())


def take_back(import_id: int, *, report: Callable[[int, int | None], None]) -> None:
    """Undo the whole import; raises `built_upon` with nothing done."""
    with alone(ONE_AT_A_TIME):
        undoing.undo(import_id, report=report)
        in_transaction(partial(_end_undone, import_id))


def _end_undone(import_id: int) -> None:
    its_row = _imports.c.id == import_id
    connection().execute(update(_imports).where(its_row).values(undone_at=clock.now()))
    audit.record(AUDITED, "import", import_id, step="undone")
