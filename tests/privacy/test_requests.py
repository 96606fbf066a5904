"""Members' requests: tracked with both dates, shown when due, ended by what was asked."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.privacy import service
from tests.api import Api
from tests.core.rows import column, scalar
from tests.databases import running_app
from tests.privacy.person import ok
from tests.purchases.receipts import PHONE, buy, problem
from tests.shop import make_key, make_store

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def member(api) -> int:
    return buy(api)["member"]["id"]


def ask(api, member_id: int, kind: str, **more):
    return ok(api.post(f"/members/{member_id}/rights-requests", {"kind": kind, **more}))


def requests_of(api, member_id: int):
    return ok(api.get(f"/members/{member_id}/rights-requests"))["items"]


def state_of(api, member_id: int, kind: str) -> str:
    [state] = [row["state"] for row in requests_of(api, member_id) if row["kind"] == kind]
    return state


def steps(app) -> list[str]:
    query = "SELECT CAST(details AS TEXT) FROM audit_events WHERE action = 'rights.handle'"
    return [json.loads(details)["step"] for details in column(app, f"{query} ORDER BY id")]


def test_request_has_both_dates_and_goes_its_way(app, api, member):
    with time_machine.travel("2026-11-23T02:00:00Z", tick=False):
        made = ask(api, member, "copy", via="mail", note="wants a file")
        assert made["law"] == "VN"
        assert made["answer_due"] == "2026-11-25T17:00:00Z"
        assert made["done_due"] == "2026-12-03T17:00:00Z"
        assert (made["state"], made["overdue"], made["received_via"]) == ("open", False, "mail")
        answered = ok(api.post(f"/rights-requests/{made['id']}/answer"))
        assert (answered["state"], answered["answered_at"]) == ("answered", "2026-11-23T02:00:00Z")
        done = ok(api.post(f"/rights-requests/{made['id']}/finish", {}))
        assert (done["state"], done["ended_at"]) == ("done", "2026-11-23T02:00:00Z")
    assert steps(app) == ["received", "answered", "done"]
    assert ok(api.get("/rights-requests", state="open"))["items"] == []


def test_same_kind_again_while_open_is_the_one_that_is_there(api, member):
    first = ask(api, member, "erase")
    assert ask(api, member, "erase")["id"] == first["id"]
    ok(api.post(f"/rights-requests/{first['id']}/refuse", {"reason": "not the person"}))
    assert ask(api, member, "erase")["id"] != first["id"]


def test_soonest_due_stands_first_and_overdue_is_said(api, cli, member):
    received = clock.now() - timedelta(days=12)
    ask(api, member, "erase", received_at=received.isoformat())
    ask(api, member, "restrict")
    late = ask(api, member, "copy", received_at=received.isoformat())
    ok(api.post(f"/rights-requests/{late['id']}/answer"))
    items = ok(api.get("/rights-requests"))["items"]
    assert [row["kind"] for row in items] == ["erase", "copy", "restrict"]
    flags = {row["kind"]: (row["answer_overdue"], row["done_overdue"]) for row in items}
    assert flags == {"copy": (False, True), "erase": (True, False), "restrict": (False, False)}
    said = cli.invoke(args=["privacy", "requests"]).output.splitlines()
    assert [line.endswith("OVERDUE") for line in said] == [True, True, False]


def test_steps_are_safe_to_repeat_and_an_end_is_an_end(app, api, member):
    request = ask(api, member, "correct")
    for _ in range(2):
        ok(api.post(f"/rights-requests/{request['id']}/answer"))
    for _ in range(2):
        ok(api.post(f"/rights-requests/{request['id']}/finish"))
    refusal = {"reason": "too late"}
    for step, body in (("answer", None), ("refuse", refusal)):
        answer = api.post(f"/rights-requests/{request['id']}/{step}", body)
        problem(answer, 409, "rights_request_ended")
    refused = ask(api, member, "copy")
    for _ in range(2):
        ok(api.post(f"/rights-requests/{refused['id']}/refuse", refusal))
    problem(api.post(f"/rights-requests/{refused['id']}/finish"), 409, "rights_request_ended")
    assert steps(app) == ["received", "answered", "done", "received", "refused"]
    assert scalar(app, "SELECT reason FROM audit_events ORDER BY id DESC LIMIT 1") == "too late"


def test_act_ends_the_request_for_it(app, api, member):
    for kind in ("restrict", "object", "copy"):
        ask(api, member, kind)
    body = {"restricted": True, "reason": "asked by mail"}
    first = ok(api.put(f"/members/{member}/restriction", body))
    assert first["restricted_at"] is not None
    assert ok(api.put(f"/members/{member}/restriction", body)) == first
    assert state_of(api, member, "restrict") == "done"
    with app.app_context():
        for _ in range(2):
            with transaction():
                service.object_to_marketing(member, via="desk")
            with transaction():
                assert service.status(member)["objected_at"] is not None
    assert (state_of(api, member, "object"), state_of(api, member, "copy")) == ("done", "open")
    lifted = {"restricted": False, "reason": "asked again"}
    assert ok(api.put(f"/members/{member}/restriction", lifted)) == {"restricted_at": None}
    events = column(app, "SELECT reason FROM audit_events WHERE action = 'rights.restrict'")
    assert events == ["asked by mail", "asked again"]
    assert scalar(app, "SELECT count(*) FROM audit_events WHERE action = 'rights.object'") == 1


def test_erasure_ends_every_request_and_empties_notes(app, api, member):
    for kind in ("copy", "withdraw", "erase"):
        ask(api, member, kind, note="by the lady herself")
    ok(api.post(f"/members/{member}/erasure", {"reason": "asked"}))
    found = {row["kind"]: (row["state"], row["note"]) for row in requests_of(api, member)}
    assert found == {"copy": ("refused", None), "withdraw": ("done", None), "erase": ("done", None)}
    again = api.post(f"/members/{member}/rights-requests", {"kind": "copy"})
    problem(again, 409, "member_erased")


BAD_BODIES = [
    {},
    {"kind": "everything"},
    {"kind": "copy", "state": "done"},
    {"kind": "copy", "law": "TH"},
    {"kind": "copy", "via": "telepathy"},
    {"kind": "copy", "note": "x" * 501},
    {"kind": "copy", "received_at": "yesterday"},
    {"kind": ["copy"]},
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=str)
def test_bad_request_is_refused_and_nothing_kept(app, api, member, body):
    problem(api.post(f"/members/{member}/rights-requests", body), 422, "invalid_request")
    assert scalar(app, "SELECT count(*) FROM rights_requests") == 0


def test_refusals_by_name(api, member):
    ahead = (clock.now() + timedelta(hours=1)).isoformat()
    path = f"/members/{member}/rights-requests"
    problem(api.post(path, {"kind": "copy", "received_at": ahead}), 422, "in_the_future")
    problem(api.post("/members/999/rights-requests", {"kind": "copy"}), 404, "unknown_member")
    problem(api.get("/members/999/rights-requests"), 404, "unknown_member")
    problem(api.post("/rights-requests/999/answer"), 404, "unknown_rights_request")
    problem(api.get("/rights-requests", state="done"), 422, "invalid_request")
    request = ask(api, member, "copy")
    problem(api.post(f"/rights-requests/{request['id']}/refuse", {}), 422, "invalid_request")
    sneaky = api.post(f"/rights-requests/{request['id']}/finish", {"state": "refused"})
    problem(sneaky, 422, "invalid_request")
    for body in ({"restricted": "yes", "reason": "x"}, {"restricted": 1, "reason": "x"}, {}):
        problem(api.put(f"/members/{member}/restriction", body), 422, "invalid_request")
    problem(api.post(f"/members/{member}/erasure", {}), 422, "invalid_request")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_thai_phone_in_a_thai_shop_has_thirty_days(environ):
    thai = {**environ, "LOYALTY_DEFAULT_REGION": "TH", "LOYALTY_CURRENCY": "THB"}
    with running_app({**thai, "LOYALTY_TIME_ZONE": "Asia/Bangkok"}) as app:
        make_store(app, "S02")
        api = Api(app.test_client(), make_key(app))
        for phone, law in (("081 234 5678", "TH"), ("+84" + PHONE.replace(" ", "")[1:], "VN")):
            member = buy(api, phone=phone, store="S02", receipt_no=law)["member"]["id"]
            assert ask(api, member, "erase")["law"] == law
