"""Erased is beyond recovery: the bytes of the files and every cell of every table are read."""

from __future__ import annotations

import logging

import pytest

from loyalty.jobs import worker
from tests.core.rows import column, scalar
from tests.privacy.person import E164, EMAIL, FORMS, NAME, OLD_NAME, make_others, make_person, ok
from tests.privacy.traces import in_text, traces

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


def work(app) -> int:
    with app.app_context():
        return worker.run_waiting(worker="test")


def test_nothing_of_an_erased_member_is_left(
    app, api, cli, cashier_api, tmp_path_factory, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    make_others(app, api, range(1_000))
    member_id = make_person(app, api)
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
