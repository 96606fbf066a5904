"""The do-not-call list: numbers that no marketing message or call may go to, member or not.

Only a SHA-256 of each number is kept: the list can be asked, and not read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, delete, func, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.bulk import values_table
from loyalty.core.db import UtcDateTime, connection, is_postgresql, sha256_of, table_of
from loyalty.core.limits import PAGE_ROWS
from loyalty.core.logs import mask_digits
from loyalty.core.phone import PhoneNumber
from loyalty.members import dirty, written_phones
from loyalty.members.models import DoNotCall
from loyalty.members.reasons import impersonal
from loyalty.members.rules import DO_NOT_CALL

_PREFIX = "do-not-call:"
"""Keeps what is kept of a number unlike any other hash of it."""

_list = table_of(DoNotCall)


def fingerprint_of(phone: PhoneNumber) -> str:
    """What is kept of a number."""
    return hashlib.sha256(f"{_PREFIX}{phone.e164}".encode()).hexdigest()


def fingerprint_in_sql(e164: ColumnElement[str]) -> ColumnElement[str]:
    """The same, worked out by the database."""
    return sha256_of(literal(_PREFIX, String()) + e164)


def add(phones: Iterable[PhoneNumber], *, source: str) -> int:
    """Put numbers on the list; how many were not on it. `source` says where they are from."""
    phones = set(phones)
    hashes = _fingerprints(phones)
    if not hashes:
        return 0
    source = mask_digits(source)
    added = _insert(hashes, source=source, now=clock.now())
    if added:
        dirty.mark_phones(phones)
        audit.record(DO_NOT_CALL.name, "do_not_call", "list", added=added, source=source)
    return added


def remove(phones: Iterable[PhoneNumber], *, reason: str | None = None) -> int:
    """Take numbers off the list; how many were on it."""
    phones = set(phones)
    hashes = _fingerprints(phones)
    if not hashes:
        return 0
    given = _as_table(hashes)
    removed = connection().execute(
        delete(_list).where(_list.c.phone_hash.in_(select(given.c.phone_hash)))
    )
    if removed.rowcount:
        dirty.mark_phones(phones)
        why = impersonal(reason, about=())
        audit.record(DO_NOT_CALL.name, "do_not_call", "list", reason=why, removed=removed.rowcount)
    return removed.rowcount


def holds(phone: PhoneNumber) -> bool:
    """Whether this number is on the list."""
    query = select(_list.c.phone_hash).filter_by(phone_hash=fingerprint_of(phone))
    return connection().scalar(query) is not None


def count() -> int:
    """How many numbers are on the list."""
    return connection().scalar(select(func.count()).select_from(_list)) or 0


def sources() -> list[dict[str, Any]]:
    """Where the numbers are from: source, numbers, last_added_at; newest first."""
    newest = func.max(_list.c.added_at).label("last_added_at")
    rows = connection().execute(
        select(_list.c.source, func.count().label("numbers"), newest)
        .group_by(_list.c.source)
        .order_by(newest.desc())
        .limit(PAGE_ROWS)
    )
    return [dict(row) for row in rows.mappings()]


def change(*, coming: Sequence[str], leaving: Sequence[str], source: str) -> dict[str, Any]:
    """Add and remove numbers as written: `{added, removed, rejected: [{index, list, code,
    detail}]}`. The list protects people: a number that comes and leaves stays on it."""
    added, not_added = written_phones.read(coming, "add")
    removed, not_removed = written_phones.read(leaving, "remove")
    return {
        "removed": remove({*removed.values()} - {*added.values()}, reason=source),
        "added": add(added.values(), source=source),
        "rejected": [*not_added, *not_removed],
    }


def _fingerprints(phones: Iterable[PhoneNumber]) -> list[str]:
    """Each once, in one order: two writers then wait for each other in one order."""
    return sorted({fingerprint_of(phone) for phone in phones})


def _as_table(hashes: list[str]) -> Any:
    return values_table("given", {"phone_hash": String(64)}, [[each] for each in hashes])


def _insert(hashes: list[str], *, source: str, now: datetime) -> int:
    given = _as_table(hashes)
    rows = select(
        given.c.phone_hash,
        literal(source, String()).label("source"),
        literal(current_actor().label, String()).label("added_by"),
        literal(now, UtcDateTime).label("added_at"),
    )
    kind = postgresql.insert if is_postgresql() else sqlite.insert
    # SQLite takes ON CONFLICT for a join condition unless a WHERE stands before it.
    insert = kind(_list).from_select(list(rows.selected_columns.keys()), rows.where(true()))
    made = insert.on_conflict_do_nothing().returning(_list.c.phone_hash)
    return len(connection().execute(made).all())
