"""An installation in use is brought up to date with what it holds."""

from __future__ import annotations

import hashlib

import flask_migrate
import pytest
from sqlalchemy import text

from loyalty.core.db import db
from tests.databases import environment, running_app

NOW = "2026-11-22 03:00:00"


@pytest.fixture(params=["sqlite", "postgresql"])
def first_release(request, tmp_path):
    """An app whose database is at the first revision."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/old.db"
    else:
        server = request.getfixturevalue("postgres_server")
        name = f"old_{request.getfixturevalue('worker_name')}"
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        url = server.url(name)
    with running_app(environment(url, tmp_path)) as app, app.app_context():
        flask_migrate.upgrade(revision="0001")
        yield app


def write(statement: str, **values: object) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(statement), values)


def read(statement: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_people_and_what_they_did_stay(first_release):
    write(
        "INSERT INTO staff_users (login, name, role, is_owner, password_hash, session_version,"
        " active, created_at) VALUES ('tram', 'Bảo Trâm', 'manager', true, 'x', 3, true, :now)",
        now=NOW,
    )
    write(
        "INSERT INTO audit_events (at, actor, action, object_kind, object_id)"
        " VALUES (:now, 'person:1', 'store.create', 'store', 'S01')",
        now=NOW,
    )
    flask_migrate.upgrade()
    assert read("SELECT login, must_change_password, pin_hash FROM staff_users") == [
        ("tram", False, None)
    ]
    assert read("SELECT action, store_id FROM audit_events") == [("store.create", None)]


def test_keys_of_requests_are_kept_as_hashes(first_release):
    write(
        "INSERT INTO idempotency_keys (actor, key, request_hash, status, content_type, body,"
        " created_at) VALUES ('key:1', '0912345678-1', 'x', 201, 'application/json', :body, :now)",
        body=b"{}",
        now=NOW,
    )
    flask_migrate.upgrade()
    hashed = hashlib.sha256(b"0912345678-1").hexdigest()
    assert read("SELECT actor, key FROM idempotency_keys") == [("key:1", hashed)]


def test_members_of_before_are_looked_at_by_tags_and_known_to_live_in_a_town(first_release):
    for district in ("Phường Bến Thành", "Xã Tân Nhựt", None):
        write(
            "INSERT INTO members (points, debt, source, joined_at, district)"
            " VALUES (0, 0, 'purchase', :now, :district)",
            now=NOW,
            district=district,
        )
    flask_migrate.upgrade()
    assert read("SELECT urban FROM members ORDER BY id") == [(True,), (False,), (None,)]
    assert read("SELECT member_id FROM dirty ORDER BY id") == read("SELECT id FROM members")
