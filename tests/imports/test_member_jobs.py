"""An import as the pages ask for it: received, checked, started, cut off, gone on with, undone."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import g

from loyalty import scheduler
from loyalty.core import clock
from loyalty.core.access import Actor, Role
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Code, Problem
from loyalty.imports import importing, service, storing, undo_rows
from loyalty.imports.files import Upload
from loyalty.imports.member_settings import ImportSettings
from loyalty.jobs.models import JobState
from loyalty.jobs.worker import Task
from tests.core.rows import change, column, row_counts, scalar
from tests.imports.people import YESTERDAY, kept, member, people, person, phones, short_steps
from tests.imports.sheets import workbook
from tests.members.attributes import declare
from tests.purchases.receipts import buy, e164, phone
from tests.tags.building import do_jobs
from tests.tags.making import join, make

ROWS = [person(n, name=f"Lan {n}") for n in range(1, 8)]


def upload(text):
    return Upload(name="upload.csv", content=text.encode() if isinstance(text, str) else text)


def receive(app, rows=ROWS, *, file_name="list.csv"):
    with app.app_context():
        sent = upload(rows if isinstance(rows, (str, bytes)) else people(rows))
        return in_transaction(lambda: service.receive(sent, file_name=file_name))


def do(app, act, *arguments):
    """One of the service's verbs, in a transaction of its own."""
    with app.app_context():
        return in_transaction(lambda: act(*arguments))


def see(app, import_id):
    with app.app_context(), read():
        return service.get(import_id)


def chosen(app, received, **settings):
    with app.app_context():
        return ImportSettings.from_document({"columns": received["guessed"], **settings})


def checked(app, rows=ROWS, **settings):
    """The view of an import whose file was looked through."""
    received = receive(app, rows)
    view = do(app, service.choose, received["id"], chosen(app, received, **settings))
    assert view["state"] == "checking"
    do_jobs(app)
    return see(app, received["id"])


def imported(app, rows=ROWS, **settings):
    view = checked(app, rows, **settings)
    assert do(app, service.start, view["id"])["state"] == "importing"
    do_jobs(app)
    return see(app, view["id"])


def refusal(act):
    with pytest.raises(Problem) as why:
        act()
    return why.value


# -- from the file to the members ------------------------------------------------------


def test_received_file_shows_its_header_its_first_rows_and_what_they_seem_to_be(app):
    view = receive(app, file_name="khách hàng.csv")
    assert view["state"] == "received"
    assert view["file_name"] == "khách hàng.csv"
    assert view["header"] == ["phone", "name"]
    assert view["samples"] == [[phone(n), f"Lan {n}"] for n in range(1, 6)]
    assert view["guessed"] == {"phone": 0, "name": 1}
    assert view["encoding"] == "utf-8"
    assert (view["can_undo"], view["can_go_on"], view["earlier"]) == (False, False, None)


def test_files_are_for_the_service_alone(app):
    receive(app)
    assert {path.stat().st_mode & 0o777 for path in kept(app)} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in kept(app)} == {0o700}


@pytest.mark.parametrize("content", ["", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04junk"])
def test_bad_file_is_refused_with_a_sentence_and_leaves_nothing(app, content):
    why = refusal(lambda: receive(app, content))
    assert why.code is Code.BAD_FILE
    assert why.errors["file"][0].endswith((".", "?"))
    assert kept(app) == []
    assert scalar(app, "SELECT count(*) FROM member_imports") == 0


def test_a_phone_in_the_name_of_a_file_is_not_kept(app):
    assert receive(app, file_name="0912000001\n.csv")["file_name"] == "•••.csv"


def test_check_then_import(app, api):
    join(api, 1, name="Lan 1")
    rows = [*ROWS, {"phone": "0912xxxxxx", "name": "X"}]
    before = row_counts(app)
    view = checked(app, rows)
    after = row_counts(app)
    grown = {name for name in after if after[name] != before[name]}
    assert grown == {"member_imports", "jobs", "audit_events"}
    assert view["state"] == "checked"
    assert view["checked"]["created"] == 6
    assert view["checked"]["examples"] == {
        "unchanged": [2],
        "created": [3, 4, 5, 6, 7, 8],
        "invalid_phone": [9],
    }
    with app.app_context(), read():
        assert "invalid_phone" in service.refused_of(view["id"]).read_text()
    do(app, service.start, view["id"])
    do_jobs(app)
    done = see(app, view["id"])
    assert done["state"] == "imported"
    assert done["result"] == {**done["checked"], "examples": done["result"]["examples"]}
    assert (done["progress"], done["total"], done["refused"]) == (9, 9, 1)
    assert done["can_undo"]
    assert len(phones(app)) == 7


def test_members_are_remembered_as_made_by_whoever_asked(app):
    manager = Actor(kind="person", id=7, name="Mai", role=Role.MANAGER)
    with app.app_context():
        g.actor = manager
        view = in_transaction(lambda: service.receive(upload(people(ROWS)), file_name="list.csv"))
        settings = ImportSettings.from_document({"columns": view["guessed"]})
        in_transaction(lambda: service.choose(view["id"], settings))
    do_jobs(app)
    with app.app_context():
        g.actor = manager
        in_transaction(lambda: service.start(view["id"]))
    do_jobs(app)
    by = column(app, "SELECT actor FROM audit_events WHERE action = 'members.import'")
    assert by == ["person:7"]


def test_settings_are_kept_as_they_were_chosen(app, api):
    make(api, "VIP")
    given = {
        "on_duplicate": "newest",
        "tags": ["vip"],
        "make_tags": True,
        "consent": {"channels": ["zalo", "sms"], "given_on": YESTERDAY, "proof": "forms"},
    }
    view = checked(app, **given)
    with app.app_context():
        assert ImportSettings.from_document(view["settings"]).to_document() == view["settings"]
    assert view["settings"]["consent"]["channels"] == ["sms", "zalo"]


WRONG_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"columns": {"name": 1}}, "phone"),
    ({"columns": {"phone": 2}}, "phone"),
    ({"columns": {"phone": 0, "shoe": 1}}, "shoe"),
    ({"columns": {"phone": 0, "name": 0}}, "name"),
    ({"columns": {"phone": -1}}, "columns"),
    ({"on_duplicate": "guess"}, "on_duplicate"),
    ({"encoding": "rot13"}, "encoding"),
    ({"consent": {"channels": [], "given_on": YESTERDAY, "proof": "x"}}, "channels"),
    ({"consent": {"channels": ["sms"], "given_on": "2999-01-01", "proof": "x"}}, "given_on"),
    ({"column_consent": {"given_on": YESTERDAY, "proof": " "}}, "proof"),
    ({"tags": ["No Slug"]}, "tags"),
    ({"shoe": 1}, "shoe"),
]


