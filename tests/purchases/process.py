"""A server process of its own that a test may kill, and callers of it over the wire."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Any

import config
from loyalty.serve import server_answers, server_command
from tests.databases import process_environment
from tests.live import free_port

START_SECONDS = 30


class Server:
    """`start()` may be called again after `kill()`; it listens on the same port."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.port = free_port()
        self._environ = {**environ, "LOYALTY_PORT": str(self.port), "LOYALTY_PROCESSES": "1"}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = config.load(self._environ)
        self._process = subprocess.Popen(
            server_command(settings),
            cwd=config.ROOT,
            env=process_environment(self._environ),
            start_new_session=True,
        )
        assert server_answers(settings, self._process, seconds=START_SECONDS)

    def kill(self) -> None:
        """kill -9, the workers too: nothing gets to finish or to say goodbye."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def post(self, key: str, path: str, body: Any) -> tuple[int, Any]:
        """(status, JSON); raises OSError or HTTPException where the server goes away."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()
