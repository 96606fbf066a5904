"""What the web server itself bears: slow senders, long heads, broken bodies, bad bytes."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loyalty.core.limits import BODY_SECONDS, HEAD_BYTES, HEAD_SECONDS, SERVER_THREADS
from tests.core.rows import row_counts
from tests.databases import running_app
from tests.live import LiveServer
from tests.shop import make_key, make_store

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FORM = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
RESTART_SECONDS = 30
"""For a new process to come up on a busy machine."""


def send(server: LiveServer, said: bytes | str, *, end: bool = False) -> bytes:
    """The first bytes of the answer; empty where the server hangs up."""
    with socket.create_connection((server.host, server.port), timeout=30) as connection:
        try:
            connection.sendall(said.encode() if isinstance(said, str) else said)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return connection.recv(65_536)
        except ConnectionError:
            return b""


def seconds_to_answer(server: LiveServer) -> float:
    """How long a caller waits, trying again as a browser does where it is cut off."""
    began = time.monotonic()
    while time.monotonic() - began < 60:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return time.monotonic() - began
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError("no answer")


@contextmanager
def slow_senders(server: LiveServer, count: int) -> Iterator[None]:
    """Each sends a byte now and then, of a body that would take days."""
    stop = threading.Event()

    def trickle() -> None:
        with socket.create_connection((server.host, server.port)) as connection:
            try:
                connection.sendall(f"{FORM}Content-Length: 100000\r\n\r\n".encode())
                while not stop.wait(0.2):
                    connection.sendall(b"a")
            except OSError:
                pass

    threads = [threading.Thread(target=trickle, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_one_slow_sender_stops_nobody(live_server):
    with slow_senders(live_server, 1):
        for _ in range(5):
            assert seconds_to_answer(live_server) < 2


def test_slow_senders_stop_others_for_a_while_at_most(live_server):
    with slow_senders(live_server, SERVER_THREADS):
        assert seconds_to_answer(live_server) < BODY_SECONDS + RESTART_SECONDS
        assert seconds_to_answer(live_server) < 2


def test_a_slow_head_is_cut_off(live_server):
    began = time.monotonic()
    assert send(live_server, "GET /healthz HT") == b""
    assert time.monotonic() - began < HEAD_SECONDS + 3


def test_a_body_that_breaks_off_is_refused_and_writes_nothing(live_server, environ):
    """A form and a batch, both readable as far as they came."""
    with running_app(environ) as app:
        store, key = make_store(app), make_key(app)
        before = row_counts(app)
        purchase = {"phone": "0912345678", "store": store, "receipt_no": "1", "amount": 150000}
        body = json.dumps(purchase)
        head = (
            f"POST /api/v1/purchases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\n"
        )
        answer = send(live_server, f"{head}Content-Length: {len(body) + 9}\r\n\r\n{body}", end=True)
        assert answer == b"" or b" 408 " in answer
        form = "login=tram&password=x"
        answer = send(live_server, f"{FORM}Content-Length: 90\r\n\r\n{form}", end=True)
        assert answer == b"" or b" 408 " in answer
        assert row_counts(app) == before
        answer = send(live_server, f"{head}Content-Length: {len(body)}\r\n\r\n{body}")
        assert b" 201 " in answer


TOO_LONG = [
    "GET /" + "a" * 2 * HEAD_BYTES + " HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /login?" + "a=b&" * HEAD_BYTES + " HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /login HTTP/1.1\r\nHost: x\r\nCookie: " + "a" * 2 * HEAD_BYTES + "\r\n\r\n",
    "GET /login HTTP/1.1\r\nHost: x\r\n" + "X-A: b\r\n" * 1_000 + "\r\n",
]


@pytest.mark.parametrize("said", TOO_LONG, ids=["path", "query", "header", "headers"])
def test_a_head_of_twice_the_limit_is_refused(live_server, said):
    answer = send(live_server, said)
    assert answer == b"" or answer.split(b" ", 2)[1] in (b"400", b"414", b"431")
    assert seconds_to_answer(live_server) < 2


POST = b"POST /login HTTP/1.1\r\nHost: x\r\n"
BAD_BYTES = [
    b"\x00" * 100,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS, where none is spoken
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    POST + b"Content-Length: -1\r\n\r\n",
    POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("said", BAD_BYTES)
def test_bad_bytes_are_refused_and_the_server_lives(live_server, said):
    answer = send(live_server, said, end=True)
    assert answer == b"" or answer.split(b" ", 2)[1] in (b"400", b"404", b"411", b"422", b"505")
    assert seconds_to_answer(live_server) < 2


@pytest.mark.parametrize("path", ["/%ff", "/static/%ff", "/%00", "/static/..%2f..%2fserve.py"])
def test_bad_paths_reach_the_app_and_lead_nowhere(live_server, path):
    answer = send(live_server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b" 404 " in answer.partition(b"\r\n")[0]
    assert b"content-security-policy" in answer.lower()


def test_a_body_too_large_is_refused_before_it_is_sent(live_server):
    answer = send(live_server, f"{FORM}Content-Length: 90000000\r\n\r\n")
    assert b" 413 " in answer.partition(b"\r\n")[0]


def test_two_names_in_one_request_are_none_of_ours(live_server):
    answer = send(
        live_server, "GET /till HTTP/1.1\r\nHost: a.example\r\nHost: evil.example\r\n\r\n"
    )
    assert b"evil" not in answer
