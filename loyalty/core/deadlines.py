"""Looking up what may take too long."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from loyalty.core.db import connection, db, is_postgresql, sqlstate_of
from loyalty.core.errors import Code, Problem


@contextmanager
def within_seconds(seconds: float) -> Iterator[None]:
    """What is looked up within may take so long, on PostgreSQL each statement by itself; then
    it raises `took_too_long`, and a transaction that it stands in goes on. Not for writing:
    SQLite undoes the whole transaction of a write that it stops."""
    limited = _limited_postgresql if is_postgresql() else _limited_sqlite
    try:
        with limited(seconds):
            yield
    except (DBAPIError, psycopg.Error, sqlite3.Error) as error:
        if not _was_stopped(error):
            raise
        raise Problem(Code.TOOK_TOO_LONG) from None


@contextmanager
def _limited_postgresql(seconds: float) -> Iterator[None]:
    driver: Any = connection().connection.driver_connection
    # A statement that is stopped breaks its transaction, but for what a savepoint undoes.
    undone = nullcontext() if driver.autocommit else db.session.begin_nested()
    with undone:
        connection().execute(text(f"SET statement_timeout = {round(seconds * 1000)}"))
        try:
            yield
        finally:
            if driver.info.transaction_status != TransactionStatus.INERROR:
                connection().execute(text("RESET statement_timeout"))


@contextmanager
def _limited_sqlite(seconds: float) -> Iterator[None]:
    driver: Any = connection().connection.driver_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, _SQLITE_STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


_SQLITE_STEPS = 10_000
"""Of SQLite's machine, between two looks at the clock: well under a millisecond."""


def _was_stopped(error: Exception) -> bool:
    cause = getattr(error, "orig", error)
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return sqlstate_of(error) == _QUERY_CANCELED


_QUERY_CANCELED = "57014"
