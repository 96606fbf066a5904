"""A backup brings erased members back: the file of the erased says whom to erase again."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from loyalty.core.db import db
from loyalty.privacy import erased_file
from tests.core.rows import change, scalar
from tests.privacy.person import FORMS, make_person, ok
from tests.privacy.traces import in_text, sqlite_files, traces
from tests.purchases.receipts import OTHER_PHONE, buy, phone

pytestmark = pytest.mark.usefixtures("store")
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def erase(api, member_id: int) -> None:
    ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))


def file_of_erased(app) -> Path:
    return app.extensions["settings"].data_dir / "erased.jsonl"


def lines(app) -> list[dict]:
    return [json.loads(line) for line in file_of_erased(app).read_text().splitlines()]


def test_every_erasure_is_written_down_outside_the_database(app, api):
    member = make_person(app, api)
    erase(api, member)
    erase(api, member)
    [line] = lines(app)
    assert set(line) == {"member_id", "joined_at", "erased_at"}
    assert line["member_id"] == member
    assert stat.S_IMODE(file_of_erased(app).stat().st_mode) == 0o600
    assert in_text(file_of_erased(app).read_text(), FORMS) == set()


def test_what_a_crash_left_out_is_written_by_the_next(app, api):
    members = [buy(api, phone=phone(n), receipt_no=f"{n}")["member"]["id"] for n in range(3)]
    for member in members:
        erase(api, member)
    whole = file_of_erased(app).read_text()
    first, second, _ = whole.splitlines(keepends=True)
    # Died while it wrote the second line.
    file_of_erased(app).write_text(first + second[:20])
    with app.app_context():
        assert erased_file.catch_up() == 2
        assert erased_file.catch_up() == 0
        assert [member_id for member_id, _ in erased_file.everybody()] == members
    file_of_erased(app).unlink()
    with app.app_context():
        assert erased_file.catch_up() == 3
    assert file_of_erased(app).read_text() == whole


def test_erasure_stands_where_the_file_cannot_be_written(app, api):
    member = buy(api)["member"]["id"]
    file_of_erased(app).mkdir()
    erase(api, member)
    assert scalar(app, "SELECT erased_at IS NOT NULL FROM members WHERE id = :id", id=member)


def test_refused_erasure_is_not_written_down(app, api):
    assert api.post("/members/999/erasure", {"reason": "asked"}).status_code == 404
    buy(api)
    assert not file_of_erased(app).exists() or lines(app) == []


def back_up(app, folder: Path) -> Path:
    copy = folder / "backup.db"
    source = app.extensions["settings"].database_url.removeprefix("sqlite:///")
    with sqlite3.connect(source) as here, sqlite3.connect(copy) as there:
        here.backup(there)
    return copy


def restore(app, copy: Path) -> None:
    with app.app_context():
        db.engine.dispose()
    file = Path(app.extensions["settings"].database_url.removeprefix("sqlite:///"))
    for left in sqlite_files(file):
        left.unlink()
    shutil.copyfile(copy, file)


@on_sqlite
def test_restored_members_are_erased_again(app, api, cli, tmp_path_factory):
    member = make_person(app, api)
    stays = buy(api, phone=OTHER_PHONE, receipt_no="S-1")["member"]["id"]
    copy = back_up(app, tmp_path_factory.mktemp("backup"))
    late = buy(api, phone=phone(7), receipt_no="L-1")["member"]["id"]
    for erased in (member, late):
        erase(api, erased)

    restore(app, copy)
    assert traces(app, FORMS) != set()
    # The id of the one who came after the backup is given to somebody else.
    newcomer = buy(api, phone=phone(8), receipt_no="N-1")["member"]["id"]
    assert newcomer == late

    result = cli.invoke(args=["privacy", "re-erase"])
    assert (result.exit_code, result.output) == (0, "1 members erased again.\n")
    assert traces(app, FORMS) == set()
    assert ok(api.get("/members", phone=phone(8)))["items"][0]["id"] == newcomer
    assert ok(api.get("/members", phone=OTHER_PHONE))["items"][0]["id"] == stays
    assert cli.invoke(args=["points", "verify"]).exit_code == 0
    assert cli.invoke(args=["privacy", "re-erase"]).output == "0 members erased again.\n"


def test_members_brought_back_by_hand_are_erased_again(app, api, cli):
    """The same on both databases: the member stands there as if never erased."""
    member = buy(api)["member"]["id"]
    erase(api, member)
    change(app, "UPDATE members SET erased_at = NULL, closed_at = NULL, name = 'Back'")
    assert cli.invoke(args=["privacy", "re-erase"]).output == "1 members erased again.\n"
    assert scalar(app, "SELECT name FROM members") is None
