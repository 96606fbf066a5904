"""Erased is beyond recovery: the bytes of the files and every cell of every table are read."""

from __future__ import annotations

import logging

import pytest

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.imports import service as imports
from loyalty.imports import storing
from loyalty.imports.member_settings import ImportSettings
from tests.core.rows import column, scalar
from tests.privacy.person import (
    BIRTH_DATE,
    E164,
    EMAIL,
    FORMS,
    NAME,
    OLD_NAME,
    PHONE,
    export_everybody,
    import_file,
    make_others,
    make_person,
    ok,
    send_file,
    take_part,
    work,
)
from tests.privacy.traces import in_text, traces
from tests.purchases.receipts import problem

pytestmark = pytest.mark.usefixtures("store")


def import_a_purchase(cli, folder) -> None:
    """From a file that the operator keeps elsewhere."""
    file = folder / "purchases.csv"
    file.write_text(
        "phone,store,receipt_no,amount,purchased_at,name\n"
        f'0966777155,S01,I-1,90000,2026-01-02 10:00,"{NAME}"\n',
        encoding="utf-8",
    )
    assert cli.invoke(args=["purchases", "import", str(file)]).exit_code == 0
    file.unlink()


def test_nothing_of_an_erased_member_is_left(
    app, api, cli, cashier_api, tmp_path_factory, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    make_others(app, api, range(1_000))
    member_id = make_person(app, api)
    take_part(app, api, member_id)
    import_a_purchase(cli, tmp_path_factory.mktemp("elsewhere"))
    make_others(app, api, range(1_000, 2_000))
    # Replays that are kept under keys of their own, by another caller too.
    before = {form for _, form in traces(app, FORMS)}
    assert {NAME, OLD_NAME, EMAIL, E164, "1987-03-19"} <= before
    places = {place for place, _ in traces(app, FORMS)}
    assert places > {"members", "member_phones", "purchases", "idempotency_keys"}

    answer = ok(api.post(f"/members/{member_id}/erasure", {"reason": f"asked by {NAME}"}))
    assert set(answer) == {"erased_at"}
    assert work(app) == 1

    assert traces(app, FORMS) == set()
    assert in_text(caplog.text + "".join(capfd.readouterr()), FORMS) == set()
    assert api.get("/members", phone="0966777155").get_json()["items"] == []
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output
    assert scalar(app, "SELECT points FROM members WHERE id = :id", id=member_id) == 0
    assert scalar(app, "SELECT state FROM jobs") == "done"
    reasons = column(app, "SELECT reason FROM audit_events WHERE action = 'rights.erase'")
    assert reasons == ["asked by •••"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_scan_finds_what_the_purge_takes_out(app, api):
    """Without the purge the log of before still holds the person: the scan is no formality."""
    member_id = make_person(app, api)
    ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))
    assert {place for place, _ in traces(app, FORMS)} != set()
    assert work(app) == 1
    assert traces(app, FORMS) == set()


FULL_ROW = f"{PHONE},{OLD_NAME},{EMAIL},{BIRTH_DATE}"
COLUMNS = ImportSettings.from_document({"columns": {"phone": 0, "name": 1, "email": 2}})
REFUSED_ROW = f"{PHONE},{NAME},no e-mail address,"


def test_no_file_is_left_that_the_erased_member_is_in(app, api):
    """Sent, refused, exported: in files of the member and in those of others who name them."""
    member_id = make_person(app, api)
    import_file(app, FULL_ROW)
    refused = import_file(app, "0912000001,Ai đó,,", REFUSED_ROW)
    waiting = send_file(app, FULL_ROW)
    file = export_everybody(app, api)
    assert api.get(file).status_code == 200
    places = {place for place, _ in traces(app, FORMS)}
    assert places > {"upload.csv", "refused.csv", "about.json", "imported_members"}

    ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))
    assert work(app) == 1
    assert traces(app, FORMS) == set()
    problem(api.get(file), 410, "files_deleted")
    gone = column(app, "SELECT id FROM member_imports WHERE files_deleted_at IS NOT NULL")
    assert {refused, waiting} <= set(gone)
    assert len(column(app, "SELECT id FROM members WHERE closed_at IS NULL")) == 1


def test_file_that_is_worked_on_goes_when_that_has_ended(app, api):
    """Its worker still reads it, and sets no later deadline when it is through."""
    member_id = make_person(app, api)
    waiting = send_file(app, REFUSED_ROW)
    with app.app_context(), transaction():
        imports.choose(waiting, COLUMNS)
    assert work(app) == 1
    with app.app_context(), transaction():
        imports.start(waiting)
    ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))
    assert work(app) == 2
    assert {place for place, _ in traces(app, FORMS)} == {"upload.csv", "refused.csv", "about.json"}
    with app.app_context(), transaction():
        imports.delete_old(now=clock.now())
    assert traces(app, FORMS) == set()


def test_erasure_is_done_where_files_cannot_be_deleted(app, api, monkeypatch):
    """The scheduler tries again: what the erasure promised stands in the rows."""
    member_id = make_person(app, api)
    send_file(app, FULL_ROW)

    def fail(import_id):
        raise OSError("the disk is away")

    with monkeypatch.context() as broken:
        broken.setattr(storing, "delete", fail)
        ok(api.post(f"/members/{member_id}/erasure", {"reason": "asked"}))
    assert work(app) == 1
    assert {place for place, _ in traces(app, FORMS)} == {"upload.csv", "about.json"}
    with app.app_context(), transaction():
        imports.delete_old(now=clock.now())
    assert traces(app, FORMS) == set()
