"""Errors: one shape for all, nothing of the inside in them, and nothing saved."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from loyalty.core import db
from loyalty.core.errors import PHONE_CODES, Code, Problem, as_document
from tests.api import Api
from tests.core.rows import change, lots_gone, row_counts
from tests.databases import running_app
from tests.purchases.receipts import balance, buy, problem, send
from tests.shop import make_key, make_store


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_code_has_a_status_and_a_sentence(app):
    with app.test_request_context():
        for code in Code:
            document = as_document(Problem(code))
            assert 400 <= document["status"] < 600
            assert document["detail"].endswith(".")
            assert document["type"] == f"urn:problem:{code}"


def test_phone_codes_are_refusals_of_the_field():
    assert {int(Problem(code).status) for code in PHONE_CODES} == {422}


def test_problem_names_one_field_or_several():
    one = as_document(Problem(Code.UNKNOWN_STORE, field="store", detail="No."))
    assert one["errors"] == {"store": ["No."]}
    several = as_document(Problem(Code.INVALID_REQUEST, errors={"a": ["x"], "b": {0: ["y"]}}))
    assert several["errors"] == {"a": ["x"], "b": {"0": ["y"]}}
    assert "errors" not in as_document(Problem(Code.NOT_FOUND))


def test_crash_tells_nothing_of_itself_and_saves_nothing(app, api, store):
    before = row_counts(app)
    with lots_gone(app):
        answer = send(api, {"Idempotency_Key": "k-1"}, member={"name": "Lê Thu Hằng"})
    problem(answer, 500, "internal_error")
    said = answer.get_data(as_text=True)
    for word in ("912345678", "point_lots", "INSERT", "Error:", "Traceback", "Hằng", "sqlite"):
        assert word not in said
    assert row_counts(app) == before


def test_what_crashed_may_be_sent_again(app, api, store):
    with lots_gone(app):
        problem(send(api, {"Idempotency_Key": "k-1"}), 500, "internal_error")
    assert send(api, {"Idempotency_Key": "k-1"}).status_code == 201


@contextmanager
def somebody_holds_the_members(url: str):
    """Another program keeps the rows that a purchase needs, and does not let go."""
    parsed = make_url(url)
    held: Any
    if parsed.drivername == "sqlite":
        held = sqlite3.connect(str(parsed.database), isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
    else:
        held = psycopg.connect(
            host=str(parsed.query["host"]), user=parsed.username, dbname=parsed.database
        )
        held.execute("SELECT id FROM members FOR UPDATE")
    try:
        yield
    finally:
        held.rollback() if parsed.drivername != "sqlite" else held.execute("ROLLBACK")
        held.close()


def test_busy_database_asks_to_try_again(environ, monkeypatch):
    monkeypatch.setattr(db, "BUSY_SECONDS", 1)
    with running_app(environ) as app:
        make_store(app)
        api = Api(app.test_client(), make_key(app))
        buy(api)
        before = row_counts(app)
        with somebody_holds_the_members(environ["LOYALTY_DATABASE_URL"]):
            answer = send(api, receipt_no="HD-2")
            assert send(api, receipt_no="HD-1").status_code in (200, 503)
            assert api.get("/members", phone="0912345678").status_code == 200
        problem(answer, 503, "busy")
        assert int(answer.headers["Retry-After"]) >= 1
        assert row_counts(app) == before
        assert send(api, receipt_no="HD-2").status_code == 201
        assert balance(api, "0912345678") == 30


def test_health_and_readiness(app, client):
    for path, said in (("/healthz", "ok\n"), ("/readyz", "ready\n")):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (200, said)
    change(app, "DROP TABLE alembic_version")
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
