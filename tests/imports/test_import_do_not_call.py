"""`flask do-not-call import`: numbers of a file go on the list once, whatever happens."""

from __future__ import annotations

import gzip
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
from tests.purchases.receipts import PHONE, phone

SECONDS = 60
STEP = 5_000
COUNT = "SELECT count(*) FROM do_not_call"
SOURCE = ("--source", "carrier's list")


def numbers(*cells, header="SĐT"):
    return "\n".join([header, *cells, ""])


def run(cli, file, *options):
    return cli.invoke(args=["do-not-call", "import", str(file), *SOURCE, *options])


def told(cli, file, *options):
    result = run(cli, file, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_numbers_go_on_the_list_however_they_are_written(cli, api, tmp_path):
    file = written(tmp_path, numbers("0912 345 678", "+84 987 654 321", "'0903111222"))
    assert told(cli, file) == {"rows": 3, "added": 3, "listed": 0, "rejected": {}}
    for listed in (PHONE, "0987654321", "+84903111222"):
        assert api.get("/do-not-call", phone=listed).get_json() == {"listed": True}
    assert api.get("/do-not-call", phone="0912345679").get_json() == {"listed": False}


def test_same_file_again_adds_nothing(cli, app, tmp_path):
    file = written(tmp_path, numbers("0912345678", "0987654321", "+84 912 345 678"))
    assert told(cli, file) == {"rows": 3, "added": 2, "listed": 1, "rejected": {}}
    assert told(cli, file) == {"rows": 3, "added": 0, "listed": 3, "rejected": {}}
    assert scalar(app, COUNT) == 2
    actions = "SELECT count(*) FROM audit_events WHERE action = 'do_not_call.change'"
    assert scalar(app, actions) == 1


def test_refused_rows_are_counted_and_written_down(cli, tmp_path):
    file = written(
        tmp_path,
        numbers("0912xxxxxx,a", ",b", "1900 1234,c", "0912345678,d,e", "1,f", header="SĐT,ghi chú"),
    )
    out = tmp_path / "rejects.csv"
    assert told(cli, file, "--rejects", str(out)) == {
        "rows": 5,
        "added": 0,
        "listed": 0,
        "rejected": {"invalid_phone": 3, "invalid_row": 1, "no_phone": 1},
    }
    lines = out.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "line,code,sentence,SĐT,ghi chú"
    assert [line.split(",")[0] for line in lines[1:]] == ["2", "3", "4", "5", "6"]


def test_gzip_and_words_for_people(cli, tmp_path):
    content = gzip.compress(numbers("0912345678", "x").encode())
    result = run(cli, written(tmp_path, content, "list.csv.gz"))
    assert result.stdout.splitlines() == [
        "2 rows: 1 added, 0 on the list before, 1 refused.",
        "  invalid_phone: 1",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty: its first line must name the columns."),
        ("0912345678\n", "The file has no column phone: name it in the first line."),
        ("phone,mobile\n1,2\n", "Two columns hold the phone: keep one of them."),
        ('phone\n"0912345678\n', "Line 2 or one before it has a quotation mark"),
    ],
)
def test_bad_file_is_refused_before_anything_is_written(cli, app, tmp_path, text, sentence):
    result = run(cli, written(tmp_path, text))
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert scalar(app, COUNT) == 0


def test_source_must_be_named(cli, tmp_path):
    file = written(tmp_path, numbers("0912345678"))
    for options in ([], ["--source", ""], ["--source", "x" * 201]):
        result = cli.invoke(args=["do-not-call", "import", str(file), *options])
        assert result.exit_code == 2


def test_killed_import_started_again_ends_the_same(app, environ, tmp_path):
    rows = 20_000
    file = written(tmp_path, numbers(*(phone(n % 99_999) for n in range(rows))))
    process = start(environ, file)
    deadline = time.monotonic() + SECONDS
    while scalar(app, COUNT) < STEP and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=SECONDS)
    before = scalar(app, COUNT)
    assert 0 < before < rows
    assert before % STEP == 0
    out, _ = start(environ, file).communicate(timeout=SECONDS)
    assert json.loads(out) == {
        "rows": rows,
        "added": rows - before,
        "listed": before,
        "rejected": {},
    }
    assert scalar(app, COUNT) == rows


def test_no_number_is_kept_in_the_clear(cli, app, tmp_path):
    file = written(tmp_path, numbers("0912345678"))
    named = cli.invoke(args=["do-not-call", "import", str(file), "--source", "by 0912345678"])
    assert named.exit_code == 0
    kept = column(app, "SELECT phone_hash || ' ' || source || ' ' || added_by FROM do_not_call")
    log = column(app, "SELECT CAST(details AS text) FROM audit_events")
    assert not any("12345678" in text for text in [*kept, *log])


def start(environ, file):
    command = [sys.executable, "-m", "flask", "--app", "wsgi.py", "do-not-call", "import"]
    return subprocess.Popen(
        [*command, str(file), *SOURCE, "--json"],
        cwd=config.ROOT,
        env=process_environment(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
