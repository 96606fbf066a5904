"""The log is found by who, what, on what and when; a bounded manager reads no other store's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from loyalty.audit import service as audit
from loyalty.audit.models import AuditEvent
from loyalty.core.access import Actor, Role
from loyalty.core.db import db, read
from tests.api import Api
from tests.audit.events import START, event, write
from tests.purchases.receipts import buy, problem
from tests.shop import make_store

EVENTS = [
    event(0, action="staff.create", object_kind="staff", object_id="7", actor="person:1"),
    event(1, action="member.view", object_id="12", actor="person:7", reason="asked by phone"),
    event(2, action="member.change", object_id="12", actor="person:7", details={"fields": ["x"]}),
    event(3, action="member.view", object_id="13", actor="key:1", address="192.0.2.7"),
    event(4, action="purchase.void", object_kind="purchase", object_id="12", actor="key:99"),
]
WAYS_TO_ASK = [
    ({}, [4, 3, 2, 1, 0]),
    ({"actor": "person:7"}, [2, 1]),
    ({"action": "member.view"}, [3, 1]),
    ({"object_kind": "member"}, [3, 2, 1]),
    ({"object_kind": "member", "object_id": "12"}, [2, 1]),
    ({"actor": "person:7", "action": "member.view"}, [1]),
    ({"since": "2026-11-01T00:03:00Z"}, [4, 3]),
    ({"until": "2026-11-01T00:01:00Z"}, [0]),
    ({"since": "2026-11-01T07:01:00+07:00", "until": "2026-11-01T07:03:00+07:00"}, [2, 1]),
    ({"actor": "person:1234"}, []),
    ({"action": "member.view'; DROP TABLE audit_events; --"}, []),
]


def made(answer):
    """Which of EVENTS an answer holds, by their minute."""
    return [
        int(item["at"][14:16])
        for item in answer.get_json()["items"]
        if item["at"].startswith("2026-11-01")
    ]


@pytest.mark.parametrize(("query", "minutes"), WAYS_TO_ASK)
def test_events_are_found_newest_first(app, api, query, minutes):
    write(app, *EVENTS)
    assert made(api.get("/audit", **query)) == minutes


def test_an_event_says_who_what_on_what_when_from_where_and_why(app, api, store):
    purchase_id = buy(api)["purchase"]["id"]
    api.post(f"/purchases/{purchase_id}/void", {"reason": "typed twice"})
    [item] = api.get("/audit", action="purchase.void").get_json()["items"]
    assert item.pop("at").endswith("Z")
    assert item.pop("id") > 0
    assert item == {
        "actor": "key:1",
        "actor_name": "test manager",
        "action": "purchase.void",
        "object_kind": "purchase",
        "object_id": str(purchase_id),
        "store": "S01",
        "address": "127.0.0.1",
        "reason": "typed twice",
        "details": None,
    }


def test_who_is_gone_or_was_never_there_has_no_name(app, api):
    write(app, event(actor="key:99"), event(actor="system:0"), event(actor="person:x"))
    write(app, event(), event(actor="nobody"), event(actor="person:" + "9" * 30))
    names = {i["actor"]: i["actor_name"] for i in api.get("/audit").get_json()["items"]}
    assert names["key:1"] == "test manager"
    assert names["system:0"] == "system"
    assert [names[a] for a in ("key:99", "person:x", "nobody")] == [None] * 3


def test_pages_follow_one_another_without_gap_or_repeat(app, api):
    """Three events a moment, so that pages end within one."""
    write(app, *(event(number // 3, object_id=str(number)) for number in range(250)))
    seen: list[int] = []
    cursor: dict[str, str] = {}
    pages = 0
    while pages == 0 or cursor:
        answer = api.get("/audit", object_kind="member", **cursor).get_json()
        seen += [int(item["object_id"]) for item in answer["items"]]
        cursor = {"cursor": answer["next"]} if answer["next"] else {}
        pages += 1
    assert (seen, pages) == (list(range(249, -1, -1)), 3)


BAD_QUERIES = [
    ({"object_id": "12"}, "object_kind"),
    ({"cursor": "x"}, "cursor"),
    ({"cursor": "0"}, "cursor"),
    ({"cursor": "9" * 40}, "cursor"),
    ({"since": "yesterday"}, "since"),
    ({"until": "2026-11-01T00:00:00 07:0"}, "until"),
    ({"actor": "a\x00b"}, "actor"),
    ({"action": "x" * 65}, "action"),
    ({"object_kind": ""}, "object_kind"),
    ({"limit": "1"}, "limit"),
]


@pytest.mark.parametrize(("query", "field"), BAD_QUERIES)
def test_bad_queries_are_refused_by_their_field(api, query, field):
    assert field in problem(api.get("/audit", **query), 422, "invalid_request")["errors"]


def test_a_cursor_that_no_page_gave_is_the_end(app, api):
    write(app, event())
    assert api.get("/audit", cursor="123456").get_json() == {"items": [], "next": None}


# -- managers whom stores bound --------------------------------------------------


def test_key_of_a_store_reads_its_store_and_itself_alone(app, client, api, api_key, store):
    make_store(app, "S02")
    here = Api(client, api_key("manager", store_code="S01"))
    there = Api(client, api_key("manager", store_code="S02"))
    for caller, code in ((here, "S01"), (there, "S02"), (api, "S01")):
        bought = buy(caller, store=code, receipt_no=f"{caller.key[-9:]}")
        caller.post(f"/purchases/{bought['purchase']['id']}/void", {})
    api.get("/members/1")
    here.get("/members/1")
    mine = here.get("/audit").get_json()["items"]
    assert {item["store"] for item in mine} == {"S01"}
    assert [i["actor_name"] for i in mine if i["action"] == "purchase.void"] == ["test manager"] * 2
    assert sum(item["action"] == "member.view" for item in mine) == 1
    whole = api.get("/audit").get_json()["items"]
    assert {item["store"] for item in whole} == {"S01", "S02", None}


def as_bounded(stores):
    return Actor(kind="person", id=7, name="x", role=Role.MANAGER, store_ids=frozenset(stores))


@pytest.mark.parametrize("stores", [[1, 2], range(1, 60)])
def test_person_of_some_stores_reads_those_and_own_deeds(app, monkeypatch, stores):
    """Of few stores, and of so many that they are asked for together."""
    write(
        app,
        event(0, store_id=1),
        event(1, store_id=99),
        event(2, store_id=2),
        event(3),
        event(4, actor="person:7"),
        event(5, actor="person:7", store_id=99),
        event(6, actor="person:7", store_id=1),
    )
    monkeypatch.setattr(audit, "current_actor", lambda: as_bounded(stores))
    with app.app_context(), read():
        page, following = audit.search(limit=3)
        rest, end = audit.search(limit=3, before=int(following or 0))
    assert [item["at"].minute for item in [*page, *rest]] == [6, 5, 4, 2, 0]
    assert end is None


# -- speed -----------------------------------------------------------------------


@pytest.fixture
def long_log(app):
    """So many events that a database which reads them all is found out by its plan."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            insert(AuditEvent),
            [
                event(
                    number,
                    actor=f"key:{number % 50}",
                    action=f"a.{number % 40}",
                    object_kind=f"kind{number % 20}",
                    object_id=str(number % 500),
                    store_id=number % 30,
                )
                for number in range(20_000)
            ],
        )
        connection.execute(text("ANALYZE"))
    return app


