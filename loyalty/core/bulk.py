"""Many rows in one statement, the same on both databases.

One receipt and a batch of 5,000 take the same path: a batch of one is one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    FromClause,
    Insert,
    Select,
    Table,
    bindparam,
    cast,
    func,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from loyalty.core.db import LostRace, UtcDateTime, connection, db, is_postgresql

Row = dict[str, Any]


def values_table(
    name: str, columns: dict[str, TypeEngine[Any]], rows: Sequence[Sequence[Any]]
) -> FromClause:
    """`rows` as a table to join with, handed over in one parameter per column
    (PostgreSQL) or one JSON document (SQLite)."""
    if is_postgresql():
        arrays = [
            cast(bindparam(f"{name}_{column}", [row[place] for row in rows]), ARRAY(kind))
            for place, (column, kind) in enumerate(columns.items())
        ]
        return func.unnest(*arrays).table_valued(*columns).render_derived(name=name)
    document: BindParameter[str] = bindparam(
        f"{name}_rows", orjson.dumps([list(row) for row in rows]).decode()
    )
    each = func.json_each(document).table_valued("value")
    return select(
        *(
            func.json_extract(each.c.value, f"$[{place}]", type_=kind).label(column)
            for place, (column, kind) in enumerate(columns.items())
        )
    ).subquery(name)


def insert_many(table: Table, rows: Sequence[Row]) -> list[int]:
    """Insert rows of one shape and return their ids, in order.

    A row that breaks a unique index raises, `LostRace` where it is the only one.
    """
    if not rows:
        return []
    if len(rows) == 1:
        made = connection().scalar(_insert_one(table, is_postgresql()), rows[0])
        if made is None:
            raise LostRace
        return [made]
    ids = _allocate_ids(table, len(rows))
    append_many(table, [{"id": row_id, **row} for row_id, row in zip(ids, rows, strict=True)])
    return ids


def append_many(table: Table, rows: Sequence[Row]) -> None:
    """Insert rows whose keys are known: COPY on PostgreSQL, the driver's executemany on
    SQLite. Both take rows as they are, at a fraction of what SQLAlchemy's own way costs."""
    if not rows:
        return
    if len(rows) == 1:
        connection().execute(_insert(table), list(rows))
        return
    names = tuple(rows[0])
    cells = itemgetter(*names)
    writers = _writers(table, names, is_postgresql())
    written = (_written(cells(row), writers) for row in rows)
    if is_postgresql():
        _copy(table, names, written)
    else:
        marks = ", ".join("?" for _ in names)
        # Names of our own tables and columns: values are bound.
        columns = ", ".join(names)
        insert = f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608  # nosec B608
        connection().exec_driver_sql(insert, list(written))


def _copy(table: Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    driver: Any = connection().connection.driver_connection
    copy_in = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(copy_in) as copy:
        for row in rows:
            copy.write_row(row)


Writer = tuple[int, Callable[[Any], Any]]
"""A place in a row, and how its value is written for the driver."""


@lru_cache
def _writers(table: Table, names: Sequence[str], on_postgresql: bool) -> list[Writer]:
    """PostgreSQL's driver knows every type but JSON; SQLite's takes text for times."""
    writers: list[Writer] = []
    for place, name in enumerate(names):
        kind = table.c[name].type
        if on_postgresql and not isinstance(kind, JSON):
            continue
        dialect = db.engine.dialect
        write = kind.dialect_impl(dialect).bind_processor(dialect)
        if write is not None:
            # Times repeat: of recording, of the same receipt in two tables, of expiry.
            repeats = isinstance(kind, UtcDateTime)
            writers.append((place, lru_cache(maxsize=65_536)(write) if repeats else write))
    return writers


def _written(cells: tuple[Any, ...], writers: Sequence[Writer]) -> tuple[Any, ...]:
    if not writers:
        return cells
    row = list(cells)
    for place, write in writers:
        if row[place] is not None:
            row[place] = write(row[place])
    return tuple(row)


def insert_unique(table: Table, source: Select[Any], count: int) -> None:
    """Insert the `count` rows of `source`; raises `LostRace` if any is there already."""
    kind = postgresql.insert if is_postgresql() else sqlite.insert
    names = list(source.selected_columns.keys())
    # SQLite takes ON CONFLICT for a join condition unless a WHERE stands before it.
    insert = kind(table).from_select(names, source.where(true())).on_conflict_do_nothing()
    if len(connection().execute(insert.returning(table.c.id)).all()) < count:
        raise LostRace


@lru_cache
def _insert(table: Table) -> Insert:
    return table.insert()


@lru_cache
def _insert_one(table: Table, on_postgresql: bool) -> ReturningInsert[int]:
    """Says by no row, not by an error, that the row is there: PostgreSQL would write the
    row into its log."""
    insert = postgresql.insert(table) if on_postgresql else sqlite.insert(table)
    return insert.on_conflict_do_nothing().returning(table.c.id)


def _allocate_ids(table: Table, count: int) -> list[int]:
    if is_postgresql():
        rows = connection().execute(
            text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :count)"),
            {"sequence": f"{table.name}_id_seq", "count": count},
        )
        return [row[0] for row in rows]
    # The write transaction keeps others out; AUTOINCREMENT never hands an id out again.
    last = connection().scalar(
        text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
    )
    first = (last or 0) + 1
    return list(range(first, first + count))
