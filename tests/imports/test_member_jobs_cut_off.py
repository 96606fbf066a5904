"""An import that was cut off, gone on with, undone, or met an erasure."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest

from loyalty import scheduler
from loyalty.core import clock
from loyalty.core.db import read
from loyalty.core.errors import Code
from loyalty.imports import importing, service, undo_rows
from loyalty.jobs.models import JobState
from loyalty.jobs.worker import Task
from tests.core.rows import change, scalar
from tests.imports.asked import (
    ROWS,
    Stopped,
    checked,
    chosen,
    days_ago,
    do,
    imported,
    receive,
    refusal,
    see,
)
from tests.imports.people import kept, member, person, phones, short_steps
from tests.members.attributes import declare
from tests.purchases.receipts import buy, e164, phone
from tests.tags.building import do_jobs
from tests.tags.making import join

# -- cut off, and gone on with -------------------------------------------------------------


def test_cancelled_import_keeps_what_is_in_and_goes_on_from_there(app, monkeypatch):
    short_steps(monkeypatch, 2)
    view = checked(app, [*ROWS, {"phone": "x"}])
    do(app, service.start, view["id"])
    with _after_step(monkeypatch, 1, lambda: do(app, service.cancel, view["id"])):
        do_jobs(app)
    stopped = see(app, view["id"])
    assert stopped["state"] == "cancelled"
    assert stopped["can_go_on"]
    assert len(phones(app)) == 4  # it ends with the step that was at work
    do(app, service.start, view["id"])
    do_jobs(app)
    done = see(app, view["id"])
    assert done["state"] == "imported"
    assert done["result"] == view["checked"]
    assert phones(app) == [e164(n) for n in range(1, 8)]
    assert scalar(app, "SELECT count(*) FROM imported_members") == 7


@pytest.mark.parametrize("step", [1, 2, 3])
def test_import_of_a_worker_that_died_is_taken_up_again(app, monkeypatch, step):
    short_steps(monkeypatch, 2)
    rows = [*ROWS[:3], {"phone": "0912xxxxxx", "name": "X"}, *ROWS[3:], person(1, name="Again")]
    view = checked(app, rows)
    do(app, service.start, view["id"])

    def die():
        raise Stopped

    with _after_step(monkeypatch, step, die), pytest.raises(Stopped):
        do_jobs(app)
    change(app, "UPDATE jobs SET leased_until = created_at WHERE state = 'running'")
    do_jobs(app)
    done = see(app, view["id"])
    assert done["state"] == "imported"
    assert done["result"] == view["checked"]
    assert done["result"]["duplicate"] == 1
    listed = scalar(app, "SELECT refused_bytes FROM member_imports")
    with app.app_context(), read():
        found = service.refused_of(view["id"])
    assert found.stat().st_size == listed
    assert len(found.read_text(encoding="utf-8-sig").splitlines()) == 2


def test_step_that_was_not_committed_leaves_nothing_in_the_list(app, monkeypatch):
    short_steps(monkeypatch, 1)
    view = checked(app, [{"phone": "x", "name": ""}, {"phone": "y", "name": ""}, ROWS[0]])
    do(app, service.start, view["id"])
    keep, kept_steps = importing._keep, []

    def fail_in_the_second(*arguments, **named):
        keep(*arguments, **named)
        kept_steps.append(arguments)
        if len(kept_steps) == 2:
            raise Stopped

    monkeypatch.setattr(importing, "_keep", fail_in_the_second)
    with pytest.raises(Stopped):
        do_jobs(app)
    change(app, "UPDATE jobs SET leased_until = created_at WHERE state = 'running'")
    do_jobs(app)
    with app.app_context(), read():
        text = service.refused_of(view["id"]).read_text(encoding="utf-8-sig")
    assert [line.split(",")[0] for line in text.splitlines()] == ["line", "2", "3"]
    assert see(app, view["id"])["result"]["refused"] == {"invalid_phone": 2}


@contextmanager
def _after_step(monkeypatch, number, act):
    """`act` happens once so many steps were done."""
    report, done = Task.report, []

    def report_and_act(task, progress, total=None):
        report(task, progress, total)
        done.append(progress)
        if len(done) == number:
            act()

    with monkeypatch.context() as patched:
        patched.setattr(Task, "report", report_and_act)
        yield


# -- undone --------------------------------------------------------------------------------


def test_undone_import(app, api):
    join(api, 1)
    view = imported(app)
    assert member(api, 1)["name"] == "Lan 1"
    assert do(app, service.undo, view["id"])["state"] == "undoing"
    do_jobs(app)
    after = see(app, view["id"])
    assert after["state"] == "undone"
    assert not after["can_undo"]
    assert member(api, 1)["name"] is None
    assert phones(app) == [e164(1)]


@pytest.mark.usefixtures("store")
def test_undo_of_what_was_built_upon_says_so_and_leaves_all(app, api):
    view = imported(app)
    buy(api, phone=phone(3), receipt_no="1")
    do(app, service.undo, view["id"])
    do_jobs(app)
    after = see(app, view["id"])
    assert after["state"] == "imported"
    assert after["error"]["code"] == "built_upon"
    assert len(phones(app)) == 7


def test_import_that_was_cut_off_can_be_undone(app, monkeypatch):
    short_steps(monkeypatch, 2)
    view = checked(app)
    do(app, service.start, view["id"])
    with _after_step(monkeypatch, 2, lambda: do(app, service.cancel, view["id"])):
        do_jobs(app)
    assert see(app, view["id"])["can_undo"]
    do(app, service.undo, view["id"])
    do_jobs(app)
    assert see(app, view["id"])["state"] == "undone"
    assert phones(app) == []


@pytest.mark.usefixtures("store")
def test_import_that_was_cut_off_goes_on_after_an_undo_that_was_refused(app, api, monkeypatch):
    short_steps(monkeypatch, 2)
    view = checked(app)
    do(app, service.start, view["id"])
    with _after_step(monkeypatch, 2, lambda: do(app, service.cancel, view["id"])):
        do_jobs(app)
    buy(api, phone=phone(1), receipt_no="1")
    do(app, service.undo, view["id"])
    do_jobs(app)
    refused = see(app, view["id"])
    assert refused["error"]["code"] == "built_upon"
    assert (refused["can_go_on"], refused["can_undo"]) == (True, True)
    do(app, service.start, view["id"])
    do_jobs(app)
    assert see(app, view["id"])["state"] == "imported"
    assert len(phones(app)) == 7


# -- and an erasure ------------------------------------------------------------------------


def _erase(app, api, number):
    erased = api.post(f"/members/{member(api, number)['id']}/erasure", {"reason": "asked"})
    assert erased.status_code == 200


def test_nobody_comes_back_who_was_erased_while_the_file_was_at_work(app, api, monkeypatch):
    short_steps(monkeypatch, 2)
    join(api, 6)
    view = checked(app)
    do(app, service.start, view["id"])
    with _after_step(monkeypatch, 1, lambda: _erase(app, api, 6)):
        do_jobs(app)
    ended = see(app, view["id"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "files_deleted")
    assert phones(app) == [e164(1), e164(2)]
    assert refusal(lambda: do(app, service.start, view["id"])).code is Code.FILES_DELETED
    with app.app_context():
        scheduler.delete_old_imports()
    assert kept(app) == []
    assert not see(app, view["id"])["can_go_on"]


def test_file_is_looked_through_to_the_end_only_while_it_may_be_kept(app, api, monkeypatch):
    join(api, 6)
    received = receive(app, [person(1, tags="Lan Sáu")])
    settings = chosen(app, received, make_tags=True)
    do(app, service.choose, received["id"], settings)
    with _after_step(monkeypatch, 1, lambda: _erase(app, api, 6)):
        do_jobs(app)
    assert see(app, received["id"])["error"]["code"] == "files_deleted"
    assert see(app, received["id"])["checked"] is None


def test_names_of_new_tags_go_with_the_file(app, api):
    join(api, 6)
    view = imported(app, [person(1, tags="Lan Sáu")], make_tags=True)
    assert (view["checked"]["new_tags"], view["result"]["new_tags"]) == (["Lan Sáu"],) * 2
    _erase(app, api, 6)
    after = see(app, view["id"])
    assert after["result"] == {**view["result"], "new_tags": []}
    assert after["checked"] == {**view["checked"], "new_tags": []}


def test_undo_is_offered_for_thirty_days(app):
    view = imported(app)
    change(app, "UPDATE member_imports SET imported_at = :at", at=days_ago(app, 31))
    assert not see(app, view["id"])["can_undo"]
    assert refusal(lambda: do(app, service.undo, view["id"])).code is Code.NOT_AT_THIS_STAGE
    with app.app_context():
        assert scheduler.forget_old_imports() == 7
    assert scalar(app, "SELECT count(*) FROM imported_members") == 0


def test_what_an_undo_may_need_is_kept(app):
    imported(app)
    with app.app_context():
        assert undo_rows.forget_old(now=clock.now() + timedelta(days=29)) == 0


# -- ended by what it met -----------------------------------------------------------------


def test_attribute_that_went_away_meanwhile_ends_the_import_with_nothing_done(
    app, api, monkeypatch
):
    declare(api, "vehicle", "text")
    view = checked(app, [person(1, vehicle="xe máy")])
    do(app, service.start, view["id"])
    prepare = importing._prepare

    def prepare_and_drop(*arguments):
        work = prepare(*arguments)
        assert api.delete("/attributes/vehicle").status_code == 204
        return work

    monkeypatch.setattr(importing, "_prepare", prepare_and_drop)
    do_jobs(app)
    after = see(app, view["id"])
    assert (after["state"], after["error"]["code"]) == ("failed", "unknown_attribute")
    assert phones(app) == []


def test_disk_that_is_full_ends_the_import_with_a_sentence(app, monkeypatch):
    view = checked(app, [{"phone": "x", "name": ""}, *ROWS])
    do(app, service.start, view["id"])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("loyalty.imports.rejects.os.fsync", full)
    do_jobs(app)
    after = see(app, view["id"])
    assert (after["state"], after["error"]["code"]) == ("failed", "disk_full")
    assert phones(app) == []
    assert scalar(app, "SELECT state FROM jobs ORDER BY id DESC LIMIT 1") == JobState.FAILED
