"""After an erasure: what the database's own files still hold of rows that are gone.

SQLite moves rows between pages and leaves old bytes in their free space, which
`secure_delete` does not reach (seen by a scan of the file): VACUUM writes the file anew,
and a checkpoint empties the write-ahead log. PostgreSQL keeps old versions of a row until
VACUUM takes them out. What backups, archives and replicas hold is told in the README.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import current_app
from sqlalchemy import Connection, text

from loyalty.core.db import db, is_postgresql
from loyalty.privacy.register import REGISTER, AtErasure

PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 0.2


class StillRead(Exception):
    """Somebody still looks at the state from before: another purge has to follow."""


def purge(*, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Take place outside of every transaction. Raises `StillRead`."""
    db.session.rollback()
    if is_postgresql():
        _purge_postgresql(patience_seconds)
    else:
        with current_app.extensions["write_turn"]:
            _purge_sqlite(patience_seconds)


def _purge_sqlite(patience_seconds: float) -> None:
    borrowed = db.engine.raw_connection()
    try:
        connection = borrowed.driver_connection
        assert connection is not None  # noqa: S101  # nosec B101  # for the types
        connection.execute("VACUUM")
        # While a reader holds on to the log of before, the checkpoint says busy.
        _wait_until(
            lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0,
            patience_seconds,
        )
    finally:
        borrowed.close()


def _purge_postgresql(patience_seconds: float) -> None:
    tables = sorted(
        name for name, holding in REGISTER.items() if holding.at_erasure is not AtErasure.STAYS
    )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        began = connection.scalar(text("SELECT clock_timestamp()"))
        # VACUUM keeps what a transaction from before may still look at.
        _wait_until(lambda: not _older_transactions(connection, began), patience_seconds)
        connection.execute(text(f"VACUUM {', '.join(tables)}"))


def _older_transactions(connection: Connection, began: object) -> int:
    return (
        connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND xact_start < :began"
                " AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)"
            ),
            {"began": began},
        )
        or 0
    )


def _wait_until(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise StillRead
        time.sleep(_PAUSE_SECONDS)
