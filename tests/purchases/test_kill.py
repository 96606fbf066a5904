"""kill -9 in the middle of many batches: each is wholly in or wholly out, none is lost."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.core.rows import column, scalar
from tests.imports.files import verify
from tests.live import LiveServer, serving
from tests.purchases.receipts import phone, receipt
from tests.shop import make_key

pytestmark = pytest.mark.usefixtures("store")
BATCHES = 60
ROWS = 150
PEOPLE = 701
CALLERS = 4
KILLED_AFTER = 8
"""Answers; the callers are then in the middle of others."""
SECONDS = 60


def batch(number: int) -> dict[str, Any]:
    """Receipts of people that other batches serve too; the register is the batch."""
    return {
        "purchases": [
            receipt(
                phone=phone((number * 37 + n) % PEOPLE),
                receipt_no=str(n),
                register=f"B{number}",
                amount=10_000 * (1 + (number + n) % 9),
            )
            for n in range(ROWS)
        ]
    }


def points_due() -> int:
    return sum(1 + (number + n) % 9 for number in range(BATCHES) for n in range(ROWS))


def send(server: LiveServer, key: str, number: int) -> bytes:
    """The answer to a batch; every second batch carries an Idempotency-Key."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    if number % 2:
        headers["Idempotency-Key"] = f"batch-{number}"
    connection = http.client.HTTPConnection(server.host, server.port, timeout=SECONDS)
    try:
        connection.request(
            "POST", "/api/v1/purchases/batch", json.dumps(batch(number)), headers=headers
        )
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return content
    finally:
        connection.close()


class Stream:
    """Callers that send batch after batch until the server is gone."""

    def __init__(self, server: LiveServer, key: str) -> None:
        self.acknowledged: dict[int, bytes] = {}
        self.lost: list[int] = []
        self.enough = threading.Event()
        self._server = server
        self._key = key

    def send_each(self, first: int) -> None:
        for number in range(first, BATCHES, CALLERS):
            try:
                self.acknowledged[number] = send(self._server, self._key, number)
            except (OSError, http.client.HTTPException):
                self.lost.append(number)
                self.enough.set()
                return
            if len(self.acknowledged) >= KILLED_AFTER:
                self.enough.set()


def rows_in(app) -> Counter[str]:
    """How many receipts of each batch are in."""
    return Counter(column(app, "SELECT register FROM purchases"))


def test_killed_server_keeps_batches_whole_and_loses_none(app, cli, environ):
    key = make_key(app)
    with serving(environ) as server, ThreadPoolExecutor(CALLERS) as threads:
        stream = Stream(server, key)
        sending = [threads.submit(stream.send_each, first) for first in range(CALLERS)]
        assert stream.enough.wait(SECONDS)
        os.killpg(server.pid, signal.SIGKILL)
        for one in sending:
            one.result(SECONDS)
    assert len(stream.acknowledged) >= KILLED_AFTER
    assert stream.lost, "the stream had ended before the server was killed"

    verify(cli)
    whole = rows_in(app)
    assert set(whole.values()) == {ROWS}
    assert {f"B{number}" for number in stream.acknowledged} <= set(whole)

    with serving(environ) as server:
        for number in range(BATCHES):
            answer = send(server, key, number)
            if number % 2 and number in stream.acknowledged:
                assert answer == stream.acknowledged[number]
            elif not number % 2:
                was_in = f"B{number}" in whole
                assert json.loads(answer) == {
                    "recorded": 0 if was_in else ROWS,
                    "replayed": ROWS if was_in else 0,
                    "rejected": [],
                }
    assert rows_in(app) == {f"B{number}": ROWS for number in range(BATCHES)}
    assert scalar(app, "SELECT sum(amount) FROM purchases") == points_due() * 10_000
    assert scalar(app, "SELECT sum(points) FROM members") == points_due()
    assert scalar(app, "SELECT count(*) FROM members") == PEOPLE
    verify(cli)
