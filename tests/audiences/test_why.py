"""Why one member is in an audience or not: down to the tags that decide it."""

from __future__ import annotations

import pytest
import time_machine

from tests.audiences.making import enrol, make, make_tag
from tests.purchases.receipts import local, phone, problem
from tests.tags import making as tags

AT_NOON = "2027-03-14 12:00"


@pytest.fixture
def woman(api):
    """By rule in `women`, by hand in `vip`."""
    with time_machine.travel(local(AT_NOON), tick=False):
        member_id = tags.join(api, 1, gender="female")
        tags.make(api, "Women", rule=tags.WOMEN)
        tags.make(api, "Men", rule=tags.MEN)
        tags.make(api, "VIP")
        tags.fill(api, "vip", add=[phone(1)])
    return member_id


def why(api, member_id, slug="g"):
    answer = api.get(f"/audiences/{slug}/members/{member_id}/why")
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def test_who_is_in_hears_since_when_and_why(api, woman):
    make(api, "g", {"all": [{"tag": "women"}, {"tag": "vip"}]})
    sentence = tags.see(api, "women")["sentence"]
    assert why(api, woman) == {
        "in": True,
        "because": [
            {
                "path": "all.0",
                "tag": "women",
                "in": True,
                "since": "2027-03-14T05:00:00Z",
                "why": sentence,
            },
            {
                "path": "all.1",
                "tag": "vip",
                "in": True,
                "since": "2027-03-14T05:00:00Z",
                "why": "set by hand by test manager",
            },
        ],
    }


def test_who_is_out_hears_what_would_have_to_be(api, woman):
    make(api, "g", {"all": [{"tag": "women"}, {"tag": "men"}]})
    [reason] = why(api, woman)["because"]
    sentence = tags.see(api, "men")["sentence"]
    assert reason == {"path": "all.1", "tag": "men", "in": False, "since": None, "why": sentence}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_what_decides_is_told(api, woman):
    women, men, vip = ({"tag": slug} for slug in ("women", "men", "vip"))
    for number, (expression, is_in, paths) in enumerate(
        [
            (women, True, [""]),
            ({"not": women}, False, ["not"]),
            ({"any": [men, women, vip]}, True, ["any.1", "any.2"]),
            ({"any": [men, {"not": women}]}, False, ["any.0", "any.1.not"]),
            ({"all": [men, women, {"not": vip}]}, False, ["all.0", "all.2.not"]),
            ({"not": {"all": [men, women]}}, True, ["not.all.0"]),
        ]
    ):
        make(api, f"g{number}", expression)
        said = why(api, woman, f"g{number}")
        assert (said["in"], [item["path"] for item in said["because"]]) == (is_in, paths)


def test_an_audience_within_is_told_with_what_decides_in_it(api, woman):
    make(api, "inner", {"any": [{"tag": "men"}, {"tag": "vip"}]})
    make(api, "middle", {"audience": "inner"})
    make(api, "g", {"not": {"audience": "middle"}})
    said = why(api, woman)
    assert said["in"] is False
    told = [(item["path"], item.get("audience") or item["tag"]) for item in said["because"]]
    assert told == [
        ("not", "middle"),
        ("not.audience", "inner"),
        ("not.audience.audience.any.1", "vip"),
    ]
    assert said["because"][0] == {
        "path": "not",
        "audience": "middle",
        "in": True,
        "since": None,
        "why": None,
    }


def test_of_who_is_no_member_there_is_nothing_to_say(app, api, woman):
    make(api, "g", {"not": {"tag": "women"}})
    problem(api.get("/audiences/g/members/4711/why"), 404, "unknown_member")
    assert api.post(f"/members/{woman}/erasure", {"reason": "asked"}).status_code == 200
    problem(api.get(f"/audiences/g/members/{woman}/why"), 404, "unknown_member")


def test_a_cashier_is_not_told(app, client, api_key):
    from tests.api import Api

    enrol(app, [1])
    make_tag(app, "a")
    answer = Api(client, api_key("cashier")).get("/audiences/g/members/1/why")
    problem(answer, 403, "forbidden")