QUESTIONS = [
    {},
    {"actor": "key:7"},
    {"action": "a.7"},
    {"object_kind": "kind7"},
    {"object_kind": "kind7", "object_id": "7"},
    {"since": START + timedelta(days=5), "until": START + timedelta(days=6)},
    {"actor": "key:7", "until": START + timedelta(days=2)},
    {"before": 5_000},
    {"action": "a.7", "before": 5_000},
]


def plan_of(app, monkeypatch, question, actor):
    """What the database says of the one statement that a search runs on the log."""
    said: list[str] = []
    run = db.session.execute

    def explain(statement, *given, **more):
        prefix = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
        written = statement.compile(db.engine, compile_kwargs={"render_postcompile": True})
        rows = db.session.connection().exec_driver_sql(
            f"{prefix} {written}",
            written.params
            if db.engine.dialect.name == "postgresql"
            else tuple(written.params[name] for name in written.positiontup),
        )
        said.extend(str(tuple(row)) for row in rows)
        return run(statement, *given, **more)

    monkeypatch.setattr(audit, "current_actor", lambda: actor)
    monkeypatch.setattr(audit, "_as_views", lambda rows: [])
    with app.app_context(), read(), monkeypatch.context() as patch:
        patch.setattr(db.session, "execute", explain)
        audit.search(**question)
    return "\n".join(said)


@pytest.mark.parametrize("actor", [as_bounded([]), as_bounded([3, 4])], ids=["all", "bounded"])
def test_every_question_is_answered_by_an_index(long_log, monkeypatch, actor):
    for question in QUESTIONS:
        plan = plan_of(long_log, monkeypatch, question, actor)
        assert "audit_events" in plan, plan
        assert "Seq Scan on audit_events" not in plan, (question, plan)
        lines = plan.splitlines()
        assert not [s for s in lines if "SCAN audit_events" in s and "INDEX" not in s], (
            question,
            plan,
        )
