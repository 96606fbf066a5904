"""An import as the pages ask for it: what each verb does, and when it may; what is kept of it."""

from __future__ import annotations

import errno
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import g

from loyalty import scheduler
from loyalty.core import clock
from loyalty.core.access import Actor, Role
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Code
from loyalty.imports import service, storing
from loyalty.imports.member_settings import ImportSettings
from tests.core.rows import change, column, row_counts, scalar
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
    upload,
)
from tests.imports.people import YESTERDAY, kept, people, person, phones
from tests.imports.sheets import workbook
from tests.purchases.receipts import e164, phone
from tests.tags.building import do_jobs
from tests.tags.making import join, make

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
        raise Stopped

    with pytest.raises(Stopped):
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


# -- kept, and looked at -----------------------------------------------------------------------


def test_files_are_deleted_when_their_days_are_over(app):
    view = imported(app)
    change(app, "UPDATE member_imports SET files_until = :at", at=days_ago(app, 1))
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
