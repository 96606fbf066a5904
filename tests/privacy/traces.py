"""Where a person is still to be found: in the bytes of files, in every cell of every table.

`forms_of(...)` are the ways in which a value may be written; `traces(app, forms)` names each
place that holds one. Anything that promises an erasure can be held to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from loyalty.core.db import db
from loyalty.core.phone import PhoneNumber
from loyalty.members.rules import fold


def forms_of(
    *, phones: Iterable[str] = (), words: Iterable[str] = (), dates: Iterable[str] = ()
) -> set[str]:
    """Phones in E.164, as digits, as their country writes them; words (names, addresses) as
    they are, folded, and as JSON escapes them; ISO dates."""
    forms = set(dates)
    for e164 in phones:
        national = PhoneNumber(e164).national
        bare = "".join(filter(str.isdigit, national))
        forms |= {e164, e164[1:], national, bare, bare.removeprefix("0")}
    for word in words:
        for written in (word, word.lower(), word.upper(), fold(word)):
            forms |= {written, json.dumps(written)[1:-1]}
    return forms


def traces(app: Flask, forms: set[str], *, also: Iterable[Path] = ()) -> set[tuple[str, str]]:
    """(place, form) for all that is found: the database, the data folder, and `also`."""
    settings = app.extensions["settings"]
    files = [*_files_within(settings.data_dir), *also]
    found = set(_in_files(files, forms))
    if settings.is_sqlite:
        file = Path(settings.database_url.removeprefix("sqlite:///"))
        found |= set(_in_files(sqlite_files(file), forms))
    return found | set(_in_tables(app, forms))


def sqlite_files(file: Path) -> list[Path]:
    """The database, its write-ahead log and the log's index."""
    return [Path(f"{file}{end}") for end in ("", "-wal", "-shm") if Path(f"{file}{end}").exists()]


def in_text(written: str, forms: set[str]) -> set[str]:
    """For log lines and answers."""
    return {form for form in forms if form in written}


def _files_within(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _in_files(files: Iterable[Path], forms: set[str]) -> Iterator[tuple[str, str]]:
    for file in files:
        content = file.read_bytes()
        for form in forms:
            if form.encode() in content:
                yield file.name, form


def _in_tables(app: Flask, forms: set[str]) -> Iterator[tuple[str, str]]:
    """Every column of every table that is there, not only of those the service knows."""
    looked_for = [(form, form.encode()) for form in forms]
    with app.app_context(), db.engine.connect() as connection:
        for table in _tables(connection):
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                cells = b"\n".join(map(_as_bytes, row))
                yield from ((table, form) for form, written in looked_for if written in cells)


def _tables(connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    else:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    return list(connection.scalars(text(names)))


def _as_bytes(cell: object) -> bytes:
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return bytes(cell)
    if isinstance(cell, (dict, list)):
        return json.dumps(cell, ensure_ascii=False).encode()
    return str(cell).encode()
