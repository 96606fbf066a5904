"""The database itself keeps the ledger as it was written, against a hand at its own prompt."""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from loyalty.core.db import db
from tests.core.rows import column
from tests.points.spending import spend
from tests.purchases.receipts import buy

TABLES = {
    "point_entries": "id",
    "lot_allocations": "entry_id, lot_id",
    "audit_events": "id",
    "earning_rules": "version",
}


@pytest.fixture
def by_hand(database_url, app, api, store):
    """A connection beside the service's, and rows in every table that may not change."""
    buy(api)
    spend(app, 1, 5)
    url = make_url(database_url)
    connection: Any
    if url.drivername == "sqlite":
        # Without the pragmas that the service sets on its own, as any shell opens it.
        connection = sqlite3.connect(str(url.database))
    else:
        connection = psycopg.connect(
            host=str(url.query["host"]),
            user=url.username,
            dbname=url.database,
            autocommit=True,
        )
    yield connection
    connection.close()


def everything(app, table):
    name = "at" if table == "audit_events" else "points"
    return column(app, f"SELECT {name} FROM {table} ORDER BY 1")


def attempts(table: str, key: str, database: str) -> list[str]:
    """Every way to change or lose a row."""
    first = key.partition(",")[0]
    copy = f"INSERT INTO {table} SELECT * FROM {table}"
    written = [
        f"UPDATE {table} SET {first} = {first}",
        f"UPDATE {table} SET {first} = {first} + 100",
        f"DELETE FROM {table}",
        f"DELETE FROM {table} WHERE {first} > 0",
        f"{copy} WHERE true ON CONFLICT ({key}) DO UPDATE SET {first} = excluded.{first}",
    ]
    if database == "sqlite":
        replaced = copy.replace("INSERT", "INSERT OR REPLACE")
        return [*written, replaced, replaced.replace("INSERT OR ", "")]
    merged = f"MERGE INTO {table} t USING {table} s ON t.{first} = s.{first} WHEN MATCHED THEN"
    return [*written, f"TRUNCATE {table} CASCADE", f"{merged} DELETE"]


@pytest.mark.parametrize(("table", "key"), TABLES.items())
def test_no_hand_changes_or_removes_a_row(database_url, app, by_hand, table, key):
    before = everything(app, table)
    assert before
    for statement in attempts(table, key, make_url(database_url).drivername):
        with pytest.raises(
            (sqlite3.DatabaseError, psycopg.DatabaseError), match=f"{table} is insert-only"
        ):
            by_hand.execute(statement)
    by_hand.rollback()
    assert everything(app, table) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_service_keeps_what_its_guards_need_on_every_connection(app):
    """Without `recursive_triggers` a REPLACE would delete and fire no trigger."""
    with app.app_context(), db.engine.connect() as connection:
        for pragma in ("recursive_triggers", "foreign_keys", "secure_delete"):
            assert connection.scalar(text(f"PRAGMA {pragma}")) == 1
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
