"""B1 and B2: purchases recorded over HTTP, one by one and in batches."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks import pgbench
from tests.benchmarks.installation import DATABASES, Installation, installed, postgres
from tests.benchmarks.load import CONNECTIONS, HOW, KNOWN_FROM, NEW_FROM, load
from tests.benchmarks.pgbench import Pgbench
from tests.benchmarks.row import Options, Row, in_turns
from tests.live import LiveServer

KNOWN_MEMBERS = 20_000
BATCH_ROWS = 5_000
BATCHES = 8
SINGLE_BOUND = 0.20
BATCH_BOUND = 3.0
BATCH_PHONES_FROM = NEW_FROM + 50_000_000
"""Past every phone that the single purchases made new."""


Measure = Callable[[Installation, LiveServer, int, Options], float]
"""Purchases a second in one turn."""


def singles(options: Options) -> Iterator[Row]:
    """B1: how many purchases a second 8 connections record, beside pgbench."""
    yield from _beside_pgbench(
        options,
        _singles_per_second,
        name="B1",
        what="POST /purchases",
        bound=SINGLE_BOUND,
        how=f"1 of 3 phones new; {HOW}",
    )


def batches(options: Options) -> Iterator[Row]:
    """B2: how many purchases a second 8 clients record in batches of 5,000, beside pgbench."""
    yield from _beside_pgbench(
        options,
        _batched_per_second,
        name="B2",
        what=f"batches of {BATCH_ROWS:,}",
        bound=BATCH_BOUND,
        how=f"1 of 3 phones new; {CONNECTIONS} Python clients, {BATCHES} batches a turn",
    )


def _beside_pgbench(
    options: Options, measure: Measure, *, name: str, what: str, bound: float, how: str
) -> Iterator[Row]:
    with postgres() as server:
        yardstick = Pgbench(server, seconds=options.seconds)
        for database in DATABASES:
            with installed(database, server) as shop, shop.serving() as live:
                know_members(shop, live)
                measured, reference = in_turns(
                    lambda turn: measure(shop, live, turn, options),
                    yardstick.transactions_per_second,
                )
            yield Row(
                name=name,
                database=database,
                what=what,
                measured=measured,
                reference=reference,
                unit="/s",
                reference_is="pgbench",
                bound=f">= {bound:.2f}",
                holds=measured / reference >= bound,
                how=f"{shop.how}; {how}; {pgbench.HOW}",
            )


def _singles_per_second(shop: Installation, live: LiveServer, turn: int, options: Options) -> float:
    done = load(live, shop, "purchases", turn=turn, known=KNOWN_MEMBERS, seconds=options.seconds)
    return done.per_second


def _batched_per_second(shop: Installation, live: LiveServer, turn: int, options: Options) -> float:
    del options  # a fixed amount of work, in the time it takes
    bodies = [batch(shop.store, turn, number) for number in range(BATCHES)]
    began = time.monotonic()
    send_batches(shop, live, bodies)
    return BATCHES * BATCH_ROWS / (time.monotonic() - began)


def know_members(shop: Installation, live: LiveServer) -> None:
    """Make the members that later purchases find, by a purchase each."""
    send_batches(
        shop,
        live,
        [
            _body(shop.store, "K", range(KNOWN_FROM + first, KNOWN_FROM + first + BATCH_ROWS))
            for first in range(0, KNOWN_MEMBERS, BATCH_ROWS)
        ],
    )


def batch(store: str, turn: int, number: int) -> bytes:
    """A request body: every third phone is new, the others are of known members."""
    chance = random.Random(turn * BATCHES + number)
    first_new = BATCH_PHONES_FROM + (turn * BATCHES + number) * BATCH_ROWS
    phones = [
        first_new + row if row % 3 == 0 else KNOWN_FROM + chance.randrange(KNOWN_MEMBERS)
        for row in range(BATCH_ROWS)
    ]
    return _body(store, f"B{turn}-{number}", phones)


def send_batches(shop: Installation, live: LiveServer, bodies: list[bytes]) -> None:
    """All bodies, over 8 connections; raises RuntimeError unless every row was recorded."""
    shares = [bodies[first::CONNECTIONS] for first in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(_send, shop, live, share) for share in shares if share]:
            done.result()


def _send(shop: Installation, live: LiveServer, bodies: list[bytes]) -> None:
    connection = http.client.HTTPConnection(live.host, live.port, timeout=120)
    headers = {"Authorization": f"Bearer {shop.key}", "Content-Type": "application/json"}
    for body in bodies:
        connection.request("POST", "/api/v1/purchases/batch", body, headers)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        if answer.status != 200 or said["recorded"] != BATCH_ROWS:
            raise RuntimeError(f"a batch answered {answer.status}: {str(said)[:200]}")


def _body(store: str, receipts: str, phones: range | list[int]) -> bytes:
    purchases = [
        {
            "phone": f"0{phone}",
            "store": store,
            "receipt_no": f"{receipts}-{phone}-{row}",
            "amount": 20_000 + phone % 2_000 * 1000,
        }
        for row, phone in enumerate(phones)
    ]
    return json.dumps({"purchases": purchases}).encode()
