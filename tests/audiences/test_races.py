"""Two people at once: no cycle, nothing made of what is gone, whole builds."""

from __future__ import annotations

from functools import partial

import pytest

from tests.audiences.making import enrol, make, make_tag
from tests.core.rows import scalar
from tests.purchases.race import at_once

A, B = {"tag": "a"}, {"tag": "b"}
TURNS = 3


@pytest.fixture
def crowd(app):
    enrol(app, range(1, 11))
    make_tag(app, "a", range(1, 7))
    make_tag(app, "b", range(4, 10))


def lead(slug, to, api):
    return api.patch(f"/audiences/{slug}", {"expression": {"audience": to}})


def test_two_edits_at_once_make_no_cycle(app, api, crowd):
    for turn in range(TURNS):
        x, y = f"x{turn}", f"y{turn}"
        make(api, x, A)
        make(api, y, B)
        answers = at_once(app, api.key, [partial(lead, x, y), partial(lead, y, x)])
        assert sorted(answer.status_code for answer in answers) == [200, 422]
        assert api.get(f"/audiences/{x}").status_code == 200


def call(method, path, body, api):
    return api.call(method, path, json=body)


def test_what_is_deleted_at_once_is_in_use_or_unknown(app, api, crowd):
    for turn in range(TURNS):
        slug = f"t{turn}"
        make_tag(app, slug)
        body = {"name": f"g{turn}", "expression": {"not": {"tag": slug}}}
        calls = [
            partial(call, "POST", "/audiences", body),
            partial(call, "DELETE", f"/tags/{slug}", None),
        ]
        made, deleted = at_once(app, api.key, calls)
        assert (made.status_code, deleted.status_code) in ((201, 409), (422, 204)), made.json
        assert made.status_code == 201 or made.get_json()["code"] == "unknown_group"


def test_two_of_one_name_at_once_are_one(app, api, crowd):
    body = {"name": "Best", "expression": A}
    answers = at_once(app, api.key, [lambda api: api.post("/audiences", body)] * 2)
    assert sorted(answer.status_code for answer in answers) == [201, 409]


def test_builds_edits_and_deletions_at_once_leave_whole_builds(app, api, crowd):
    make(api, "g", A)
    build = partial(call, "POST", "/audiences/g/builds", None)
    edit = partial(call, "PATCH", "/audiences/g", {"expression": B})
    answers = at_once(app, api.key, [build, build, edit])
    assert [answer.status_code for answer in answers] == [201, 201, 200]
    items = api.get("/audiences/g/builds").get_json()["items"]
    assert [item["cause"] for item in items[::-1]][0] == "first"
    assert {item["count"] for item in items} == {6}
    gone = at_once(app, api.key, [build, partial(call, "DELETE", "/audiences/g", None)])
    assert gone[0].status_code in (201, 404)
    assert gone[1].status_code == 204
    assert scalar(app, "SELECT count(*) FROM group_builds WHERE rule_version IS NOT NULL") == 0
