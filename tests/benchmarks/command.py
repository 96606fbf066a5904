"""A command of the service as a process of its own: how long it took and how large it grew."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

import config
from tests.databases import process_environment

# A process is counted as no smaller than the one that started it, so a small one starts it.
_REPORTS_PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """`said`: its standard output."""

    seconds: float
    peak_mb: float
    said: str


def run_command(environ: dict[str, str], *arguments: str) -> Ran:
    """`flask ...`; raises RuntimeError where it fails."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _REPORTS_PEAK, *command],
        cwd=config.ROOT,
        env=process_environment(environ),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    said, _, peak_kilobytes = done.stdout.strip().rpartition("\n")
    if done.returncode:
        raise RuntimeError(f"{arguments[:2]} ended with {done.returncode}: {said[-200:]}")
    return Ran(seconds=seconds, peak_mb=int(peak_kilobytes) / 1024, said=said)
