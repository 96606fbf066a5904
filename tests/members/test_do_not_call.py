"""The do-not-call list over the API: asked by number, changed in one go, read by nobody."""

from __future__ import annotations

import pytest

from tests.core.rows import column, row_counts, scalar
from tests.members.test_members import BAD_QUESTIONS
from tests.purchases.race import at_once
from tests.purchases.receipts import E164, OTHER_PHONE, PHONE, WAYS_TO_WRITE, phone, problem

COUNT = "SELECT count(*) FROM do_not_call"


def change(api, *, add=(), remove=(), source="carrier's list"):
    answer = api.post("/do-not-call", {"add": [*add], "remove": [*remove], "source": source})
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def is_listed(api, written=PHONE):
    answer = api.get("/do-not-call", phone=written)
    assert answer.status_code == 200, answer.json
    return answer.get_json()["listed"]


def test_number_is_found_by_every_way_of_writing_it(api):
    assert not is_listed(api)
    assert change(api, add=[PHONE]) == {"added": 1, "removed": 0, "rejected": []}
    assert all(is_listed(api, written) for written in WAYS_TO_WRITE)
    assert not is_listed(api, OTHER_PHONE)


def test_number_is_on_the_list_once(api, app):
    assert change(api, add=WAYS_TO_WRITE)["added"] == 1
    rows = row_counts(app)
    assert change(api, add=[PHONE])["added"] == 0
    assert row_counts(app) == rows


def test_number_is_taken_off_once(api, app):
    change(api, add=[PHONE, OTHER_PHONE])
    assert change(api, remove=[PHONE, "0912345678"])["removed"] == 1
    assert (is_listed(api), is_listed(api, OTHER_PHONE)) == (False, True)
    rows = row_counts(app)
    assert change(api, remove=[PHONE])["removed"] == 0
    assert row_counts(app) == rows


def test_number_in_both_lists_stays_on_it(api):
    change(api, add=[PHONE])
    assert change(api, add=[PHONE], remove=[PHONE]) == {"added": 0, "removed": 0, "rejected": []}
    assert is_listed(api)


def test_bad_number_is_named_by_its_place_and_stops_no_other(api):
    told = change(api, add=["0912xxxxxx", PHONE, ""], remove=["1900 1234"])
    assert told["added"] == 1
    assert [(one["list"], one["index"], one["code"]) for one in told["rejected"]] == [
        ("add", 0, "letters_in_number"),
        ("add", 2, "no_number"),
        ("remove", 0, "service_number"),
    ]
    assert all(one["detail"] for one in told["rejected"])


BAD_BODIES = [
    ({"add": [PHONE]}, "source"),
    ({"add": [PHONE], "source": ""}, "source"),
    ({"add": [PHONE], "source": "x" * 201}, "source"),
    ({"add": PHONE, "source": "x"}, "add"),
    ({"add": [84912345678], "source": "x"}, "add"),
    ({"add": [None], "source": "x"}, "add"),
    ({"add": ["1"] * 5_001, "source": "x"}, "add"),
    ({"add": ["1"] * 2_501, "remove": ["1"] * 2_500, "source": "x"}, "add"),
    ({"phones": [PHONE], "source": "x"}, "phones"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES)
def test_bad_body_is_refused_by_its_field(api, app, body, field):
    refused = problem(api.post("/do-not-call", body), 422, "invalid_request")
    assert field in refused["errors"]
    assert scalar(app, COUNT) == 0


@pytest.mark.parametrize(("query", "code"), BAD_QUESTIONS)
def test_bad_question_is_refused(api, query, code):
    problem(api.call("GET", "/do-not-call", query_string=query), 422, code)


def test_only_marketing_and_managers_of_the_whole_shop_keep_it(client, api, api_key, store):
    def caller(role, store_code=None):
        return type(api)(client, api_key(role, store_code))

    assert change(caller("marketing"), add=[PHONE])["added"] == 1
    for other in (caller("cashier"), caller("manager", store), caller("marketing", store)):
        problem(other.post("/do-not-call", {"add": [], "source": "x"}), 403, "forbidden")
        problem(other.get("/do-not-call", phone=PHONE), 403, "forbidden")


def test_log_says_how_many_and_where_from_and_no_number(api, app):
    change(api, add=[PHONE, OTHER_PHONE])
    change(api, remove=[PHONE], source="asked by 0912345678 in the shop")
    events = "FROM audit_events WHERE action = 'do_not_call.change'"
    rows = column(app, f"SELECT CAST(details AS text) {events} ORDER BY id")
    assert ['"added"' in rows[0], '"removed"' in rows[1]] == [True, True]
    reasons = column(app, f"SELECT reason {events} AND reason IS NOT NULL")
    assert reasons == ["asked by ••• in the shop"]
    assert E164 not in "".join(rows)


def test_two_who_add_the_same_numbers_at_once_add_each_once(app, api_key):
    """In opposite orders: the one must not wait for the other in a circle."""
    written = [phone(n) for n in range(300)]

    def add(numbers):
        return lambda api: change(api, add=numbers)["added"]

    acts = [add(written), add(written[::-1]), add(written[100:]), add(written[:200])]
    added = at_once(app, api_key("manager"), acts)
    assert sum(added) == scalar(app, COUNT) == 300
