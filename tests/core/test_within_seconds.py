"""A limit on how long the database may look for something."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from loyalty.core.db import connection, is_postgresql, read, transaction
from loyalty.core.deadlines import within_seconds
from loyalty.core.errors import Code, Problem
from tests.core.rows import scalar

COUNT_TO = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last) "
    "SELECT max(i) FROM n"
)
ENDLESS, LONG = 1_000_000_000, 100_000
STORES = "SELECT count(*) FROM stores"
LIMIT = 0.1
SOON = 5


def look_for_ever() -> None:
    began = time.monotonic()
    with pytest.raises(Problem) as why, within_seconds(LIMIT):
        connection().execute(text(COUNT_TO), {"last": ENDLESS})
    assert why.value.code is Code.TOOK_TOO_LONG
    assert time.monotonic() - began < SOON


def test_reader_is_stopped_and_may_go_on_reading(app: Flask):
    with app.app_context(), read():
        look_for_ever()
        assert connection().scalar(text(STORES)) == 0


def test_transaction_that_was_stopped_keeps_what_it_wrote_before(app: Flask):
    code = "INSERT INTO leases (name, holder, leased_until) VALUES (:name, 'h', '2026-01-01')"
    with app.app_context(), transaction():
        connection().execute(text(code), {"name": "before"})
        look_for_ever()
        connection().execute(text(code), {"name": "after"})
    assert scalar(app, "SELECT count(*) FROM leases") == 2


@pytest.mark.parametrize("entered", [read, transaction])
def test_limit_ends_where_it_was_set(app: Flask, entered):
    with app.app_context(), entered():
        with within_seconds(LIMIT):
            assert connection().scalar(text(STORES)) == 0
        time.sleep(LIMIT)
        assert connection().scalar(text(COUNT_TO), {"last": LONG}) == LONG
        if is_postgresql():
            assert connection().scalar(text("SHOW statement_timeout")) == "0"


def test_other_errors_are_not_taken_for_it(app: Flask):
    expected = pytest.raises(DBAPIError, match="nowhere")
    with app.app_context(), read(), expected, within_seconds(LIMIT):
        connection().execute(text("SELECT 1 FROM nowhere"))
