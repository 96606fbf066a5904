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
from sqlalchemy import BindParameter, ColumnElement, case, literal, select, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import BATCH_ROWS
from loyalty.core.phone import PhoneNumber
from loyalty.core.turns import alone
from loyalty.imports import source, storing, undoing
from loyalty.imports.files import CheckedFile
from loyalty.imports.member_columns import ATTRIBUTE
from loyalty.imports.member_decisions import ReadRow, Seen, decide
from loyalty.imports.member_rows import MemberReader, MemberRow
from loyalty.imports.member_settings import ImportSettings
from loyalty.imports.member_steps import foresee, read_rows, write
from loyalty.imports.member_tally import Tally
from loyalty.imports.models import MemberImport, Stage
from loyalty.imports.refused_rows import Refused
from loyalty.imports.rejects import RefusedList
from loyalty.members import attributes, joining
from loyalty.members.attribute_rules import AttributeView

ONE_AT_A_TIME = "member_imports"
"""Two imports, or one and the undo of another, would tell each other's rows for their own."""
COLLECTING_STEPS = 10
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
            for number in itertools.count(1):
                if (step := coming.result()) is None:
                    return
                coming = reader.submit(read_next)
                yield step
                if number % COLLECTING_STEPS == 0:
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
            foresee(decided, settings=settings, seen=seen, tally=tally)
            seen.add(decided.phones())
            seen.open(decided.points)
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
        refused = work.refused_list(import_id).lines()
        tally, seen = Tally.from_document(result), Seen()
        for rows in work.steps():
            seen.add(_phones(row for row in rows if row.line <= line and row.line not in refused))
            if left := [row for row in rows if row.line > line]:
                tally, taken = in_transaction(partial(_do, import_id, work, left, seen, tally))
                seen.add(taken)
            on_step(tally, rows[-1].line, file.lines)
        in_transaction(partial(_end, import_id, tally))
    return tally


@contextmanager
def _collecting_by_step() -> Iterator[None]:
    """Python looks for cycles whenever much is made, and the rows of a step are much: that took
    a third of the time and found few. Here it looks after some steps."""
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
    at = connection().scalar(select(_imports.c.refused_bytes).where(_its(import_id))) or 0
    refused_bytes = work.refused_list(import_id).write(refused, at=at)
    keep_while_there(import_id, line=line, result=tally.to_document(), refused_bytes=refused_bytes)


def keep_while_there(import_id: int, **values: Any) -> None:
    """Write these of an import. Raises `files_deleted` where the file's time is over: an erasure
    ends it, for the file may name who was erased. After the members were locked: who is erased
    later is erased with what was done."""
    still_there = _imports.c.files_until > clock.now()
    kept = update(_imports).where(_its(import_id), still_there).values(**values)
    if not connection().execute(kept).rowcount:
        raise Problem(Code.FILES_DELETED)


def _standing(import_id: int) -> Any:
    return select(_imports.c.line, _imports.c.result).where(_its(import_id))


def _its(import_id: int) -> ColumnElement[bool]:
    return _imports.c.id == import_id


def _end(import_id: int, tally: Tally) -> None:
    now = clock.now()
    days = timedelta(days=current_app.extensions["settings"].files_days)
    # An erasure ends the files' time at once, and nothing prolongs it then.
    until = case((_imports.c.files_until <= now, now), else_=now + days)
    # Of a file with rows the last step wrote it, and an erasure since then took names out of it.
    result = case((_imports.c.line > 0, _imports.c.result), else_=_document(tally))
    connection().execute(
        update(_imports)
        .where(_its(import_id))
        .values(imported_at=now, files_until=until, result=result)
    )
    audit.record(AUDITED, "import", import_id, step="imported", **tally.counts())


def _document(tally: Tally) -> BindParameter[Any]:
    return literal(tally.to_document(), _imports.c.result.type)


def take_back(import_id: int, *, report: Callable[[int, int | None], None]) -> None:
    """Undo the whole import; raises `built_upon` with nothing done. One that was cut off can
    then go on."""
    with alone(ONE_AT_A_TIME):
        try:
            undoing.undo(import_id, report=report)
        except BaseException:
            in_transaction(partial(_stand_again, import_id))
            raise
        in_transaction(partial(_end_undone, import_id))


def _stand_again(import_id: int) -> None:
    """As if nobody had asked for an undo, where it has taken nothing back."""
    if not undoing.has_begun(import_id):
        connection().execute(update(_imports).where(_its(import_id)).values(stage=Stage.IMPORT))


def _end_undone(import_id: int) -> None:
    connection().execute(update(_imports).where(_its(import_id)).values(undone_at=clock.now()))
    audit.record(AUDITED, "import", import_id, step="undone")
