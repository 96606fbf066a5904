"""Idempotency-Key: the same write twice is done once (semantics, Receipts).

The key and its effect are one commit. A refusal rolls both back, so a corrected
request may use the key again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request
from sqlalchemy import LargeBinary, String, delete, func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core import clock
from loyalty.core.codes import fingerprint
from loyalty.core.db import Base, UtcDateTime, connection, db, is_postgresql, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import IDEMPOTENCY_KEY_LENGTH

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(days=30)


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"

    actor: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(IDEMPOTENCY_KEY_LENGTH), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    content_type: Mapped[str] = mapped_column(String(100))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


_running: set[str] = set()
_running_guard = threading.Lock()


@contextmanager
def running() -> Iterator[None]:
    """Mark this request's key as being worked on in this process.

    Stands outside the transaction: on SQLite a second request would otherwise
    wait for the first one's commit instead of hearing that it still runs.
    """
    key = request.headers.get(HEADER)
    if key is None:
        yield
        return
    mark = fingerprint(f"{request.headers.get('Authorization', '')} {key}")
    with _running_guard:
        if mark in _running:
            raise Problem(Code.IDEMPOTENCY_IN_PROGRESS, headers={"Retry-After": "1"})
        _running.add(mark)
    try:
        yield
    finally:
        with _running_guard:
            _running.discard(mark)


def answer_once(actor: str, act: Callable[[], Response]) -> Response:
    """Run `act`, or give the answer it gave before under the same key."""
    key = request.headers.get(HEADER)
    # A look that is logged changes nothing worth an answer of its own, and what it shows of
    # a person must not outlive an erasure that happens meanwhile.
    if key is None or request.method in ("GET", "HEAD"):
        return act()
    _check(key)
    # A caller may put a phone into its key: only the SHA-256 is kept.
    key = fingerprint(key)
    _lock_across_processes(f"{actor} {key}")
    kept = db.session.scalar(select(IdempotencyKey).filter_by(actor=actor, key=key))
    if kept is not None:
        return _replay(kept)
    response = act()
    # Pages are made anew: in a kept one nobody finds what an erasure has to take out.
    if response.status_code < 400 and (response.is_json or not response.get_data()):
        _keep(actor, key, response)
    return response


def comes_first(actor: str, fields: Sequence[tuple[str, str]]) -> bool:
    """Whether a form, as it is, was not sent before: False where the button was pressed twice.

    Each page gives its form a random field, so that no two pages send the same. Whoever presses
    meanwhile waits, and comes first where this one is refused.
    """
    sent = fingerprint(f"{request.path}\n{urlencode(fields)}")
    row = {
        "actor": actor,
        "key": fingerprint(f"form {sent}"),
        "request_hash": sent,
        "status": HTTPStatus.SEE_OTHER,
        "content_type": "",
        "body": b"",
        "created_at": clock.now(),
    }
    kind = postgresql.insert if is_postgresql() else sqlite.insert
    keys = table_of(IdempotencyKey)
    insert = kind(keys).values(row).on_conflict_do_nothing().returning(keys.c.key)
    return connection().scalar(insert) is not None


def forget_old(now: datetime) -> int:
    """Delete keys past their time; returns how many."""
    result = db.session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT)
    )
    return result.rowcount  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What tells a person in kept answers: a phone by itself, words only where they stand
    beside the member's id, since two people may share a name or a birth date."""

    member_id: int
    phones: Collection[str]
    words: Collection[str]
    fields: Collection[str]
    """The names of what is emptied where the person is found."""


def forget_person(traces: Traces) -> int:
    """Take a person out of the answers kept: a retry still gets its answer, without them.
    Returns how many were changed."""
    needles = [phone.encode() for phone in traces.phones]
    needles += [orjson.dumps(word) for word in traces.words]
    if not needles:
        return 0
    within = func.pg_catalog.position if is_postgresql() else func.instr
    holds = or_(*(within(IdempotencyKey.body, needle) > 0 for needle in needles))
    changed = 0
    for kept in db.session.scalars(select(IdempotencyKey).where(holds)):
        without = orjson.dumps(_without(orjson.loads(kept.body), traces))
        changed += without != kept.body
        kept.body = without
    # Flush: what stands in the table is what the erasure is judged by.
    db.session.flush()
    return changed


def _without(value: Any, traces: Traces) -> Any:
    if isinstance(value, list):
        return [_without(each, traces) for each in value]
    if isinstance(value, str):
        return None if any(phone in value for phone in traces.phones) else value
    if not isinstance(value, dict):
        return value
    emptied = traces.fields if _is_about(value, traces) else ()
    return {
        name: None if name in emptied else _without(each, traces) for name, each in value.items()
    }


def _is_about(value: dict[str, Any], traces: Traces) -> bool:
    texts = [each for each in value.values() if isinstance(each, str)]
    if any(phone in text for phone in traces.phones for text in texts):
        return True
    is_its_row = traces.member_id in (value.get("id"), value.get("member_id"))
    return is_its_row and any(text in traces.words for text in texts)


def _check(key: str) -> None:
    if not (0 < len(key) <= IDEMPOTENCY_KEY_LENGTH and key.isascii() and key.isprintable()):
        raise Problem(
            Code.INVALID_REQUEST, errors={HEADER: ["1 to 255 printable ASCII characters."]}
        )


def _lock_across_processes(name: str) -> None:
    if not is_postgresql():
        return
    free = db.session.scalar(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 1))"), {"name": name}
    )
    if not free:
        raise Problem(Code.IDEMPOTENCY_IN_PROGRESS, headers={"Retry-After": "1"})


def _request_hash() -> str:
    head = f"{request.method} {request.path}\n".encode()
    return fingerprint(head + request.get_data())


def _replay(kept: IdempotencyKey) -> Response:
    if kept.request_hash != _request_hash():
        raise Problem(Code.IDEMPOTENCY_MISMATCH)
    response = Response(kept.body, status=kept.status, content_type=kept.content_type)
    response.headers[REPLAYED] = "true"
    return response


def _keep(actor: str, key: str, response: Response) -> None:
    db.session.add(
        IdempotencyKey(
            actor=actor,
            key=key,
            request_hash=_request_hash(),
            status=response.status_code,
            content_type=response.content_type or "",
            body=response.get_data(),
            created_at=clock.now(),
        )
    )