def test_wrong_settings_are_refused_where_they_are_wrong(app):
    received = receive(app)
    for wrong, where in WRONG_SETTINGS:
        document = {"columns": received["guessed"], **wrong}

        def choose(document=document):
            do(app, service.choose, received["id"], ImportSettings.from_document(document))

        with app.app_context():
            why = refusal(choose)
        assert why.code is Code.INVALID_REQUEST, wrong
        assert where in str(why.errors), wrong
    assert see(app, received["id"])["state"] == "received"


def test_other_encoding_is_shown_as_it_reads(app):
    text = people([person(1, name="Lê Thị Bưởi")])
    received = receive(app, text.encode("utf-8"))
    settings = chosen(app, received, encoding="cp1258")
    view = do(app, service.choose, received["id"], settings)
    assert view["encoding"] == "cp1258"
    assert view["samples"][0][1] != "Lê Thị Bưởi"


def test_opening_balances_are_a_managers(app):
    view = checked(app, [person(1, points="5")], opening_points=True)
    settings = chosen(app, view, opening_points=True)
    for verb, arguments in (
        (service.choose, (view["id"], settings)),
        (service.start, (view["id"],)),
    ):
        assert _refused_to_marketing(app, verb, *arguments) is Code.FORBIDDEN
    do(app, service.start, view["id"])
    do_jobs(app)
    for way_back in (service.undo, service.undo_here):
        assert _refused_to_marketing(app, way_back, view["id"]) is Code.FORBIDDEN
    do(app, service.undo, view["id"])
    do_jobs(app)
    assert see(app, view["id"])["state"] == "undone"


def _refused_to_marketing(app, verb, *arguments):
    with app.app_context():
        g.actor = Actor(kind="person", id=1, name="", role=Role.MARKETING)
        return refusal(partial(in_transaction, partial(verb, *arguments))).code


# -- what cannot be at this stage --------------------------------------------------------


def test_each_verb_has_its_stage(app):
    received = receive(app)
    number = received["id"]
    settings = chosen(app, received)
    assert refusal(lambda: do(app, service.start, number)).code is Code.NOT_AT_THIS_STAGE
    assert refusal(lambda: do(app, service.undo, number)).code is Code.NOT_AT_THIS_STAGE
    assert refusal(lambda: do(app, service.cancel, number)).code is Code.WORK_ENDED
    do(app, service.choose, number, settings)
    assert refusal(lambda: do(app, service.choose, number, settings)).code is Code.WORK_GOES_ON
    assert refusal(lambda: do(app, service.start, number)).code is Code.WORK_GOES_ON
    do_jobs(app)
    do(app, service.choose, number, settings)
    do_jobs(app)
    do(app, service.start, number)
    do_jobs(app)
    assert refusal(lambda: do(app, service.start, number)).code is Code.NOT_AT_THIS_STAGE
    assert refusal(lambda: do(app, service.choose, number, settings)).code is Code.NOT_AT_THIS_STAGE


@pytest.mark.parametrize("verb", ["get", "start", "cancel", "undo", "refused_of"])
def test_import_that_is_not_there(app, verb):
    why = refusal(lambda: do(app, getattr(service, verb), 77))
    assert why.code is Code.UNKNOWN_IMPORT


