"""Builds of audiences: kept with their history, and what changed since the last one told."""

from __future__ import annotations

import pytest
import time_machine

from loyalty.audiences import building
from loyalty.audiences import service as audiences
from loyalty.core.db import in_transaction, read
from loyalty.groups import service as groups
from loyalty.groups.models import Cause
from loyalty.tags import rounds
from tests.audiences.making import close, enrol, make, make_tag, put_in, take_out
from tests.core.rows import change, column, scalar
from tests.purchases.receipts import local

AT_NOON = "2027-03-14 12:00"
A, B, C = {"tag": "a"}, {"tag": "b"}, {"tag": "c"}


@pytest.fixture
def crowd(app):
    """Ten members; a: 1 to 6, b: 4 to 9, c: nobody."""
    enrol(app, range(1, 11))
    make_tag(app, "a", range(1, 7))
    make_tag(app, "b", range(4, 10))
    make_tag(app, "c")


def build(api, slug="g"):
    answer = api.post(f"/audiences/{slug}/builds")
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def builds(api, slug="g"):
    return api.get(f"/audiences/{slug}/builds").get_json()["items"]


def changes(api, slug="g"):
    answer = api.get(f"/audiences/{slug}/changes")
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def told(api, slug="g"):
    """{(cause, tag): (added, removed)}; they add up to the whole."""
    said = changes(api, slug)
    assert said["since"]
    causes = {(c["cause"], c["tag"]): (c["added"], c["removed"]) for c in said["causes"]}
    assert said["added"] == sum(added for added, _ in causes.values())
    assert said["removed"] == sum(removed for _, removed in causes.values())
    return causes


def kept(app, slug="g"):
    with app.app_context(), read():
        return set(groups.read_members(audiences.look(slug).group_id))


# -- builds ------------------------------------------------------------------------


def test_a_build_keeps_who_is_in(app, api, crowd):
    make(api, "g", {"all": [A, {"not": B}]})
    with time_machine.travel(local(AT_NOON), tick=False):
        first = build(api)
    assert kept(app) == {1, 2, 3}
    put_in(app, "a", [10])
    assert kept(app) == {1, 2, 3}
    assert api.get("/audiences/g").get_json()["built_at"] == "2027-03-14T05:00:00Z"
    assert {name: first[name] for name in ("cause", "as_of", "rule_version", "count", "by")} == {
        "cause": "first",
        "as_of": "2027-03-14T05:00:00Z",
        "rule_version": 1,
        "count": 3,
        "by": "test manager",
    }
    second = build(api)
    assert (second["cause"], second["count"], second["added"]) == ("data", 4, 1)
    api.patch("/audiences/g", {"expression": B})
    third = build(api)
    assert (third["cause"], third["added"], third["removed"]) == ("rule", 6, 4)
    assert [item["id"] for item in builds(api)] == [third["id"], second["id"], first["id"]]


def test_every_night_all_are_built_and_one_that_fails_stops_none(app, api, crowd, monkeypatch):
    for slug in ("f", "g", "h"):
        make(api, slug, A)
    build(api, "g")
    whole = building.build

    def fails(slug, **given):
        if slug == "g":
            raise RuntimeError
        return whole(slug, **given)

    monkeypatch.setattr(building, "build", fails)
    done: list[int] = []
    with app.app_context():
        assert building.build_all_audiences(between=done.append) == 2
    assert done == [1, 2, 3]
    assert [builds(api, slug)[0]["cause"] for slug in ("f", "h")] == ["first", "first"]
    assert builds(api, "g")[0]["failing"]["code"] == "internal_error"
    assert kept(app, "g") == kept(app, "h") == set(range(1, 7))
    monkeypatch.undo()
    with app.app_context():
        assert building.build_all_audiences() == 3
    assert [builds(api, slug)[0]["cause"] for slug in ("f", "g")] == ["time", "time"]


def test_an_audience_deleted_at_night_is_no_failure(app, api, crowd):
    for slug in ("f", "g", "h"):
        make(api, slug, A)

    def between(done):
        if done == 1:
            in_transaction(lambda: audiences.delete("g"))

    with app.app_context():
        assert building.build_all_audiences(between=between) == 2
    assert column(app, "SELECT error FROM group_builds WHERE error IS NOT NULL") == []


# -- what changed --------------------------------------------------------------------


def test_without_a_build_nothing_changed(api, crowd):
    make(api, "g", A)
    assert changes(api) == {"since": None, "added": 0, "removed": 0, "causes": []}
    build(api)
    assert told(api) == {}


