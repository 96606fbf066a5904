"""Whom an import made or changed, and what stood there before: what an undo needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Integer, Select, delete, func, select, tuple_

from loyalty.core.bulk import append_many, values_table
from loyalty.core.db import connection, in_transaction, table_of
from loyalty.core.limits import BATCH_ROWS, UNDO_DAYS
from loyalty.imports.built_upon import built_upon, imported
from loyalty.imports.models import ImportedMember, MemberImport
from loyalty.members.consents_in_file import Given
from loyalty.members.joining import MOMENTS, Crowd
from loyalty.members.joining_rules import Account, as_json

_imported = table_of(ImportedMember)
_imports = table_of(MemberImport)
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a step did: the members it `made`, whom it put into which groups, whose consents it
    changed and what stood before, and the entries of opening balances by member."""

    made: Sequence[Account]
    tags: Mapping[int, BitMap]
    consents: Given
    entries: Mapping[int, int]


def look_for_spoilt(import_id: int, crowd: Crowd) -> set[int]:
    """Of the members whom an earlier step of the same import changed those on whom something
    was built since. Asked before a step writes: what it writes hides that."""
    if not crowd.held:
        return set()
    rows = [imported(row) for row in connection().execute(_rows(import_id, crowd.held))]
    return built_upon(import_id, rows) if rows else set()


def remember(
    import_id: int, crowd: Crowd, done: Done, *, spoilt: Collection[int], now: datetime
) -> None:
    """Of somebody whom an earlier step of the same import changed, what stood before that."""
    made = {account.id for account in done.made}
    before = {
        account.id: as_json({**account.before, **{name: account.known[name] for name in MOMENTS}})
        for account in crowd.accounts.values()
        if account.before and account.id not in made
    }
    given = _given(done, touched=made | before.keys(), now=now)
    earlier = _take(import_id, given.keys() - made)
    rows = []
    for member_id in sorted(given):
        row = {
            "import_id": import_id,
            "member_id": member_id,
            "created": member_id in made,
            "before": before.get(member_id),
            "given": given[member_id],
        }
        if member_id in earlier:
            row = _after(earlier[member_id], row, is_spoilt=member_id in spoilt)
        rows.append(row)
    append_many(_imported, rows)


def _given(done: Done, *, touched: Collection[int], now: datetime) -> dict[int, dict[str, Any]]:
    """Member id -> when it was, and what came beside the profile."""
    at = now.isoformat()
    given: dict[int, dict[str, Any]] = {member_id: {"at": at} for member_id in touched}
    for group_id, members in done.tags.items():
        for member_id in members:
            given.setdefault(member_id, {"at": at}).setdefault("tags", []).append(group_id)
    for member_id, before in done.consents.before.items():
        given.setdefault(member_id, {"at": at})["consents"] = before
    for member_id, entry_id in done.entries.items():
        given.setdefault(member_id, {"at": at})["entry"] = entry_id
    return given


def _take(import_id: int, member_ids: Collection[int]) -> dict[int, Row]:
    """The rows of these members, out of the table: they are written again."""
    if not member_ids:
        return {}
    rows = connection().execute(_rows(import_id, member_ids)).mappings().all()
    if rows:
        connection().execute(delete(_imported).where(*_of(import_id, member_ids)))
    return {row["member_id"]: dict(row) for row in rows}


def _rows(import_id: int, member_ids: Collection[int]) -> Select[Any]:
    return select(_imported).where(*_of(import_id, member_ids))


def _of(import_id: int, member_ids: Collection[int]) -> tuple[Any, Any]:
    asked = values_table("asked", {"id": Integer()}, [[each] for each in sorted(member_ids)])
    return _imported.c.import_id == import_id, _imported.c.member_id.in_(select(asked.c.id))


def _after(earlier: Row, row: Row, *, is_spoilt: bool) -> Row:
    """The two as one: what stood before the first, and when the second was."""
    new, old = row["given"], earlier["given"]
    given = {
        "since": old["at"],
        "spoilt": is_spoilt,
        **new,
        **old,
        "at": new["at"],
        "tags": [*old.get("tags", ()), *new.get("tags", ())],
        "consents": {**new.get("consents", {}), **old.get("consents", {})},
    }
    before = {**(row["before"] or {}), **(earlier["before"] or {})}
    return {
        **earlier,
        "before": None if earlier["created"] else before or None,
        "given": {name: value for name, value in given.items() if value},
    }


def forget_old(*, now: datetime) -> int:
    """What no undo will be asked for any more, step by step; returns how many rows."""
    forgotten = 0
    while done := in_transaction(lambda: _forget_some(now - timedelta(days=UNDO_DAYS))):
        forgotten += done
    return forgotten


def _forget_some(before: datetime) -> int:
    ended = func.coalesce(_imports.c.imported_at, _imports.c.created_at)
    some = (
        select(_imported.c.import_id, _imported.c.member_id)
        .join(_imports, _imports.c.id == _imported.c.import_id)
        .where(ended < before)
        .limit(BATCH_ROWS)
    )
    key = tuple_(_imported.c.import_id, _imported.c.member_id)
    return connection().execute(delete(_imported).where(key.in_(some))).rowcount
