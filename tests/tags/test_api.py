"""Tags over the API: made, changed, built, counted before they are saved, deleted."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from sqlalchemy import Integer, func, literal, select

from loyalty.tags import previewing
from loyalty.tags import service as tags
from tests.core.rows import change, row_counts, scalar
from tests.purchases.receipts import local, phone, problem
from tests.tags.making import MEN, WOMEN, at_once, builds, buys, fill, join, make, see, tags_of

AT_NOON = "2027-03-14 12:00"
NOBODY = {"all": [WOMEN, MEN]}


# -- made ------------------------------------------------------------------------


def test_a_tag_without_a_rule_is_manual(api):
    with time_machine.travel(local(AT_NOON), tick=False):
        made = make(api, "  Khách quen ", link="https://line.me/g/1")
    assert made == {
        "slug": "khach-quen",
        "name": "Khách quen",
        "kind": "manual",
        "rule": None,
        "sentence": None,
        "link": "https://line.me/g/1",
        "count": 0,
        "built_at": None,
        "rule_version": 1,
        "failing": None,
        "created_at": "2027-03-14T05:00:00Z",
        "updated_at": None,
    }
    assert see(api, "khach-quen") == made


def test_a_tag_with_a_rule_is_built_at_once(api):
    join(api, 1, gender="female")
    join(api, 2, gender="male")
    with time_machine.travel(local(AT_NOON), tick=False):
        made = make(api, "Women", rule=WOMEN)
    assert (made["kind"], made["count"], made["rule"]) == ("rule", 1, WOMEN)
    assert made["built_at"] == "2027-03-14T05:00:00Z"
    assert made["sentence"]
    assert [build["cause"] for build in builds(api, "women")] == ["first"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_name_makes_the_slug(api):
    for name, slug in (
        ("Đà Nẵng & Huế", "da-nang-hue"),
        ("  -- VIP 2027 --", "vip-2027"),
        ("x" * 100, "x" * 64),
        (f"{'x' * 63} y", "x" * 63),
    ):
        assert make(api, name)["slug"] == slug


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_a_name_makes_none_a_number_does(api):
    made = [make(api, name)["slug"] for name in ("ลูกค้าประจำ", "★★★", "Fields", "RFM")]
    assert all(slug.startswith("tag-") and slug[4:].isdigit() for slug in made)
    make(api, f"Tag {int(made[-1][4:]) + 1}")
    made.append(make(api, "ลูกค้าประจำ")["slug"])
    assert len(set(made)) == 5


def test_two_tags_of_one_slug_are_refused(api):
    make(api, "VIP")
    for body in ({"name": "vip!"}, {"name": "Another", "slug": "vip"}):
        assert "name" in problem(api.post("/tags", body), 409, "tag_exists")["errors"]


REFUSED: dict[str, list[Any]] = {
    "slug": ["VIP", "a--b", "-a", "a_b", "", "x" * 65, "fields", "rfm", 7],
    "name": ["", " ", "x" * 201, None, 7, "a\nb"],
    "link": [
        "https://[",
        f"https://a.vn/{'x' * 500}",
        "javascript:alert(1)",
        "data:text/html,x",
        "zalo.me/g/1",
        "//a.vn",
        "https://",
    ],
    "rule": [None, [], {}, "all", {"all": []}, {"field": "none"}],
    "count": [5],
    "rule_version": [5],
}


@pytest.mark.parametrize("field", REFUSED)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_no_tag_can_have_is_refused_at_its_field(app, api, field):
    before = row_counts(app)
    for value in REFUSED[field]:
        answer = api.post("/tags", {"name": "VIP", field: value})
        assert list(problem(answer, 422, "invalid_request")["errors"]) == [field], value
    assert row_counts(app) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_error_in_a_rule_stands_at_its_node(api):
    wrong = {"all": [WOMEN, {"not": {"field": "age", "op": "ge", "value": "old"}}]}
    for path in ("/tags", "/tags/preview"):
        body = {"rule": wrong} | ({"name": "Old"} if path == "/tags" else {})
        errors = problem(api.post(path, body), 422, "invalid_request")["errors"]
        assert list(errors["rule"]["all"]["1"]["not"]) == ["value"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_there_is_an_end_to_tags(api, monkeypatch):
    monkeypatch.setattr(tags, "TAGS", 2)
    make(api, "One")
    make(api, "Two")
    problem(api.post("/tags", {"name": "Three"}), 422, "invalid_request")


def test_all_tags_stand_by_name(api):
    for name in ("Zalo", "Đồng", "an nhiên"):
        make(api, name)
    answer = api.get("/tags").get_json()
    assert [tag["name"] for tag in answer["items"]] == ["an nhiên", "Đồng", "Zalo"]
    assert answer["next"] is None


def test_two_of_one_name_at_once_make_one_tag(app, api):
    raised = at_once(app, *[lambda: tags.create(name="VIP")] * 4)
    assert [str(why) for why in raised] == ["tag_exists"] * 3
    assert len(api.get("/tags").get_json()["items"]) == 1


# -- changed -----------------------------------------------------------------------


def test_another_rule_is_another_version_with_other_members(api):
    woman, man = join(api, 1, gender="female"), join(api, 2, gender="male")
    make(api, "People", rule=WOMEN)
    answer = api.patch("/tags/people", {"rule": MEN})
    changed = answer.get_json()
    assert (changed["rule"], changed["rule_version"], changed["count"]) == (MEN, 2, 1)
    assert changed["updated_at"]
    assert tags_of(api, woman) == []
    assert [tag["why"] for tag in tags_of(api, man)] == [changed["sentence"]]
    newest = builds(api, "people")[0]
    told = [newest[key] for key in ("cause", "rule_version", "added", "removed", "count")]
    assert told == ["rule", 2, 1, 1, 1]


def test_the_same_again_changes_nothing(api):
    made = make(api, "Women", rule=WOMEN)
    same = {"name": "Women", "rule": WOMEN, "link": None}
    assert api.patch("/tags/women", same).get_json() == made
    assert len(builds(api, "women")) == 1


def test_a_name_and_a_link_change_and_the_slug_stays(app, api):
    make(api, "VIP", link="https://zalo.me/g/1")
    changed = api.patch("/tags/vip", {"name": "Vàng", "link": None}).get_json()
    assert (changed["slug"], changed["name"], changed["link"]) == ("vip", "Vàng", None)
    said = scalar(app, "SELECT CAST(details AS text) FROM audit_events ORDER BY id DESC LIMIT 1")
    assert "link" in said
    assert "Vàng" not in said


def test_a_manual_tag_takes_no_rule_and_has_none_to_follow(api):
    make(api, "VIP")
    problem(api.patch("/tags/vip", {"rule": WOMEN}), 409, "tag_is_manual")
    problem(api.post("/tags/vip/refresh"), 409, "tag_is_manual")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_refused_when_made_is_refused_when_changed(api):
    make(api, "Women", rule=WOMEN)
    for field, value in (("rule", None), ("name", None), ("link", "javascript:x"), ("slug", "a")):
        answer = api.patch("/tags/women", {field: value})
        assert list(problem(answer, 422, "invalid_request")["errors"]) == [field]


# -- built -------------------------------------------------------------------------


def test_refreshed_it_follows_what_changed(api):
    make(api, "Women", rule=WOMEN)
    join(api, 1, gender="female")
    answer = api.post("/tags/women/refresh")
    assert (answer.status_code, answer.get_json()["count"]) == (200, 1)
    assert [build["cause"] for build in builds(api, "women")] == ["time", "first"]


def test_a_tag_that_fails_keeps_its_members_and_says_why(api):
    attribute = {"name": "vehicle", "label": "Vehicle", "kind": "text"}
    assert api.post("/attributes", attribute).status_code == 201
    owner = join(api, 1, attributes={"vehicle": "car"})
    make(api, "Drivers", rule={"field": "attributes.vehicle", "op": "eq", "value": "car"})
    assert api.delete("/attributes/vehicle").status_code == 204
    with time_machine.travel(local(AT_NOON), tick=False):
        answer = api.post("/tags/drivers/refresh")
    failing = answer.get_json()["failing"]
    assert failing.pop("detail")
    since = "2027-03-14T05:00:00Z"
    assert failing == {"code": "unknown_attribute", "about": "vehicle", "since": since}
    assert see(api, "drivers")["count"] == 1
    assert [tag["slug"] for tag in tags_of(api, owner)] == ["drivers"]
    assert builds(api, "drivers")[0]["failing"]["code"] == "unknown_attribute"


def test_builds_come_in_pages(app, api):
    member_id = join(api, 1)
    make(api, "VIP")
    for number in range(101):
        act = api.delete if number % 2 else api.put
        act(f"/members/{member_id}/tags/vip")
    first = api.get("/tags/vip/builds").get_json()
    rest = api.get("/tags/vip/builds", cursor=first["next"]).get_json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (100, 1, None)
    ids = [build["id"] for build in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)


# -- counted before it is saved -------------------------------------------------------


def test_a_preview_counts_everybody_and_shows_ten(app, api):
    women = [join(api, number, gender="female") for number in range(1, 13)]
    join(api, 13, gender="male")
    before = row_counts(app)
    answer = api.post("/tags/preview", {"rule": WOMEN}).get_json()
    assert answer["count"] == 12
    masked = {"id": women[0], "phone": f"••• {phone(1)[-3:]}"}
    assert answer["sample"][0] == masked
    assert [found["id"] for found in answer["sample"]] == women[:10]
    assert row_counts(app) == before


def test_a_preview_of_nobody_is_nobody(api):
    assert api.post("/tags/preview", {"rule": NOBODY}).get_json() == {"count": 0, "sample": []}


def test_a_preview_counts_as_of_a_moment(api, store):
    buys(api, 1, purchased_at="2026-03-14T12:00:00+07:00")
    within = {"last": 3, "unit": "month"}
    recent = {"purchases": {"agg": "count", "op": "ge", "value": 1, "within": within}}
    for as_of, count in (("2026-04-01T00:00:00+07:00", 1), ("2026-07-01T00:00:00+07:00", 0)):
        answer = api.post("/tags/preview", {"rule": recent, "as_of": as_of})
        assert answer.get_json()["count"] == count


def test_a_preview_that_takes_too_long_is_stopped(api, monkeypatch):
    numbers = select(literal(1, Integer).label("id")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.id + 1).where(numbers.c.id < 2_000_000_000))
    endless = select(func.max(numbers.c.id).label("id"))
    monkeypatch.setattr(previewing, "members_where", lambda *_: endless)
    monkeypatch.setattr(previewing, "PREVIEW_SECONDS", 0.2)
    problem(api.post("/tags/preview", {"rule": WOMEN}), 503, "took_too_long")
    monkeypatch.undo()
    assert api.post("/tags/preview", {"rule": WOMEN}).status_code == 200


def test_what_rules_are_made_of_is_described(api):
    described = api.get("/tags/fields").get_json()
    assert "gender" in str(described)
    assert "weekday" in str(described)


# -- starters and their thresholds ------------------------------------------------------


def test_starters_are_installed_once(api):
    first = api.post("/tags/starters").get_json()
    assert first["made"] > 20
    assert first["there"] == 0
    assert api.post("/tags/starters").get_json() == {"made": 0, "there": first["made"]}


def test_thresholds_of_rfm_are_read_and_set(api):
    was = api.get("/tags/rfm").get_json()
    assert was["recency"] == sorted(was["recency"], reverse=True)
    now = {**was, "frequency": [1, 3, 6, 10]}
    assert api.put("/tags/rfm", now).get_json() == now
    assert api.get("/tags/rfm").get_json() == now


REFUSED_THRESHOLDS: dict[str, list[Any]] = {
    "recency": [[30, 60, 120, 240], [400, 120, 60, 30], [[240], 120, 60, 30], None],
    "frequency": [[1, 2, 5], [1, 2, 2, 5], [1.5, 2, 3, 4], "1 2 5 9"],
    "monetary": [[-1, 2, 3, 4], [1, 2, 3, 2**60]],
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_thresholds_that_do_not_rise_are_refused(api):
    was = api.get("/tags/rfm").get_json()
    for score, several in REFUSED_THRESHOLDS.items():
        for values in several:
            answer = api.put("/tags/rfm", {**was, score: values})
            assert list(problem(answer, 422, "invalid_request")["errors"]) == [score], values
    assert api.get("/tags/rfm").get_json() == was


# -- deleted -----------------------------------------------------------------------


def test_a_deleted_tag_takes_its_members_and_history_along(app, api):
    member_id = join(api, 1)
    before = row_counts(app)
    make(api, "VIP")
    fill(api, "vip", add=[phone(1)])
    answer = api.delete("/tags/vip")
    assert (answer.status_code, answer.data) == (204, b"")
    problem(api.get("/tags/vip"), 404, "unknown_tag")
    problem(api.delete("/tags/vip"), 404, "unknown_tag")
    assert tags_of(api, member_id) == []
    after = row_counts(app)
    # What was done stands in the log; the seen member is looked at again all the same.
    left = {name for name in after if after[name] != before[name]}
    assert left <= {"audit_events", "rate_windows"}


def test_a_tag_that_an_audience_is_made_of_stays(app, api):
    make(api, "VIP")
    audience = {"name": "Gold", "expression": {"tag": "vip"}}
    assert api.post("/audiences", audience).status_code == 201
    problem(api.delete("/tags/vip"), 409, "group_in_use")
    assert see(api, "vip")["name"] == "VIP"
    change(app, "DELETE FROM audience_parts")
    assert api.delete("/tags/vip").status_code == 204