def test_what_changed_is_told_by_tag_and_cause(app, api, crowd):
    make(api, "g", {"all": [{"any": [A, B]}, {"not": C}]})
    build(api)
    put_in(app, "a", [10], cause=Cause.DATA)
    put_in(app, "c", [1, 2])
    take_out(app, "b", [9, 4], cause=Cause.TIME)  # 4 is in a as well
    take_out(app, "a", [3], cause=Cause.RULE)
    assert told(api) == {
        ("data", "a"): (1, 0),
        ("manual", "c"): (0, 2),
        ("time", "b"): (0, 1),
        ("rule", "a"): (0, 1),
    }


def test_who_came_and_went_again_has_not_changed(app, api, crowd):
    make(api, "g", A)
    build(api)
    put_in(app, "a", [10, 9], cause=Cause.DATA)
    take_out(app, "a", [10, 1], cause=Cause.TIME)
    put_in(app, "a", [1], cause=Cause.MANUAL)
    assert told(api) == {("data", "a"): (1, 0)}


def test_what_touched_a_member_last_is_why(app, api, crowd):
    make(api, "g", A)
    build(api)
    put_in(app, "a", [10], cause=Cause.DATA)
    take_out(app, "a", [10], cause=Cause.TIME)
    put_in(app, "a", [10], cause=Cause.DATA)
    take_out(app, "a", [1], cause=Cause.DATA)
    put_in(app, "a", [1], cause=Cause.DATA)
    take_out(app, "a", [1], cause=Cause.MANUAL)
    assert told(api) == {("data", "a"): (1, 0), ("manual", "a"): (0, 1)}


def test_who_moves_between_tags_within_has_not_changed(app, api, crowd):
    make(api, "g", {"any": [A, B]})
    build(api)
    take_out(app, "a", [1])
    put_in(app, "b", [1])
    assert told(api) == {}


def test_who_came_into_what_is_left_out_too_has_not_changed(app, api, crowd):
    make(api, "g", {"all": [A, {"not": C}]})
    build(api)
    put_in(app, "a", [10])
    put_in(app, "c", [10])
    assert told(api) == {}


def test_an_edit_is_told_apart_from_what_tags_did(app, api, crowd):
    make(api, "g", A)
    build(api)
    put_in(app, "a", [10])
    api.patch("/audiences/g", {"expression": {"all": [A, {"not": B}]}})
    assert told(api) == {("expression", None): (0, 3), ("manual", "a"): (1, 0)}


def test_an_edit_of_an_audience_within_is_one_too(app, api, crowd):
    make(api, "inner", B)
    make(api, "g", {"all": [A, {"audience": "inner"}]})
    build(api)
    put_in(app, "a", [7])
    api.patch("/audiences/inner", {"expression": {"not": B}})
    assert told(api) == {("expression", None): (3, 3)}


def test_members_who_are_new_or_closed_are_told_of_no_tag(app, api, crowd):
    make(api, "g", {"not": A})
    build(api)
    enrol(app, [11, 12], drained=False)
    close(app, [7])
    assert told(api) == {("data", None): (2, 1)}
    with app.app_context():
        rounds.drain()
    assert scalar(app, "SELECT count(*) FROM dirty") == 0
    assert kept(app) == {8, 9, 10}
    assert told(api) == {("data", None): (2, 1)}
    assert build(api)["count"] == 5
    assert told(api) == {}


def test_a_history_that_is_gone_still_adds_up(app, api, crowd):
    make(api, "g", {"any": [A, B]})
    build(api)
    take_out(app, "a", [1, 2])
    put_in(app, "b", [10])
    change(app, "DELETE FROM group_changes")
    assert told(api) == {("data", None): (1, 2)}


def test_the_last_build_that_failed_is_none(app, api, crowd):
    make(api, "g", A)
    build(api)
    put_in(app, "a", [10])
    change(
        app,
        "INSERT INTO group_builds (group_id, cause, as_of, actor, ended_at, error)"
        " SELECT group_id, cause, as_of, actor, ended_at, 'internal_error' FROM group_builds"
        " WHERE id = (SELECT max(id) FROM group_builds WHERE rule_version IS NOT NULL)",
    )
    assert scalar(app, "SELECT count(*) FROM group_builds WHERE error IS NOT NULL") == 1
    assert told(api) == {("manual", "a"): (1, 0)}
