"""What stands in the tables, to compare before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import func, select, text

from loyalty.core.db import db, read


def row_counts(app: Flask) -> dict[str, int]:
    """How many rows each table holds."""
    with app.app_context(), read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in db.metadata.tables.items()
        }


def scalar(app: Flask, statement: str, **values: Any) -> Any:
    with app.app_context(), read() as session:
        return session.scalar(text(statement), values)


def column(app: Flask, statement: str, **values: Any) -> list[Any]:
    with app.app_context(), read() as session:
        return list(session.scalars(text(statement), values))


def change(app: Flask, statement: str, **values: Any) -> None:
    """Write by hand, in a transaction of its own."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement), values)


@contextmanager
def lots_gone(app: Flask) -> Iterator[None]:
    """The database breaks late in a recording: members and purchases are written by then."""
    change(app, "ALTER TABLE point_lots RENAME TO point_lots_gone")
    try:
        yield
    finally:
        change(app, "ALTER TABLE point_lots_gone RENAME TO point_lots")
