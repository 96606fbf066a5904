"""The real web server as a child process, for tests and benchmarks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import config
from loyalty.serve import server_answers, server_command
from tests.databases import process_environment

START_SECONDS = 30
STOP_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class LiveServer:
    """`url` has no slash at its end."""

    host: str
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(environ: Mapping[str, str], *, processes: int = 1) -> Iterator[LiveServer]:
    """Serve until the block ends; raises RuntimeError where it does not answer in time."""
    port = free_port()
    environ = {**environ, "LOYALTY_PORT": str(port), "LOYALTY_PROCESSES": str(processes)}
    settings = config.load(environ)
    process = subprocess.Popen(
        server_command(settings),
        cwd=config.ROOT,
        env=process_environment(environ),
        start_new_session=True,
    )
    try:
        if not server_answers(settings, process, seconds=START_SECONDS):
            raise RuntimeError("the web server did not answer")
        yield LiveServer(host="127.0.0.1", port=port, pid=process.pid)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
