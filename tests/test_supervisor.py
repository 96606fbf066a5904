"""The supervisor with real processes: what it starts, it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loyalty import supervisor
from loyalty.supervisor import CannotServe, Child, Supervisor

SECONDS = 30

SUPERVISED = """
import sys
from loyalty.supervisor import Child, Supervisor
children = [Child(code[:6], [sys.executable, "-c", code]) for code in sys.argv[1:]]
sys.exit(Supervisor(children).run(lambda _: print("started", flush=True)))
"""
WRITES_ITS_PID = "import os, pathlib; pathlib.Path({path!r}).write_text(str(os.getpid()));"
SLEEPS = "import time; time.sleep(60)"
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPS
HAS_A_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"


def alive(pid: int) -> bool:
    """A process that ended but was not yet collected does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def supervised() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a supervisor over these pieces of Python, in a process of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*codes: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SUPERVISED, *codes]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        process.wait(SECONDS)


def pid_in(file: Path) -> int:
    assert wait_until(lambda: file.exists() and file.read_text() != "")
    return int(file.read_text())


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stopping_the_supervisor_stops_every_child_and_grandchild(supervised, tmp_path, asked):
    files = [tmp_path / "child", tmp_path / "grandchild"]
    child, grandchild = (WRITES_ITS_PID.format(path=str(file)) + SLEEPS for file in files)
    process = supervised(child, HAS_A_CHILD.format(code=grandchild))
    pids = [pid_in(file) for file in files]
    process.send_signal(asked)
    assert process.wait(SECONDS) == 0
    assert wait_until(lambda: not any(alive(pid) for pid in pids))


def test_child_that_ignores_term_is_killed_when_asked_again(supervised, tmp_path):
    file = tmp_path / "pid"
    process = supervised(IGNORES_TERM.replace(";", f";{WRITES_ITS_PID.format(path=str(file))}", 1))
    pid = pid_in(file)
    time.sleep(0.2)  # the child says it is there a moment before it ignores TERM
    for _ in range(2):  # once by make, once by whoever ends the whole group
        process.send_signal(signal.SIGTERM)
    time.sleep(supervisor.SAME_REQUEST_SECONDS + 0.2)
    assert alive(pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(supervisor.GRACE_SECONDS - 2) == 0
    assert not alive(pid)


def test_child_that_ignores_term_is_killed_after_the_grace(monkeypatch):
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 1)
    child = Child("deaf", [sys.executable, "-c", IGNORES_TERM])

    def ask_to_stop(_: Supervisor) -> None:
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    assert Supervisor([child]).run(ask_to_stop) == 0
    assert not child.is_running


def test_died_child_is_started_again(supervised, tmp_path):
    file = tmp_path / "pid"
    supervised(WRITES_ITS_PID.format(path=str(file)) + SLEEPS)
    first = pid_in(file)
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: pid_in(file) != first)


def test_child_that_keeps_dying_ends_the_supervisor(monkeypatch):
    monkeypatch.setattr(supervisor, "RESTARTS", 1)
    said: list[str] = []
    steady = Child("steady", [sys.executable, "-c", SLEEPS])
    broken = Child("broken", [sys.executable, "-c", "raise SystemExit(3)"])
    code = Supervisor([steady, broken], said.append).run(lambda _: None)
    assert code == 1
    assert said[-1] == "Stopped: the broken ended 2 times (exit code 3)."
    assert not steady.is_running


def test_failed_start_stops_what_was_started():
    said: list[str] = []
    child = Child("child", [sys.executable, "-c", SLEEPS])

    def fail(_: Supervisor) -> None:
        raise CannotServe("the web server did not start.")

    assert Supervisor([child], said.append).run(fail) == 1
    assert said == ["Stopped: the web server did not start."]
    assert not child.is_running


def test_pause_before_a_restart_grows_and_is_bounded():
    child = Child("child", [])
    pauses = []
    for restarts in range(10):
        child.restarts = restarts
        pauses.append(child.pause_seconds)
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.5
    assert pauses[-1] == 15
