"""A file is read in steps: one ten times as long takes no more memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

import config
from tests.databases import process_environment
from tests.imports.files import csv_text, row, written
from tests.purchases.receipts import phone

ROWS = 15_000
PEOPLE = 2_000
MORE = 1.15
# A process is counted as no smaller than the one that started it, so a small one starts it.
REPORTS_PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def peak_of_import(environ, file) -> int:
    """The greatest resident size of the command, in kilobytes."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "purchases", "import", str(file)]
    done = subprocess.run(
        [sys.executable, "-c", REPORTS_PEAK, *command],
        cwd=config.ROOT,
        env=process_environment(environ),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.soak
@pytest.mark.usefixtures("store")
def test_file_ten_times_as_long_takes_no_more_memory(environ, tmp_path):
    peaks = []
    for times in (1, 10):
        given = (row(phone=phone(n % PEOPLE), receipt_no=str(n)) for n in range(ROWS * times))
        peaks.append(peak_of_import(environ, written(tmp_path, csv_text(given))))
    assert peaks[1] < peaks[0] * MORE
