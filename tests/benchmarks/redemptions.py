"""B5: points held and captured over HTTP, among many members and at one of them."""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.benchmarks.installation import DATABASES, Installation, installed, postgres
from tests.benchmarks.load import CONNECTIONS, HERE, HOW, KNOWN_FROM, WRK
from tests.benchmarks.pgbench import HOW as PGBENCH_HOW
from tests.benchmarks.pgbench import Pgbench
from tests.benchmarks.purchases_over_http import BATCH_ROWS
from tests.benchmarks.row import Options, Row, in_turns
from tests.live import LiveServer

MEMBERS = 10_000
BOUND = 0.06
HELD = 5
"""Points of one hold."""
AMOUNT = 10_000_000_000
"""Of each member's purchase: a million points, more than all turns take from one."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one turn did. `refused`: for want of points, `bad`: whatever else went wrong."""

    pairs: int
    refused: int
    bad: int
    seconds: float


def pairs(options: Options) -> Iterator[Row]:
    """B5 at 10,000 members and at one, on each database."""
    with postgres() as server:
        yardstick = Pgbench(server, seconds=options.seconds)
        for database in DATABASES:
            for members in (MEMBERS, 1):
                with installed(database, server) as shop, shop.serving() as live:
                    _give_points(shop, live, members)
                    yield _row(shop, live, yardstick, options, members)


def _row(
    shop: Installation, live: LiveServer, yardstick: Pgbench, options: Options, members: int
) -> Row:
    turns: list[Spent] = []

    def measure(turn: int) -> float:
        turns.append(_spend(shop, live, members, options.seconds))
        return turns[turn].pairs / turns[turn].seconds

    measured, reference = in_turns(measure, yardstick.transactions_per_second)
    refused, bad = sum(turn.refused for turn in turns), sum(turn.bad for turn in turns)
    # One member's points are taken in turn: what is asked there is that nothing goes wrong.
    is_bound = members > 1 and shop.database == "postgresql"
    return Row(
        name="B5",
        database=shop.database,
        what="hold and capture, " + (f"{members:,} members" if members > 1 else "one member"),
        measured=measured,
        reference=reference,
        unit="/s",
        reference_is="pgbench",
        bound=f">= {BOUND:.2f}" if is_bound else "no failure",
        holds=not bad and (not is_bound or measured / reference >= BOUND),
        how=f"{shop.how}; {HOW}; {bad} failures, {refused} for want of points; {PGBENCH_HOW}",
    )


def _give_points(shop: Installation, live: LiveServer, members: int) -> None:
    """Members 1 to `members`, each with a purchase."""
    rows = [
        {
            "phone": f"0{KNOWN_FROM + number}",
            "store": shop.store,
            "receipt_no": f"K{number}",
            "amount": AMOUNT,
        }
        for number in range(members)
    ]
    for first in range(0, members, BATCH_ROWS):
        _record(shop, live, rows[first : first + BATCH_ROWS])


def _record(shop: Installation, live: LiveServer, rows: list[dict[str, object]]) -> None:
    connection = _connect(live)
    answer = _call(connection, shop.key, "/purchases/batch", {"purchases": rows})
    if answer[0] != 200 or answer[1]["recorded"] != len(rows):
        raise RuntimeError(f"a batch answered {answer[0]}")


def _spend(shop: Installation, live: LiveServer, members: int, seconds: int) -> Spent:
    if WRK is None:
        return _spend_from_python(shop, live, members, seconds)
    command = [WRK, "-t", "2", "-c", str(CONNECTIONS), "-d", f"{seconds}s"]
    given = [shop.key, str(members), str(HELD)]
    done = subprocess.run(
        [*command, "-s", "redemptions.lua", live.url, "--", *given],
        cwd=HERE,
        check=True,
        capture_output=True,
        text=True,
    )
    return Spent(**json.loads(done.stdout.partition("REPORT ")[2]))


def _spend_from_python(shop: Installation, live: LiveServer, members: int, seconds: int) -> Spent:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [
            pool.submit(_drive, shop, live, members, seconds, random.Random(worker))
            for worker in range(CONNECTIONS)
        ]
        done = [share.result() for share in shares]
    sums = (sum(each[place] for each in done) for place in range(3))
    captured, refused, bad = sums
    return Spent(pairs=captured, refused=refused, bad=bad, seconds=seconds)


def _drive(
    shop: Installation, live: LiveServer, members: int, seconds: int, chance: random.Random
) -> tuple[int, int, int]:
    connection = _connect(live)
    captured = refused = bad = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        path = f"/members/{chance.randint(1, members)}/redemptions"
        status, said = _call(connection, shop.key, path, {"points": HELD})
        if status == 201:
            status, said = _call(connection, shop.key, f"/redemptions/{said['id']}/capture", {})
        captured += status == 200
        refused += said.get("code") == "insufficient_points"
        bad += status != 200 and said.get("code") != "insufficient_points"
    return captured, refused, bad


def _connect(live: LiveServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(live.host, live.port, timeout=120)


def _call(
    connection: http.client.HTTPConnection, key: str, path: str, body: dict[str, object]
) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
