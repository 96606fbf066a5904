"""Two server processes on one PostgreSQL, called at the same moment over the wire."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.core.rows import scalar
from tests.purchases.process import Server
from tests.purchases.receipts import phone, receipt
from tests.shop import make_key

pytestmark = [
    pytest.mark.usefixtures("store"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
SECONDS = 60


@pytest.fixture
def servers(environ, app):
    made = [Server(environ), Server(environ)]
    for server in made:
        server.start()
    yield made
    for server in made:
        server.kill()


def at_once(servers, key, calls):
    """Send (path, body) pairs at one moment, in turn to each server; statuses in order."""
    line = threading.Barrier(len(calls))

    def send(number):
        path, body = calls[number]
        line.wait(SECONDS)
        return servers[number % len(servers)].post(key, path, body)

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(send, range(len(calls))))


def test_two_processes_keep_one_truth(app, cli, servers):
    key = make_key(app)
    first = at_once(
        servers, key, [("/purchases", receipt(receipt_no=f"HD-{n}")) for n in range(16)]
    )
    assert Counter(status for status, _ in first) == {201: 16}
    assert len({body["member"]["id"] for _, body in first}) == 1

    same = at_once(servers, key, [("/purchases", receipt(receipt_no="same"))] * 16)
    assert Counter(status for status, _ in same) == {201: 1, 200: 15}

    two = [("/purchases", receipt(receipt_no="two", phone=phone(n % 4))) for n in range(16)]
    assert Counter(status for status, _ in at_once(servers, key, two)) == {201: 1, 200: 3, 409: 12}

    people = [phone(100 + n) for n in range(60)]
    batches = [
        (
            "/purchases/batch",
            {
                "purchases": [
                    receipt(receipt_no=f"{n}-{each}", phone=each)
                    for each in (people if n % 2 else people[::-1])
                ]
            },
        )
        for n in range(8)
    ]
    answers = at_once(servers, key, batches)
    assert {status for status, _ in answers} == {200}
    assert {body["recorded"] for _, body in answers} == {60}

    purchase_id = same[0][1]["purchase"]["id"]
    voids = at_once(servers, key, [(f"/purchases/{purchase_id}/void", {})] * 8)
    assert {status for status, _ in voids} == {200}

    assert scalar(app, "SELECT count(*) FROM members") == 1 + 1 + 60
    assert scalar(app, "SELECT sum(points) FROM members") == 15 * (16 + 1 + 60 * 8)
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output
