"""One at a time, over any number of transactions and processes."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app
from sqlalchemy import text

from loyalty.core.db import FairLock, db, is_postgresql

_WAIT_FOR_EVER = text("SET LOCAL lock_timeout = 0")
_TAKE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_TAKE_IF_FREE = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One thread of one process at a time goes on here, for as long as it takes; the others
    wait, first come, first served. What it holds ends with it: a process that was killed
    leaves nothing behind."""
    if is_postgresql():
        with db.engine.begin() as holder:
            holder.execute(_WAIT_FOR_EVER)
            holder.execute(_TAKE, {"name": name})
            yield
    else:
        # Not by a transaction: SQLite's other writers would wait for whoever only looks.
        folder: Path = current_app.extensions["settings"].data_dir
        folder.mkdir(parents=True, exist_ok=True)
        turns: dict[str, FairLock] = current_app.extensions.setdefault("turns", {})
        with turns.setdefault(name, FairLock()), (folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def takes_turn(name: str) -> bool:
    """Whether nobody is in `alone` by this name; then nobody comes in before this transaction
    ends. SQLite's writer need not ask: nobody else writes until then."""
    return not is_postgresql() or bool(db.session.scalar(_TAKE_IF_FREE, {"name": name}))
