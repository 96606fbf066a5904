"""An import taken back whole, while nothing was built on it.

First everything is looked at; then members are put back step by step, each step a transaction
that also forgets what was kept for it: work begun again goes on with those who are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pyroaring import BitMap
from sqlalchemy import delete, func, select, update

from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import BATCH_ROWS
from loyalty.imports.built_upon import Imported, built_upon, imported
from loyalty.imports.models import ImportedMember, MemberImport
from loyalty.members import consents_in_file, leaving
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points import opening
from loyalty.tags import in_file

REASON = "undo"
"""Why points went, in the ledger."""
UNDONE = "undone"
"""Where in an import's `result` stands how far its undo is."""

Report = Callable[[int, int], None]
"""(progress, total), in members"""

_imports = table_of(MemberImport)
_imported = table_of(ImportedMember)


@dataclass(frozen=True, kw_only=True)
class Undone:
    """`members` are as they were before. `kept` stay as they are: somebody built on them while
    the undo went on, or ended them."""

    members: int = 0
    kept: int = 0


def undo(import_id: int, *, report: Report) -> Undone:
    """Take an import back. Raises `unknown_import`, and `built_upon` with how many members
    (`count`) that concerns, before anything is written.

    Members whom it made are closed and nobody any more, others know again what they knew; tags,
    consents and opening balances that it gave are gone. Opens its own transactions.
    """
    with read():
        is_begun = has_begun(import_id)
        total = _count_left(import_id)
    if not is_begun:
        _refuse_built_upon(import_id, partial(report, 0, total))
    done = 0
    while step := in_transaction(partial(_take_back, import_id)):
        done += step.members + step.kept
        report(done, total)
    with read():
        return _so_far(import_id) or Undone()


def has_begun(import_id: int) -> bool:
    """Whether anything was taken back. Raises `unknown_import`."""
    return _so_far(import_id) is not None


def _refuse_built_upon(import_id: int, still_there: Callable[[], None]) -> None:
    count, last = 0, 0
    while True:
        with read():
            rows = _next(import_id, after=last)
            count += len(built_upon(import_id, rows)) if rows else 0
        if not rows:
            break
        last = rows[-1].member_id
        still_there()
    if count:
        raise Problem(Code.BUILT_UPON, extra={"count": count})


# -- one step ----------------------------------------------------------------------


def _take_back(import_id: int) -> Undone | None:
    """The next members; None where none are left. Looked at again with their rows held."""
    rows = _next(import_id)
    if not rows:
        return None
    held = members.lock([row.member_id for row in rows])
    spoilt = built_upon(import_id, rows)
    whole = [row for row in rows if row.member_id in held and row.member_id not in spoilt]
    _put_back(whole, held, now=clock.now())
    _forget(import_id, rows)
    step = Undone(members=len(whole), kept=len(rows) - len(whole))
    _count(import_id, step)
    return step


def _put_back(rows: Sequence[Imported], held: Mapping[int, LockedMember], *, now: datetime) -> None:
    """What came last goes first."""
    entries = {row.entry: held[row.member_id] for row in rows if row.entry is not None}
    opening.take_back(entries, now=now, reason=REASON)
    in_file.take_out(_by_tag(rows))
    known = [row for row in rows if not row.created]
    consents_in_file.take_back(
        {row.member_id: row.consents for row in known},
        said_since={row.member_id: row.since for row in known},
    )
    leaving.put_back({row.member_id: row.before for row in known if row.before}, now=now)
    leaving.end_many([row.member_id for row in rows if row.created], now=now)


def _by_tag(rows: Iterable[Imported]) -> dict[int, BitMap]:
    by_tag: dict[int, BitMap] = {}
    for row in rows:
        for group_id in row.tags:
            by_tag.setdefault(group_id, BitMap()).add(row.member_id)
    return by_tag


# -- what is kept of an import -------------------------------------------------------


def _next(import_id: int, *, after: int = 0) -> list[Imported]:
    rows = connection().execute(
        select(_imported)
        .where(_imported.c.import_id == import_id, _imported.c.member_id > after)
        .order_by(_imported.c.member_id)
        .limit(BATCH_ROWS)
    )
    return [imported(row) for row in rows]


def _count_left(import_id: int) -> int:
    query = select(func.count()).select_from(_imported)
    return connection().scalar(query.where(_imported.c.import_id == import_id)) or 0


def _forget(import_id: int, rows: Sequence[Imported]) -> None:
    """The rows of a step are those up to its last: it took the first that there were."""
    up_to_last = _imported.c.member_id <= rows[-1].member_id
    connection().execute(delete(_imported).where(_imported.c.import_id == import_id, up_to_last))


def _so_far(import_id: int) -> Undone | None:
    """None where the undo has not begun. Raises `unknown_import`."""
    result = _result(import_id)
    return Undone(**result[UNDONE]) if UNDONE in result else None


def _count(import_id: int, step: Undone) -> None:
    before = _so_far(import_id) or Undone()
    undone = Undone(members=before.members + step.members, kept=before.kept + step.kept)
    result = {**_result(import_id), UNDONE: asdict(undone)}
    connection().execute(update(_imports).where(_imports.c.id == import_id).values(result=result))


def _result(import_id: int) -> dict[str, Any]:
    row = connection().execute(select(_imports.c.result).where(_imports.c.id == import_id)).first()
    if row is None:
        raise Problem(Code.UNKNOWN_IMPORT)
    return row.result or {}
