"""What a database's files still hold after the rows are gone, and how it goes."""

from __future__ import annotations

import random
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from loyalty.core.db import db
from loyalty.jobs import worker
from loyalty.privacy import purge as purging
from loyalty.privacy.jobs import make_up_for_failures
from tests.core.rows import change, column, scalar
from tests.privacy.person import FORMS, make_person, ok
from tests.privacy.traces import sqlite_files, traces

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

MEMBERS = 3_000


def file_of(app) -> Path:
    return Path(app.extensions["settings"].database_url.removeprefix("sqlite:///"))


def years_of_changes(app, dice: random.Random) -> list[int]:
    """Members whose rows grew and shrank, and whom of them an erasure emptied in the end."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            text(
                "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < :top)"
                " INSERT INTO members (id, name, email, source, joined_at) SELECT id,"
                " printf('TRACE%05d', id), printf('%05d', abs(random() % 9999)), 'api',"
                " '2026-01-01 00:00:00' FROM n"
            ),
            {"top": MEMBERS},
        )
    for _ in range(6):
        with app.app_context(), db.engine.begin() as connection:
            for member_id in dice.sample(range(1, MEMBERS + 1), MEMBERS // 2):
                connection.execute(
                    text("UPDATE members SET occupation = :text WHERE id = :id"),
                    {"text": "x" * dice.randint(0, 300), "id": member_id},
                )
    erased = dice.sample(range(1, MEMBERS + 1), MEMBERS // 5)
    with app.app_context(), db.engine.begin() as connection:
        for member_id in erased:
            connection.execute(
                text("UPDATE members SET name = NULL, email = NULL WHERE id = :id"),
                {"id": member_id},
            )
    return erased


def left_of(app, erased: list[int]) -> set[int]:
    content = b"".join(file.read_bytes() for file in sqlite_files(file_of(app)))
    return {member_id for member_id in erased if f"TRACE{member_id:05d}".encode() in content}


@on_sqlite
def test_old_bytes_in_the_free_space_of_pages_go(app):
    """`secure_delete` and a checkpoint alone leave some: rows that moved when pages split."""
    for seed in range(8):
        change(app, "DELETE FROM members")
        erased = years_of_changes(app, random.Random(seed))
        with sqlite3.connect(file_of(app)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if left_of(app, erased):
            break
    else:
        pytest.fail("no bytes were left over: is VACUUM still needed?")
    with app.app_context():
        purging.purge()
    assert left_of(app, erased) == set()
    assert scalar(app, "SELECT count(*) FROM members") == MEMBERS


@on_sqlite
def test_purge_waits_for_a_reader_to_end(app, api, store):
    member_id = make_person(app, api)
    reader = sqlite3.connect(file_of(app), isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM members").fetchone()
    ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))
    timer = threading.Timer(1.5, reader.close)
    timer.start()
    with app.app_context():
        assert worker.run_waiting(worker="test") == 1
    timer.join()
    assert scalar(app, "SELECT state FROM jobs") == "done"
    assert traces(app, FORMS) == set()


@on_postgresql
def test_purge_gives_up_on_a_reader_that_stays_and_says_so(app, api, store):
    member_id = make_person(app, api)
    with app.app_context(), db.engine.connect() as reader:
        reader.execution_options(isolation_level="REPEATABLE READ")
        reader.execute(text("SELECT count(*) FROM members"))
        ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))
        with pytest.raises(purging.StillRead):
            purging.purge(patience_seconds=0.3)
    with app.app_context():
        purging.purge(patience_seconds=5)
    dead = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'member_phones'"
    assert scalar(app, "SELECT pg_stat_force_next_flush()") is not None
    assert scalar(app, dead) == 0


def test_purge_that_failed_is_queued_again_by_the_clock(app, api, store, monkeypatch):
    member_id = make_person(app, api)
    ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))

    def refuse() -> None:
        raise purging.StillRead

    with app.app_context():
        with monkeypatch.context() as broken:
            broken.setattr("loyalty.privacy.jobs.purge", refuse)
            worker.run_waiting(worker="test")
        assert column(app, "SELECT error FROM jobs") == ["StillRead"]
        assert make_up_for_failures()
        assert worker.run_waiting(worker="test") == 1
        assert not make_up_for_failures()
    assert column(app, "SELECT state FROM jobs ORDER BY id") == ["failed", "done"]
    assert traces(app, FORMS) == set()
