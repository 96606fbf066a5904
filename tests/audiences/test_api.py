"""Audiences over the API: made, changed, counted, deleted; what cannot be one is refused."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from loyalty.core.limits import AUDIENCES, RULE_DEPTH, RULE_NODES
from tests.api import Api
from tests.audiences.making import deep, enrol, make, make_tag, preview, put_in
from tests.core.rows import column, row_counts
from tests.purchases.receipts import local, phone, problem

AT_NOON = "2027-03-14 12:00"
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
A, B, C = {"tag": "a"}, {"tag": "b"}, {"tag": "c"}


@pytest.fixture
def crowd(app):
    """Ten members; a: 1 to 6, b: 4 to 9, c: nobody."""
    enrol(app, range(1, 11))
    make_tag(app, "a", range(1, 7))
    make_tag(app, "b", range(4, 10))
    make_tag(app, "c")


def at(errors, *way):
    """The sentence that stands at a node."""
    for step in way:
        errors = errors[str(step)]
    [sentence] = errors
    return sentence


# -- made --------------------------------------------------------------------------


def test_an_audience_is_shown_with_its_count_of_now(app, api, crowd):
    expression = {"all": [A, {"not": B}]}
    with time_machine.travel(local(AT_NOON), tick=False):
        answer = api.post("/audiences", {"name": " Khách quen Đà Nẵng ", "expression": expression})
    assert answer.status_code == 201
    made = answer.get_json()
    assert made == {
        "slug": "khach-quen-da-nang",
        "name": "Khách quen Đà Nẵng",
        "expression": expression,
        "expression_version": 1,
        "count": 3,
        "built_at": None,
        "created_at": "2027-03-14T05:00:00Z",
        "updated_at": None,
    }
    put_in(app, "a", [10])
    assert api.get("/audiences/khach-quen-da-nang").get_json() == {**made, "count": 4}


@ONE_DATABASE
def test_a_name_in_a_script_of_its_own_gets_a_number(api, crowd):
    slugs = [
        api.post("/audiences", {"name": name, "expression": A}).get_json()["slug"]
        for name in ("ลูกค้าประจำ", "ลูกค้าใหม่", "Preview")
    ]
    assert [slug.rpartition("-")[0] for slug in slugs] == ["group"] * 3
    assert len(set(slugs)) == 3


def test_a_name_that_is_taken_is_refused(api, crowd):
    make(api, "best", A)
    answer = api.post("/audiences", {"name": "Best!", "expression": B})
    assert "name" in problem(answer, 409, "audience_exists")["errors"]


def test_audiences_come_in_pages_in_the_order_they_were_made(api, crowd, monkeypatch):
    monkeypatch.setattr("loyalty.audiences.service.PAGE_ROWS", 2)
    for slug, expression in {"z": A, "y": B, "x": {"all": [A, B]}}.items():
        make(api, slug, expression)
    first = api.get("/audiences").get_json()
    assert [(item["slug"], item["count"]) for item in first["items"]] == [("z", 6), ("y", 6)]
    rest = api.get("/audiences", cursor=first["next"]).get_json()
    assert [(item["slug"], item["count"]) for item in rest["items"]] == [("x", 3)]
    assert rest["next"] is None


@ONE_DATABASE
def test_a_shop_has_room_for_so_many(app, api, crowd, monkeypatch):
    monkeypatch.setattr("loyalty.audiences.service.AUDIENCES", 1)
    assert AUDIENCES == 1_000
    make(api, "g", A)
    problem(api.post("/audiences", {"name": "h", "expression": A}), 422, "invalid_request")


def test_what_was_done_is_in_the_log(app, api, crowd):
    make(api, "g", A)
    api.patch("/audiences/g", {"name": "Other"})
    api.delete("/audiences/g")
    events = column(
        app,
        "SELECT object_kind || object_id || CAST(details AS TEXT) FROM audit_events"
        " WHERE action = 'audience.change' ORDER BY id",
    )
    steps = ("created", "changed", "deleted")
    assert all(step in event for step, event in zip(steps, events, strict=True))
    assert all(event.startswith("audience1") and "Other" not in event for event in events)


# -- counted -----------------------------------------------------------------------


def test_every_node_is_counted(api, crowd):
    said = preview(api, {"all": [{"any": [A, B]}, {"not": {"all": [A, B]}}]})
    assert said["count"] == 6
    assert said["active"] == 10
    assert said["nodes"] == [
        {"path": "", "count": 6},
        {"path": "all.0", "count": 9},
        {"path": "all.0.any.0", "count": 6},
        {"path": "all.0.any.1", "count": 6},
        {"path": "all.1", "count": 7},
        {"path": "all.1.not", "count": 3},
        {"path": "all.1.not.all.0", "count": 6},
        {"path": "all.1.not.all.1", "count": 6},
    ]
    assert said["reachable"] == dict.fromkeys(("sms", "email", "zalo", "call", "ads"), 0)


def test_overlap_says_who_is_in_these_and_in_no_other(api, crowd):
    make(api, "both", {"all": [A, B]})
    both = {"audience": "both"}
    assert preview(api, A, overlap=[A, B, both])["overlap"] == [
        {"in": [A], "out": [B, both], "count": 3},
        {"in": [B], "out": [A, both], "count": 3},
        {"in": [A, B], "out": [both], "count": 0},
        {"in": [both], "out": [A, B], "count": 0},
        {"in": [A, both], "out": [B], "count": 0},
        {"in": [B, both], "out": [A], "count": 0},
        {"in": [A, B, both], "out": [], "count": 3},
    ]


def test_who_joins_or_is_erased_counts_at_once(app, api, crowd):
    assert preview(api, {"not": A})["count"] == 4
    joined = api.post("/members", {"phone": phone(1)}).get_json()["id"]
    assert preview(api, {"not": A})["count"] == 5
    assert preview(api, {"not": A})["active"] == 11
    assert api.post(f"/members/{joined}/erasure", {"reason": "asked"}).status_code == 200
    assert preview(api, {"not": A})["count"] == 4
    # Who is still in a tag's bitmap is no member any more.
    assert api.post("/members/1/erasure", {"reason": "asked"}).status_code == 200
    assert preview(api, A)["count"] == 5


def test_nobody_is_in_anything_without_members(app, api):
    make_tag(app, "a")
    said = preview(api, {"not": A}, overlap=[A])
    assert (said["count"], said["active"], said["overlap"][0]["count"]) == (0, 0, 0)
    assert [node["count"] for node in said["nodes"]] == [0, 0]


def test_a_preview_writes_nothing(app, api, crowd):
    before = row_counts(app)
    preview(api, {"not": A}, overlap=[A, B])
    assert row_counts(app) == before


# -- refused -----------------------------------------------------------------------


@ONE_DATABASE
def test_what_is_no_expression_is_refused_at_its_node(api, crowd):
    expression = {"all": [A, {"not": {"tag": "Tag A"}}]}
    for path, body in (("/audiences", {"name": "x"}), ("/audiences/preview", {})):
        answer = api.post(path, {**body, "expression": expression})
        errors = problem(answer, 422, "invalid_request")["errors"]
        assert at(errors, "expression", "all", 1, "not", "tag")


@ONE_DATABASE
def test_huge_deep_and_missing_expressions_are_refused(api, crowd):
    for body in ({}, *({"expression": bad} for bad in (None, deep(50), {"all": [A] * 10_000}))):
        problem(api.post("/audiences/preview", body), 422, "invalid_request")


@ONE_DATABASE
def test_as_large_as_may_be_is_taken(api, crowd):
    assert preview(api, deep(RULE_DEPTH))["count"] == 4
    assert len(preview(api, {"any": [A] * (RULE_NODES - 1)})["nodes"]) == RULE_NODES


def test_groups_that_there_are_not_are_told_at_their_nodes(api, crowd):
    expression = {"all": [A, {"not": {"tag": "nope"}}, {"audience": "a"}]}
    answer = api.post(
        "/audiences/preview", {"expression": expression, "overlap": [B, {"tag": "x"}]}
    )
    errors = problem(answer, 422, "unknown_group")["errors"]
    assert at(errors["expression"], "all", 1, "not", "tag")
    assert at(errors["expression"], "all", 2, "audience")
    assert at(errors["overlap"], 1, "tag")
    assert "0" not in errors["expression"]["all"]


@ONE_DATABASE
def test_no_such_overlap(api, crowd):
    wrong: list[Any] = [[A] * 6, [{}], [{"tag": "a", "audience": "a"}], [{"not": A}], A]
    for overlap in wrong:
        answer = api.post("/audiences/preview", {"expression": A, "overlap": overlap})
        assert "overlap" in problem(answer, 422, "invalid_request")["errors"]


def test_an_audience_that_there_is_not(api, crowd):
    for call in (
        api.get("/audiences/none"),
        api.patch("/audiences/none", {"name": "x"}),
        api.delete("/audiences/none"),
        api.post("/audiences/none/builds"),
        api.get("/audiences/none/builds"),
        api.get("/audiences/none/changes"),
        api.get("/audiences/none/members/1/why"),
    ):
        problem(call, 404, "unknown_audience")


@ONE_DATABASE
def test_cashiers_see_no_audiences(app, client, api_key, crowd):
    cashier = Api(client, api_key("cashier"))
    problem(cashier.get("/audiences"), 403, "forbidden")
    problem(cashier.post("/audiences/preview", {"expression": A}), 403, "forbidden")


# -- changed -----------------------------------------------------------------------


def test_another_expression_counts_up_the_version_a_name_does_not(api, crowd):
    make(api, "g", A)
    with time_machine.travel(local(AT_NOON), tick=False):
        changed = api.patch("/audiences/g", {"name": "New", "expression": A}).get_json()
    assert (changed["name"], changed["expression_version"]) == ("New", 1)
    assert changed["updated_at"] == "2027-03-14T05:00:00Z"
    changed = api.patch("/audiences/g", {"expression": {"not": A}}).get_json()
    assert (changed["count"], changed["expression_version"]) == (4, 2)


def test_what_is_made_of_a_changed_audience_changes_with_it(api, crowd):
    make(api, "inner", A)
    make(api, "middle", {"not": {"audience": "inner"}})
    make(api, "outer", {"audience": "middle"})
    make(api, "apart", A)
    api.patch("/audiences/inner", {"expression": C})
    shown = {item["slug"]: item for item in api.get("/audiences").get_json()["items"]}
    assert (shown["outer"]["count"], shown["outer"]["expression_version"]) == (10, 2)
    assert (shown["apart"]["count"], shown["apart"]["expression_version"]) == (6, 1)


def test_nothing_new_changes_nothing(app, api, crowd):
    made = make(api, "g", A)
    before = row_counts(app)
    assert api.patch("/audiences/g", {"name": "g", "expression": A}).get_json() == made
    assert row_counts(app)["audit_events"] == before["audit_events"]


def test_cycles_are_refused_at_the_node_that_leads_back(api, crowd):
    make(api, "x", A)
    make(api, "y", {"not": {"audience": "x"}})
    make(api, "z", {"any": [B, {"audience": "y"}]})
    for leaf in ("x", "y", "z"):
        expression = {"all": [A, {"audience": leaf}]}
        answer = api.patch("/audiences/x", {"expression": expression})
        errors = problem(answer, 422, "group_cycle")["errors"]
        assert at(errors["expression"], "all", 1, "audience")
    assert api.get("/audiences/x").get_json()["expression"] == A
    assert api.get("/audiences/z").get_json()["count"] == 7


def test_audiences_within_count_to_the_depth_and_the_parts(api, crowd):
    make(api, "deep", deep(RULE_DEPTH - 1))
    expression = {"not": {"audience": "deep"}}
    answer = api.post("/audiences/preview", {"expression": expression})
    assert at(problem(answer, 422, "invalid_request")["errors"], "expression")
    make(api, "wide", {"any": [A] * (RULE_NODES - 2)})
    answer = api.post("/audiences", {"name": "w", "expression": {"not": {"audience": "wide"}}})
    problem(answer, 422, "invalid_request")


def test_an_audience_within_another_does_not_outgrow_it(api, crowd):
    make(api, "inner", A)
    make(api, "outer", {"not": {"not": {"audience": "inner"}}})
    answer = api.patch("/audiences/inner", {"expression": deep(RULE_DEPTH - 1)})
    sentence = at(problem(answer, 422, "invalid_request")["errors"], "expression")
    assert "outer" in sentence
    assert api.patch("/audiences/inner", {"expression": deep(RULE_DEPTH - 3)}).status_code == 200


# -- deleted -----------------------------------------------------------------------


def test_what_is_in_use_is_not_deleted(app, api, crowd):
    make(api, "inner", A)
    make(api, "outer", {"audience": "inner"})
    problem(api.delete("/tags/a"), 409, "group_in_use")
    problem(api.delete("/audiences/inner"), 409, "group_in_use")
    assert api.get("/audiences/outer").get_json()["count"] == 6
    assert api.delete("/audiences/outer").status_code == 204
    assert api.delete("/audiences/inner").status_code == 204
    assert api.delete("/tags/a").status_code == 204
    assert row_counts(app)["audience_parts"] == 0


def test_nothing_is_left_of_one_that_is_deleted(app, api, crowd):
    before = row_counts(app)
    make(api, "g", A)
    api.post("/audiences/g/builds")
    put_in(app, "a", [7])
    api.post("/audiences/g/builds")
    assert api.delete("/audiences/g").status_code == 204
    problem(api.get("/audiences/g"), 404, "unknown_audience")
    after = row_counts(app)
    for table in ("groups", "group_chunks", "audiences", "audience_parts"):
        assert after[table] == before[table], table
