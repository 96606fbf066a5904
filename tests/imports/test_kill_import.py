"""An import that ended in the middle, started again, ends as one that never stopped."""

from __future__ import annotations

import json
import signal
import time

import pytest

from tests.core.rows import change, column, scalar
from tests.imports.files import csv_text, row, start_import, verify, written
from tests.purchases.receipts import e164, phone

PEOPLE = 9_001
STEP = 5_000
"""Rows that are one transaction."""
SECONDS = 60
AMOUNT = "SELECT coalesce(sum(amount), 0) FROM purchases"
POINTS = (
    "SELECT members.points FROM members JOIN member_phones ON member_id = members.id"
    " WHERE active_until IS NULL ORDER BY e164"
)


def history(rows: int) -> list[dict[str, str]]:
    """Purchases of many people, each receipt of another amount."""
    return [
        row(phone=phone(n % PEOPLE), receipt_no=str(n), amount=str(10_000 + 7 * n))
        for n in range(rows)
    ]


def due_points(given: list[dict[str, str]]) -> list[int]:
    """Each person's points, by phone: one for every whole 10,000 of a receipt."""
    points = dict.fromkeys(sorted(e164(n) for n in range(PEOPLE)), 0)
    for n, one in enumerate(given):
        points[e164(n % PEOPLE)] += int(one["amount"]) // 10_000
    return list(points.values())


def recorded(app) -> int:
    return scalar(app, "SELECT count(*) FROM purchases")


def wait_for_step(app, process, step: int) -> float:
    """When the step was in."""
    deadline = time.monotonic() + SECONDS
    while recorded(app) < step * STEP and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return time.monotonic()


def end_midway(app, process, how: signal.Signals, steps: int) -> None:
    """End the process once `steps` steps are in, late in the next: it writes by then."""
    first = wait_for_step(app, process, steps - 1)
    last = wait_for_step(app, process, steps)
    time.sleep(0.85 * (last - first))
    process.send_signal(how)


@pytest.mark.parametrize(
    ("how", "rows", "steps"),
    [(signal.SIGKILL, 40_000, 3), (signal.SIGINT, 40_000, 2)],
    ids=["kill", "interrupt"],
)
def test_stopped_import_started_again_ends_the_same(app, cli, environ, tmp_path, how, rows, steps):
    given = history(rows)
    file = written(tmp_path, csv_text(given))
    process = start_import(environ, file)
    end_midway(app, process, how, steps)
    out, err = process.communicate(timeout=SECONDS)
    assert out == "", (err, process.returncode)
    if how is signal.SIGINT:
        assert process.returncode == 1
        assert err.strip() == ("Error: Stopped. What is in stays in; start it again to go on.")
    else:
        assert process.returncode == -how
    verify(cli)
    before = recorded(app)
    assert 0 < before < rows
    assert before % STEP == 0

    out, err = start_import(environ, file).communicate(timeout=SECONDS)
    told = json.loads(out)
    assert (told["rows"], told["recorded"], told["replayed"]) == (rows, rows - before, before)
    assert told["rejected"] == {}
    assert recorded(app) == rows
    assert scalar(app, AMOUNT) == sum(int(one["amount"]) for one in given)
    assert column(app, POINTS) == due_points(given)
    verify(cli)


def test_broken_database_is_said_without_the_rows(app, environ, tmp_path):
    """The database's own words for it hold the rows, and so phones."""
    change(app, "ALTER TABLE purchases RENAME COLUMN amount TO gone")
    file = written(tmp_path, csv_text([row()]))
    process = start_import(environ, file)
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (1, "")
    assert "912345678" not in err
    assert len(err.splitlines()) == 1
