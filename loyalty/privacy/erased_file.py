"""Who was erased, kept outside the database: what to erase again after a restore.

One JSON line per erasure in `<data_dir>/erased.jsonl`: member_id, joined_at, erased_at, and
no personal value. The database is asked what is missing in it, so that a process which died
between commit and line loses nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from loyalty.core.db import connection, read, table_of
from loyalty.core.logs import log
from loyalty.members.models import Member

Key = tuple[int, str]
"""(member id, joined_at): after a restore an id made since the backup is given again, to
somebody else who joined at another time."""

_members = table_of(Member)


def path() -> Path:
    return Path(current_app.extensions["settings"].data_dir) / "erased.jsonl"


def catch_up() -> int:
    """Append who is erased in the database and not in the file; returns how many. Opens a
    transaction of its own."""
    with _locked() as file:
        known = set(_keys(file))
        missing = [
            line for line in _erased() if (line["member_id"], line["joined_at"]) not in known
        ]
        if missing:
            _append(file, missing)
    return len(missing)


def catch_up_quietly() -> None:
    """After a commit nothing may be refused any more: the scheduler tries again."""
    try:
        catch_up()
    except Exception as error:
        log.error("privacy.erased_file", error=type(error).__name__)


def everybody() -> list[Key]:
    """Everybody in the file, each once."""
    with _locked() as file:
        return list(dict.fromkeys(_keys(file)))


def key_of(row: object) -> Key:
    """Of a row of `members`, as it stands in the file."""
    return row.id, row.joined_at.isoformat()  # type: ignore[attr-defined]


def _erased() -> list[dict[str, object]]:
    query = select(_members.c.id, _members.c.joined_at, _members.c.erased_at)
    with read():
        rows = connection().execute(
            query.where(_members.c.erased_at.is_not(None)).order_by(_members.c.erased_at)
        )
        return [
            {
                "member_id": row.id,
                "joined_at": row.joined_at.isoformat(),
                "erased_at": row.erased_at.isoformat(),
            }
            for row in rows
        ]


@contextmanager
def _locked() -> Iterator[int]:
    """The open file; processes take turns."""
    path().parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path(), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _keys(file: int) -> Iterator[Key]:
    """A line that was cut off by a crash is none: it is written again."""
    for line in _content(file).splitlines():
        try:
            said = json.loads(line)
            yield int(said["member_id"]), str(said["joined_at"])
        except (ValueError, KeyError, TypeError):
            continue


def _content(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)


def _append(file: int, lines: list[dict[str, object]]) -> None:
    written = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    before = _content(file)
    os.write(file, written if before[-1:] in (b"", b"\n") else b"\n" + written)
    os.fsync(file)
