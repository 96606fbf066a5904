"""Idempotency-Key: the same write twice is done once (semantics, Receipts).

The key and its effect are one commit. A refusal rolls both back, so a corrected
request may use the key again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import Response, request
from sqlalchemy import LargeBinary, String, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core import clock
from loyalty.core.codes import fingerprint
from loyalty.core.db import Base, UtcDateTime, db, is_postgresql
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
    if key is None:
        return act()
    _check(key)
    # A caller may put a phone into its key: only the SHA-256 is kept.
    key = fingerprint(key)
    _lock_across_processes(f"{actor} {key}")
    kept = db.session.scalar(select(IdempotencyKey).filter_by(actor=actor, key=key))
    if kept is not None:
        return _replay(kept)
    response = act()
    if response.status_code < 400:
        _keep(actor, key, response)
    return response


def forget_old(now: datetime) -> int:
    """Delete keys past their time; returns how many."""
    result = db.session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT)
    )
    return result.rowcount  # type: ignore[attr-defined]


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
