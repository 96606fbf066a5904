"""PostgreSQL's own benchmark, as the yardstick: transactions a second of this machine."""

from __future__ import annotations

import re
import subprocess

from tests.postgres import Postgres

SCALE = 10
DATABASE = "pgbench"
CLIENTS = 8
HOW = f"pgbench -M simple -c {CLIENTS} -j 2, scale {SCALE}, fsync on"


class Pgbench:
    """Runs in a database of its own on `server`, which keeps its default durability."""

    def __init__(self, server: Postgres, *, seconds: int) -> None:
        self._place = ["-h", str(server.socket_folder), "-U", "postgres", DATABASE]
        self._seconds = seconds
        server.execute(f"CREATE DATABASE {DATABASE}")
        self._run("-i", "-q", "-s", str(SCALE))

    def transactions_per_second(self) -> float:
        said = self._run("-M", "simple", "-c", str(CLIENTS), "-j", "2", "-T", str(self._seconds))
        found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
        assert found, "pgbench printed no tps"
        return float(found[1])

    def _run(self, *arguments: str) -> str:
        command = [str(Postgres.binary("pgbench")), *arguments, *self._place]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
