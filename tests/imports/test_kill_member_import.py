"""An import of members whose process was killed, started again, ends as one that never was."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

import config
from tests.core.rows import column, scalar
from tests.databases import process_environment
from tests.imports.files import written
from tests.imports.people import people, person

ROWS = 20_000
STEP = 5_000
SECONDS = 120
MADE = "SELECT count(*) FROM members"


def start(environ, file):
    command = [sys.executable, "-m", "flask", "--app", "wsgi.py", "members", "import", str(file)]
    return subprocess.Popen(
        [*command, "--opening-points", "--json"],
        cwd=config.ROOT,
        env=process_environment(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.soak
def test_killed_import_goes_on_where_it_was(app, environ, cli, tmp_path):
    rows = [person(n, name=f"Lan {n}", points="5") for n in range(ROWS)]
    file = written(tmp_path, people(rows), "people.csv")
    process = start(environ, file)
    deadline = time.monotonic() + SECONDS
    while scalar(app, MADE) < STEP and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=SECONDS)
    before = scalar(app, MADE)
    assert 0 < before < ROWS
    assert before % STEP == 0
    assert column(app, "SELECT imported_at FROM member_imports") == [None]
    out, _ = start(environ, file).communicate(timeout=SECONDS)
    done = json.loads(out.splitlines()[-1])
    assert (done["import"], done["rows"], done["created"], done["rejected"]) == (1, ROWS, ROWS, {})
    assert done["opened"] == {"members": ROWS, "points": 5 * ROWS}
    assert scalar(app, MADE) == ROWS
    assert cli.invoke(args=["points", "verify"]).exit_code == 0
