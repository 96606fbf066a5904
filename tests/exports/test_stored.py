"""Files on the disk: who can read them, until when they are kept, and that none holds an erased
member."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from loyalty import scheduler
from loyalty.core import clock
from loyalty.core.db import in_transaction
from loyalty.exports import kept, service, storing
from tests.core.rows import change, column
from tests.exports.meanwhile import after_writing
from tests.exports.ordering import (
    ON_SQLITE,
    exported,
    fetch,
    group,
    manifest,
    order,
    person,
    rows,
    see,
    stored,
)

pytestmark = pytest.mark.usefixtures("store")


def forget(app, member_id: int) -> None:
    with app.app_context():
        in_transaction(lambda: service.forget(member_id))


def kept_of(app, export_id: int) -> set[int]:
    with app.app_context():
        return set(in_transaction(lambda: kept.members_in(export_id)))


@ON_SQLITE
def test_only_the_service_itself_can_read_them(app, api):
    group(app, api, [person(api, 1)])
    view = exported(app, api)
    with app.app_context():
        folder = storing.folder_of(view["id"])
    for place in (folder.parent, folder):
        assert place.stat().st_mode & 0o777 == 0o700
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_they_are_deleted_when_their_days_are_over_and_the_row_stays(app, api):
    group(app, api, [person(api, 1)])
    view = exported(app, api)
    days = app.extensions["settings"].files_days
    until = clock.now() + timedelta(days=days)
    assert abs(datetime.fromisoformat(view["files_until"]) - until) < timedelta(minutes=1)
    with time_machine.travel(until - timedelta(minutes=2)), app.app_context():
        assert scheduler.delete_old_exports() == 0
        assert fetch(api, view["id"], "manifest.json")
    with time_machine.travel(until + timedelta(minutes=2)), app.app_context():
        assert scheduler.delete_old_exports() == 1
        assert scheduler.delete_old_exports() == 0
        answer = api.get(f"/exports/{view['id']}/files/manifest.json")
    assert (answer.status_code, answer.get_json()["code"]) == (410, "files_deleted")
    assert stored(app) == []
    after = see(api, view["id"])
    assert after["files_deleted_at"] is not None
    assert (after["rows"], after["files"], after["steps"]) == (1, view["files"], view["steps"])


@ON_SQLITE
def test_files_that_vanished_are_said_to_be_deleted(app, api):
    group(app, api, [person(api, 1)])
    view = exported(app, api)
    with app.app_context():
        storing.delete([view["id"]])
    assert api.get(f"/exports/{view['id']}/files/manifest.json").status_code == 410


def test_what_killed_work_left_is_swept_and_nothing_else(app, api):
    group(app, api, [person(api, 1)])
    done = exported(app, api)["id"]
    waiting = order(api)["id"]
    cancelled = order(api, limit=5)["id"]
    api.post(f"/exports/{cancelled}/cancel")
    with app.app_context():
        for export_id in (waiting, cancelled, 999):
            folder = storing.folder_of(export_id)
            folder.mkdir()
            (folder / "left.csv.part").touch()
        scheduler.delete_old_exports()
    left = {name.partition("/")[0] for name in stored(app)}
    assert left == {str(done), str(waiting)}


@ON_SQLITE
def test_folder_that_an_earlier_worker_took_away_at_its_end_is_made_again(app):
    with app.app_context(), storing.begun(7) as folder:
        folder.rmdir()
        with storing.working(folder) as here:
            assert here.is_dir()
        assert folder.stat().st_mode & 0o777 == 0o700


# -- an erasure ---------------------------------------------------------------------------


def test_erased_member_is_in_no_file_and_in_nothing_kept(app, api):
    stays, goes = person(api, 1), person(api, 2)
    group(app, api, [stays, goes])
    group(app, api, [stays], slug="other")
    held, untouched = exported(app, api)["id"], exported(app, api, "other")["id"]
    forget(app, goes)
    assert kept_of(app, held) == {stays}
    assert api.get(f"/exports/{held}/files/manifest.json").status_code == 410
    assert see(api, held)["files_deleted_at"] is not None
    assert {name.partition("/")[0] for name in stored(app)} == {str(untouched)}
    forget(app, stays)
    assert column(app, "SELECT members FROM export_chunks") == []
    assert stored(app) == []


def test_erased_member_is_not_in_the_list_of_who_went_either(app, api):
    stays, goes = person(api, 1), person(api, 2)
    group(app, api, [stays, goes])
    earlier = exported(app, api, columns=["id"])
    api.post("/tags/tag-g/members", {"remove": ["0912000002"]})
    delta = exported(app, api, columns=["id"], since_export=earlier["id"])
    assert [file["rows"] for file in delta["files"]] == [1]
    forget(app, goes)
    assert stored(app) == []
    assert api.get(f"/exports/{delta['id']}/files/manifest.json").status_code == 410


def test_erasure_of_one_who_went_is_told_to_nobody(app, api):
    """Of an erased member nothing is told any more, not even that they went."""
    stays, goes, erased = (person(api, number) for number in range(3))
    group(app, api, [stays, goes, erased])
    earlier = exported(app, api, columns=["id"])
    api.post("/tags/tag-g/members", {"remove": ["0912000001"]})
    assert api.post(f"/members/{erased}/erasure", {"reason": "asked"}).status_code == 200
    delta = exported(app, api, columns=["id"], since_export=earlier["id"])
    assert [list(row.values()) for row in rows(api, delta)] == [[str(goes)]]
    assert manifest(api, delta["id"])["rows"] == 1


def test_command_whose_row_is_deleted_while_it_runs_says_so(app, api, cli, tmp_path, monkeypatch):
    group(app, api, [person(api, 1)])
    after_writing(monkeypatch, lambda: change(app, "DELETE FROM exports"))
    asked = ["--format", "csv", "--out", str(tmp_path)]
    done = cli.invoke(args=["audiences", "export", "g", *asked])
    assert done.exit_code == 1
    assert "There is no such export." in done.output
    assert list(tmp_path.iterdir()) == []


def test_who_was_in_an_export_is_forgotten_after_thirteen_months(app, api):
    group(app, api, [person(api, 1)])
    old = exported(app, api)
    recent = clock.now() + timedelta(days=200)
    over = datetime.fromisoformat(old["as_of"]) + kept.COMPARABLE
    with time_machine.travel(recent):
        newer = exported(app, api)["id"]
    with time_machine.travel(over - timedelta(hours=1)), app.app_context():
        assert scheduler.forget_old_exports() == 0
        assert order(api, since_export=old["id"])["state"] == "queued"
    with time_machine.travel(over + timedelta(hours=1)):
        body = {"format": "csv", "reach": "sms", "purpose": "x", "since_export": old["id"]}
        assert api.post("/audiences/g/exports", body).get_json()["code"] == "not_comparable"
    with time_machine.travel(over + timedelta(days=2)), app.app_context():
        scheduler.delete_old_exports()
        assert scheduler.forget_old_exports() == 1
        assert scheduler.forget_old_exports() == 0
    assert column(app, "SELECT export_id FROM export_chunks") == [newer]
    assert see(api, old["id"])["rows"] == 1


def test_who_is_in_files_that_still_stand_is_not_forgotten(app, api):
    """Else an erasure would not find the files: those of the export, and those of what changed
    since it."""
    first = person(api, 1)
    group(app, api, [first])
    earlier = exported(app, api)
    over = datetime.fromisoformat(earlier["as_of"]) + kept.COMPARABLE
    api.post("/tags/tag-g/members", {"remove": ["0912000001"]})
    with time_machine.travel(over - timedelta(hours=1)):
        exported(app, api, since_export=earlier["id"])
    with time_machine.travel(over + timedelta(days=2)), app.app_context():
        scheduler.delete_old_exports()
        assert scheduler.forget_old_exports() == 0
        assert stored(app)
        forget(app, first)
        assert stored(app) == []


def test_command_that_was_killed_leaves_no_row_for_ever(app, api):
    group(app, api, [person(api, 1)])
    exported(app, api)
    change(app, "UPDATE exports SET job_id = NULL, rows = NULL, manifest = NULL")
    assert see(api, 1)["state"] == "running"
    with time_machine.travel(clock.now() + timedelta(days=2)), app.app_context():
        scheduler.delete_old_exports()
    assert column(app, "SELECT id FROM exports") == []
