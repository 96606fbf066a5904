"""Keeps a few processes running, and leaves none behind.

Each child is the head of a process group of its own. One that died is started
again, a bounded number of times. When the supervisor is asked to stop (Ctrl-C,
TERM, a closed terminal) it stops every group before it ends itself.
"""

from __future__ import annotations

import os
import signal
import subprocess  # nosec B404  # our own commands, no shell
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

import click

from config import ROOT

GRACE_SECONDS = 10
STEADY_SECONDS = 60
"""A child that ran this long is taken as sound: its restarts count from 0 again."""
RESTARTS = 5
SAME_REQUEST_SECONDS = 1.0
TICK_SECONDS = 0.1
STOPPED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotServe(Exception):
    """Why it cannot go on, in one sentence for the operator."""


@dataclass
class Child:
    """One process and its group; `pause_seconds` doubles from restart to restart."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restarts: int = 0
    died_at: float | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(  # nosec B603  # a command of our own, no shell
            self.command, cwd=ROOT, start_new_session=True
        )
        self.started_at = time.monotonic()
        self.died_at = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pause_seconds(self) -> float:
        return min(2.0**self.restarts, 30.0) / 2

    def signal_group(self, number: int) -> None:
        """Reaches also what the child started and left behind."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


class Supervisor:
    """Keeps its children running until it is asked to stop; `run` returns the exit code."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None] = click.echo) -> None:
        self.children = children
        self._say = say
        self._asked_at: float | None = None
        self._asked_again = False

    def run(self, when_started: Callable[[Supervisor], None]) -> int:
        before = {number: signal.signal(number, self._ask_to_stop) for number in STOPPED_BY}
        try:
            for child in self.children:
                child.start()
            when_started(self)
            while not self.stopping:
                self._tend()
                time.sleep(TICK_SECONDS)
        except CannotServe as why:
            if not self.stopping:
                self._say(f"Stopped: {why}")
                return 1
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    @property
    def stopping(self) -> bool:
        return self._asked_at is not None

    def stop(self) -> None:
        """TERM to every group; KILL to what is left after the grace, or when asked again.

        TERM is said again each second: a server that is just starting misses the first.
        """
        began = time.monotonic()
        said_seconds = -1
        while any(child.is_running for child in self.children):
            waited_seconds = int(time.monotonic() - began)
            if waited_seconds >= GRACE_SECONDS or self._asked_again:
                break
            if waited_seconds > said_seconds:
                said_seconds = waited_seconds
                self._signal(signal.SIGTERM)
            time.sleep(TICK_SECONDS)
        self._signal(signal.SIGKILL)
        for child in self.children:
            if child.process is not None:
                child.process.wait()

    def _signal(self, number: int) -> None:
        for child in self.children:
            child.signal_group(number)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
        # One request may arrive twice: from make, and from whoever asked the whole group.
        elif now - self._asked_at > SAME_REQUEST_SECONDS:
            self._asked_again = True

    def _tend(self) -> None:
        for child in self.children:
            now = time.monotonic()
            if child.is_running:
                if now - child.started_at > STEADY_SECONDS:
                    child.restarts = 0
            elif child.died_at is None:
                self._note_death(child, now)
            elif now - child.died_at >= child.pause_seconds:
                child.restarts += 1
                child.start()

    def _note_death(self, child: Child, now: float) -> None:
        code = child.process.returncode if child.process else None
        if child.restarts >= RESTARTS:
            raise CannotServe(f"the {child.name} ended {RESTARTS + 1} times (exit code {code}).")
        child.signal_group(signal.SIGKILL)
        child.died_at = now
        self._say(f"The {child.name} ended (exit code {code}) and is started again.")