def test_files_that_were_deleted_meanwhile(app):
    view = checked(app)
    do(app, lambda: service.delete_old(now=clock.now() + timedelta(days=8)))
    assert kept(app) == []
    assert refusal(lambda: do(app, service.start, view["id"])).code is Code.FILES_DELETED
    assert refusal(lambda: do(app, service.refused_of, view["id"])).code is Code.FILES_DELETED
    assert see(app, view["id"])["header"] == []


def test_file_of_a_receipt_that_was_rolled_back_is_never_read(app):
    """Its id comes back in SQLite, and what is kept is found by the id."""

    def fail(text):
        service.receive(upload(text), file_name="other.csv")
        raise _Stopped

    with pytest.raises(_Stopped):
        do(app, fail, people([person(9, name="Somebody else")]))
    sheet = workbook([("phone", "name"), (phone(1), "Lan")])
    view = imported(app, sheet)
    assert view["samples"] == [[phone(1), "Lan"]]
    assert phones(app) == [e164(1)]
    with app.app_context():
        found = storing.upload_of(view["id"])
    assert found
    assert found.name == "upload.xlsx"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_said_and_nothing_is_kept(app, monkeypatch, number):
    def fail(_):
        raise OSError(number, "full")

    monkeypatch.setattr("loyalty.imports.storing.os.fsync", fail)
    before = row_counts(app)
    assert refusal(lambda: receive(app)).code is Code.DISK_FULL
    assert row_counts(app) == before
    assert kept(app) == []


def test_file_that_was_sent_is_in_the_log(app):
    view = receive(app)
    logged = "SELECT details FROM audit_events WHERE action = 'member.import' AND object_id = :id"
    details = scalar(app, logged, id=str(view["id"]))
    assert "received" in str(details)


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


class _Stopped(BaseException):
    """A worker that is there no more: nothing is written down."""


@pytest.mark.parametrize("step", [1, 2, 3])
def test_import_of_a_worker_that_died_is_taken_up_again(app, monkeypatch, step):
    short_steps(monkeypatch, 2)
    rows = [*ROWS[:3], {"phone": "0912xxxxxx", "name": "X"}, *ROWS[3:], person(1, name="Again")]
    view = checked(app, rows)
    do(app, service.start, view["id"])

    def die():
        raise _Stopped

    with _after_step(monkeypatch, step, die), pytest.raises(_Stopped):
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
            raise _Stopped

    monkeypatch.setattr(importing, "_keep", fail_in_the_second)
    with pytest.raises(_Stopped):
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
    change(app, "UPDATE member_imports SET imported_at = :at", at=_ago(app, 31))
    assert not see(app, view["id"])["can_undo"]
    assert refusal(lambda: do(app, service.undo, view["id"])).code is Code.NOT_AT_THIS_STAGE
    with app.app_context():
        assert scheduler.forget_old_imports() == 7
    assert scalar(app, "SELECT count(*) FROM imported_members") == 0


def test_what_an_undo_may_need_is_kept(app):
    imported(app)
    with app.app_context():
        assert undo_rows.forget_old(now=clock.now() + timedelta(days=29)) == 0


# -- kept, and looked at -----------------------------------------------------------------------


def test_files_are_deleted_when_their_days_are_over(app):
    view = imported(app)
    change(app, "UPDATE member_imports SET files_until = :at", at=_ago(app, 1))
    with app.app_context():
        assert scheduler.delete_old_imports() == 1
        assert scheduler.delete_old_imports() == 0
    assert kept(app) == []
    assert see(app, view["id"])["files_deleted_at"] is not None


def test_files_of_an_import_that_never_came_to_be_are_deleted(app):
    folder = app.extensions["settings"].data_dir / "imports" / "77"
    folder.mkdir(parents=True)
    (folder / "upload.csv").write_text("x")
    now = clock.now()
    do(app, lambda: service.delete_old(now=now))
    assert kept(app)
    do(app, lambda: service.delete_old(now=now + timedelta(days=2)))
    assert kept(app) == []


def test_imports_are_listed_newest_first(app, monkeypatch):
    monkeypatch.setattr("loyalty.imports.views.PAGE_ROWS", 2)
    ids = [receive(app)["id"] for _ in range(3)]
    with app.app_context(), read():
        first, cursor = service.page()
        second, end = service.page(after=int(cursor or 0))
    assert [[view["id"] for view in page] for page in (first, second)] == [
        [ids[2], ids[1]],
        [ids[0]],
    ]
    assert end is None


def test_same_file_sent_again_names_the_import_before(app):
    first = imported(app)
    assert receive(app)["earlier"] == {"id": first["id"], "state": "imported"}


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


def _ago(app, days):
    moment = clock.now() - timedelta(days=days)
    on_sqlite = app.extensions["settings"].is_sqlite
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f") if on_sqlite else moment
