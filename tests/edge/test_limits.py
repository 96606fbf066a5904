"""Rate limits of API calls: by key and by address, counted in memory, held across processes."""

from __future__ import annotations

import http.client
import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from loyalty.core import clock, throttle
from loyalty.core.db import db, in_transaction, read
from loyalty.core.errors import Problem
from loyalty.core.limits import SERVER_THREADS
from loyalty.core.tally import (
    CALLS_OF_A_KEY,
    SUBJECTS,
    WRONG_KEYS,
    Tally,
)
from loyalty.core.throttle import Limit, neighbourhood
from tests.core.rows import column
from tests.databases import environment, running_app
from tests.live import LiveServer, serving
from tests.shop import make_key

PATH = "/api/v1/members?phone=0912345678"


@pytest.fixture
def limited(database_url, tmp_path):
    """An app whose limits are on."""
    with running_app(environment(database_url, tmp_path, rate_limits="on")) as app:
        app.config["TESTING"] = True
        yield app


def call(app, key: str, address: str = "203.0.113.9"):
    headers = {"Authorization": f"Bearer {key}"}
    return app.test_client().get(PATH, headers=headers, environ_base={"REMOTE_ADDR": address})


def assert_refused(answer) -> None:
    assert answer.status_code == 429
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "too_many_requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_wrong_keys_cost_their_address_its_turn_and_nobody_elses(limited):
    right = make_key(limited)
    for _ in range(WRONG_KEYS.hits):
        assert call(limited, "loy_wrong").status_code == 401
    assert_refused(call(limited, "loy_wrong"))
    assert_refused(call(limited, "loy_another_wrong"))
    assert call(limited, right).status_code == 200
    assert call(limited, "loy_wrong", address="203.0.113.10").status_code == 401


def test_a_call_without_a_key_is_not_a_wrong_key(limited):
    for _ in range(WRONG_KEYS.hits + 1):
        assert limited.test_client().get(PATH).status_code == 401


def test_a_window_ends(limited, monkeypatch):
    for _ in range(WRONG_KEYS.hits):
        call(limited, "loy_wrong")
    answer = call(limited, "loy_wrong")
    assert_refused(answer)
    later = clock.now() + timedelta(seconds=int(answer.headers["Retry-After"]) + 1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert call(limited, "loy_wrong").status_code == 401


@pytest.fixture
def few_calls(limited, monkeypatch):
    """The limit of a key brought down to what a test can use up."""
    limit = Limit(name="calls", hits=20, seconds=60)
    tallies = limited.extensions["tallies"]
    monkeypatch.setitem(
        limited.extensions, "tallies", type(tallies)(Tally(limit), tallies.wrong_keys)
    )
    return limited


def test_a_key_has_its_limit_from_wherever_it_calls(few_calls):
    key, other = make_key(few_calls), make_key(few_calls)
    for number in range(20):
        assert call(few_calls, key, address=f"203.0.113.{number}").status_code == 200
    assert_refused(call(few_calls, key, address="203.0.113.99"))
    assert call(few_calls, other).status_code == 200


def test_a_refused_write_writes_nothing(few_calls):
    key = make_key(few_calls)
    for _ in range(20):
        call(few_calls, key)
    refused = few_calls.test_client().post(
        "/api/v1/members", json={"phone": "0912345678"}, headers={"Authorization": f"Bearer {key}"}
    )
    assert_refused(refused)
    assert column(few_calls, "SELECT id FROM members") == []


def test_no_call_costs_a_statement_until_a_share_is_used(limited):
    key = make_key(limited)
    call(limited, key)
    statements: list[str] = []
    with limited.app_context():
        engine = db.engine

    def note(_conn, _cursor, statement, *_) -> None:
        if "rate_windows" in statement:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    share = CALLS_OF_A_KEY.hits // 50
    for _ in range(share - 2):
        call(limited, key)
    assert statements == []
    call(limited, key)
    assert len(statements) == (0 if limited.extensions["settings"].is_sqlite else 1)


def test_limits_that_are_off_count_nothing(app):
    for _ in range(WRONG_KEYS.hits + 1):
        assert call(app, "loy_wrong").status_code == 401


def test_memory_stays_bounded_whoever_calls(limited):
    tally = Tally(WRONG_KEYS)
    with limited.test_request_context():
        for number in range(SUBJECTS + 100):
            tally.spend(f"subject {number}")
    assert len(tally._windows) == SUBJECTS


def test_threads_of_one_process_count_together(limited):
    tally = Tally(Limit(name="t", hits=100, seconds=60))

    def spend(_: int) -> bool:
        with limited.test_request_context():
            try:
                tally.spend("one")
            except Problem:
                return False
            return True

    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(spend, range(200))) == {True: 100, False: 100}


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_a_household_is_one_caller(address, subject):
    assert neighbourhood(address) == subject


def test_old_windows_are_forgotten(limited):
    with limited.app_context():
        throttle.spend(Limit(name="x", hits=1, seconds=60), "one")
        throttle.spend(Limit(name="x", hits=1, seconds=3600), "two")
        later = clock.now() + timedelta(seconds=61)
        assert in_transaction(lambda: throttle.forget_old(later)) == 1
    assert len(column(limited, "SELECT subject FROM rate_windows")) == 1


# -- two processes ---------------------------------------------------------------


def answers(server: LiveServer, key: str, calls: int) -> Counter[int]:
    """The statuses of `calls` calls over 8 connections, so that both processes get some."""

    def some(count: int) -> list[int]:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        statuses = []
        for _ in range(count):
            connection.request("GET", PATH, headers={"Authorization": f"Bearer {key}"})
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()
        return statuses

    with ThreadPoolExecutor(8) as threads:
        return Counter(itertools.chain(*threads.map(some, [calls // 8] * 8)))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_processes_hold_one_limit(database_url, tmp_path):
    environ = environment(database_url, tmp_path, rate_limits="on")
    with running_app(environ) as app, serving(environ, processes=2) as server:
        right = make_key(app)
        said = answers(server, "loy_wrong", 240)
        beyond = 2 * (Tally(WRONG_KEYS).share + SERVER_THREADS)
        assert WRONG_KEYS.hits <= said[401] <= WRONG_KEYS.hits + beyond
        assert said[401] + said[429] == 240
        assert answers(server, right, 80) == {200: 80}
        with app.app_context(), read():
            assert db.session.query(throttle.RateWindow).count() == 1


@pytest.mark.soak
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_processes_hold_the_limit_of_a_key(database_url, tmp_path):
    environ = environment(database_url, tmp_path, rate_limits="on")
    with running_app(environ) as app, serving(environ, processes=2) as server:
        key = make_key(app)
        began = time.monotonic()
        said = answers(server, key, CALLS_OF_A_KEY.hits + 1_200)
        assert time.monotonic() - began < CALLS_OF_A_KEY.seconds, "too slow to reach the limit"
        beyond = 2 * (Tally(CALLS_OF_A_KEY).share + SERVER_THREADS)
        assert CALLS_OF_A_KEY.hits <= said[200] <= CALLS_OF_A_KEY.hits + beyond
        assert said[429] > 0
