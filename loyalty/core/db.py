"""The database: sessions, the two kinds of transaction, and bulk writes.

Both SQLite (embedded) and PostgreSQL (production) mean the same here. A use case
flushes and never commits: the edge (a request, a command, a job step) opens
`read()` or `transaction()`.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import psycopg
from flask import Flask, current_app, g
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    TypeDecorator,
    event,
    func,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from config import ROOT, Settings
from loyalty.core.errors import Code, Problem

BUSY_SECONDS = 30
POOL_SIZE = 16
"""Connections of one process; more than the server's threads, so nobody waits for one."""

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key: SQLite counts up by itself only for a column of type INTEGER."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table_of(model: type[Base]) -> Table:
    """The table of a model, for Core statements."""
    return cast(Table, model.__table__)


db = SQLAlchemy(model_class=Base)
migrate = Migrate()


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in code; `timestamptz` on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FairLock:
    """First come, first served: `threading.Lock` may let a late comer pass for ever."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


def configure_database(app: Flask, settings: Settings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    if settings.is_sqlite:
        file = Path(settings.database_url.removeprefix("sqlite:///"))
        file.parent.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    # Alembic's batch mode would rebuild tables and drop their triggers: never used.
    migrate.init_app(app, db, render_as_batch=False, directory=str(ROOT / "migrations"))
    app.extensions["write_turn"] = FairLock() if settings.is_sqlite else nullcontext()
    with app.app_context():
        if settings.is_sqlite:
            _prepare_sqlite(db.engine)


def _engine_options(settings: Settings) -> dict[str, Any]:
    # An error's text goes to terminals and logs: without the rows it was about.
    options: dict[str, Any] = {"hide_parameters": True}
    options |= {"pool_size": POOL_SIZE, "max_overflow": POOL_SIZE}
    if settings.is_sqlite:
        options["connect_args"] = {"timeout": BUSY_SECONDS}
    else:
        options["connect_args"] = {
            "options": f"-c timezone=UTC -c lock_timeout={BUSY_SECONDS}s",
            "application_name": "loyalty",
        }
    return options


def _prepare_sqlite(engine: Engine) -> None:
    """SQLAlchemy begins transactions, not the driver, so that a writer can say so first."""

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.create_function("sha256_hex", 1, _sha256_hex, deterministic=True)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _sha256_hex(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def read() -> Iterator[Session]:
    """Only looks. On PostgreSQL every statement sees what is committed by then, in a
    transaction or not: without one, two round trips are saved."""
    session = db.session()
    try:
        if is_postgresql():
            session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session
    finally:
        session.rollback()


def stop_reading() -> None:
    """Within `read()`: from here on transactions may be opened, each of its own."""
    db.session.rollback()


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit on return, roll back on raise.

    SQLite writers queue in order of arrival within the process; another process
    waits up to `BUSY_SECONDS`.
    """
    session = db.session()
    with current_app.extensions["write_turn"]:
        try:
            session.connection(execution_options={"writes": True})
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            g.pop("after_commit", None)
            raise
    for act in g.pop("after_commit", ()):
        act()


def after_commit(act: Callable[[], object]) -> None:
    """Run `act` once this transaction is committed, outside of it; never if it rolls back.
    What it raises reaches the caller although everything is saved: let it raise nothing."""
    g.setdefault("after_commit", []).append(act)


def connection() -> Connection:
    """The transaction's connection. Hot paths run Core statements on it, built once at
    import: the ORM's way costs them twice the time. What was added to the session is
    not seen here before a flush."""
    return db.session.connection()


T = TypeVar("T")

TRIES = 4
_LOST_RACES = {"23505", "40001", "40P01"}
"""PostgreSQL: unique violation, serialization failure, deadlock."""


class LostRace(Exception):
    """What this transaction meant to insert is there already: begin again and look."""


def in_transaction(act: Callable[[], T]) -> T:
    """Run `act` in a transaction of its own; run it again if it lost a race.

    Two writers may both find a phone or a receipt missing and both insert it. A
    unique index lets one through; the other starts again and finds what is there.
    """
    for attempt in range(TRIES):
        g.attempt = attempt
        try:
            with transaction():
                return act()
        except (LostRace, DBAPIError, psycopg.Error) as error:
            if not _lost_race(error):
                raise
        finally:
            g.pop("attempt")
    raise Problem(Code.BUSY, headers={"Retry-After": "1"})


def is_first_attempt() -> bool:
    """Whether nothing was tried before: what is mostly new need not be looked for yet."""
    return g.get("attempt", TRIES) == 0


def _lost_race(error: Exception) -> bool:
    if isinstance(error, LostRace):
        return True
    return sqlstate_of(error) in _LOST_RACES


def sqlstate_of(error: Exception) -> str | None:
    """PostgreSQL's code of an error, which SQLAlchemy wraps and COPY does not."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


def is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


@contextmanager
def by_index() -> Iterator[None]:
    """For lookups of a few rows in large tables within `read()`: PostgreSQL, which guesses how
    many rows a member has far too high where few have most of them, must not read such a table
    whole, nor by several workers. SQLite goes by the index unasked."""
    if not is_postgresql():
        yield
        return
    for setting in ("enable_seqscan = off", "max_parallel_workers_per_gather = 0"):
        connection().execute(text(f"SET {setting}"))
    try:
        yield
    finally:
        for setting in ("enable_seqscan", "max_parallel_workers_per_gather"):
            connection().execute(text(f"RESET {setting}"))


def sha256_of(text: ColumnElement[str]) -> ColumnElement[str]:
    """As lowercase hex, worked out by the database itself."""
    if is_postgresql():
        return func.encode(func.sha256(func.convert_to(text, "UTF8")), "hex")
    return func.sha256_hex(text)


def lock_name(name: str) -> None:
    """Hold `name` until the transaction ends. SQLite's one writer holds everything."""
    if is_postgresql():
        db.session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )
