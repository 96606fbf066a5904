"""Load over HTTP, on 8 connections unless told: by `wrk` where it is installed, else from Python.

The Python client takes a good part of the machine for itself, so figures made
with it are lower; every row says which of the two it was.
"""

from __future__ import annotations

import http.client
import json
import random
import shutil
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.installation import Installation
from tests.live import LiveServer

CONNECTIONS = 8
PROCESSES = 2
KNOWN_FROM = 900_000_000
NEW_FROM = 910_000_000
"""National numbers: known members from the first, new ones from the second."""
WORKER_PHONES = 1_000_000
TEN_TAGS: dict[str, object] = {
    "all": [
        {"tag": "b0"},
        {"any": [{"tag": "b1"}, {"tag": "b2"}, {"tag": "b3"}]},
        {"any": [{"tag": "b4"}, {"tag": "b5"}]},
        {"not": {"any": [{"tag": "b6"}, {"tag": "b7"}]}},
        {"any": [{"tag": "b8"}, {"tag": "b9"}]},
    ]
}
"""An audience of ten tags; the same in `previews.lua`."""
HERE = Path(__file__).parent
WRK = shutil.which("wrk")


def how_of(connections: int) -> str:
    return f"{'wrk' if WRK else 'Python client'}, {connections} connections"


HOW = how_of(CONNECTIONS)

Request = tuple[str, str, dict[str, object] | None]


@dataclass(frozen=True, kw_only=True)
class Load:
    per_second: float
    p95_ms: float


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What one connection sends; the same as the Lua script of that name says."""

    script: str
    store: str
    turn: int
    known: int

    def request(self, worker: int, count: int, chance: random.Random) -> Request:
        if self.script == "nothing":
            return "GET", "/healthz", None
        phone = KNOWN_FROM + chance.randrange(self.known)
        if self.script == "previews":
            return "POST", "/api/v1/audiences/preview", {"expression": TEN_TAGS}
        if self.script == "members":
            return "GET", f"/api/v1/members?phone=0{phone}", None
        if count % 3 == 0:
            phone = NEW_FROM + (self.turn * 8 + worker) * WORKER_PHONES + count
        body: dict[str, object] = {
            "phone": f"0{phone}",
            "store": self.store,
            "receipt_no": f"W{self.turn}-{worker}-{count}",
            "amount": chance.randint(20, 2000) * 1000,
        }
        return "POST", "/api/v1/purchases", body


def load(
    server: LiveServer,
    shop: Installation,
    script: str,
    *,
    turn: int,
    known: int,
    seconds: int,
    connections: int = CONNECTIONS,
) -> Load:
    """Run one turn; raises RuntimeError when an answer was no 2xx."""
    if WRK is None:
        caller = Caller(script=script, store=shop.store, turn=turn, known=known)
        return _python(server, shop.key, caller, seconds, connections)
    arguments = [shop.key, shop.store, str(turn), str(known)]
    return _wrk(server, f"{script}.lua", arguments, seconds, connections)


def _wrk(
    server: LiveServer, script: str, arguments: list[str], seconds: int, connections: int
) -> Load:
    command = [str(WRK), "-t", "2", "-c", str(connections), "-d", f"{seconds}s", "--latency"]
    done = subprocess.run(
        [*command, "-s", script, server.url, "--", *arguments],
        cwd=HERE,
        check=True,
        capture_output=True,
        text=True,
    )
    report = json.loads(done.stdout.partition("REPORT ")[2])
    if report["bad"] or not report["requests"]:
        raise RuntimeError(f"{report['bad']} of {report['requests']} calls went wrong")
    return Load(per_second=report["requests"] / report["seconds"], p95_ms=report["p95_ms"])


def _python(server: LiveServer, key: str, caller: Caller, seconds: int, connections: int) -> Load:
    each = connections // PROCESSES
    with ProcessPoolExecutor(PROCESSES) as pool:
        shares = [
            pool.submit(_drive, server, key, caller, seconds, range(first, first + each))
            for first in range(0, connections, each)
        ]
        took = sorted(one for share in shares for one in share.result())
    return Load(per_second=len(took) / seconds, p95_ms=took[int(len(took) * 0.95)] * 1000)


def _drive(
    server: LiveServer, key: str, caller: Caller, seconds: int, workers: range
) -> list[float]:
    with ThreadPoolExecutor(len(workers)) as pool:
        calls = [
            pool.submit(_connection, server, key, caller, seconds, worker) for worker in workers
        ]
        return [one for call in calls for one in call.result()]


def _connection(
    server: LiveServer, key: str, caller: Caller, seconds: int, worker: int
) -> list[float]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    chance = random.Random(caller.turn * 100 + worker)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    took: list[float] = []
    until = time.monotonic() + seconds
    while (began := time.monotonic()) < until:
        method, path, body = caller.request(worker, len(took) + 1, chance)
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"a call answered {answer.status}")
        took.append(time.monotonic() - began)
    return took
