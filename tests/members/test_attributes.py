"""Attributes that the shop declares: typed values, kept per member, told by name alone."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.api import Api
from tests.core.rows import change, column, row_counts, scalar
from tests.members.attributes import EVERY_KIND, declare, declare_every_kind
from tests.purchases.race import at_once
from tests.purchases.receipts import OTHER_PHONE, PHONE, phone, problem

pytestmark = pytest.mark.usefixtures("store")
ROUNDS = 6

VALUES = {
    "nickname": "Bé Na",
    "distance_km": 4.5,
    "has_pet": False,
    "wedding": "2019-05-18",
    "vehicle": "xe máy",
    "interests": ["trà", "cà phê"],
}


@pytest.fixture
def member(api) -> int:
    """Somebody of a shop that has declared one attribute of each kind."""
    declare_every_kind(api)
    return api.post("/members", {"phone": PHONE}).get_json()["id"]


def set_values(api, member_id, **values):
    return api.patch(f"/members/{member_id}", {"attributes": values})


def values_of(api, member_id):
    answer = api.get(f"/members/{member_id}")
    assert answer.status_code == 200, answer.json
    return answer.get_json()["attributes"]


# -- what is declared --------------------------------------------------------


def test_declared_attributes_are_told_oldest_first(api):
    declare_every_kind(api)
    told = api.get("/attributes").get_json()
    assert told == {"items": [{"choices": None, **each} for each in EVERY_KIND], "next": None}


def test_attribute_is_declared_once(api, app):
    declare(api, "vehicle", "text")
    before = row_counts(app)
    again = {"name": "vehicle", "label": "Xe", "kind": "bool"}
    refused = problem(api.post("/attributes", again), 409, "attribute_exists")
    assert refused["errors"].keys() == {"name"}
    assert row_counts(app) == before


UNDECLARABLE: list[tuple[dict[str, Any], str]] = [
    ({"name": "Vehicle"}, "name"),
    ({"name": "2nd"}, "name"),
    ({"name": "xe_máy"}, "name"),
    ({"name": "a b"}, "name"),
    ({"name": "vehicle\n"}, "name"),
    ({"name": "a" * 33}, "name"),
    ({"name": 3}, "name"),
    ({"label": " "}, "label"),
    ({"label": "x" * 201}, "label"),
    ({"kind": "colour"}, "kind"),
    ({"kind": ["text"]}, "kind"),
    ({"kind": "choice"}, "choices"),
    ({"kind": "choices", "choices": []}, "choices"),
    ({"kind": "choice", "choices": ["a", "a"]}, "choices"),
    ({"kind": "choice", "choices": ["a", 2]}, "choices"),
    ({"kind": "choice", "choices": ["x" * 101]}, "choices"),
    ({"kind": "choice", "choices": [str(n) for n in range(201)]}, "choices"),
    ({"kind": "number", "choices": ["1"]}, "choices"),
    ({"colour": 1}, "colour"),
]


def test_what_cannot_be_declared_is_refused(api, app):
    before = row_counts(app)
    for given, about in UNDECLARABLE:
        whole = {"name": "vehicle", "label": "Xe", "kind": "text", **given}
        refused = problem(api.post("/attributes", whole), 422, "invalid_request")
        assert refused["errors"].keys() == {about}, given
    assert row_counts(app) == before


def test_shop_declares_a_hundred_at_most(api, app):
    change(
        app,
        "WITH RECURSIVE numbers (n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 99)"
        " INSERT INTO attributes (name, label, kind, created_by, created_at)"
        " SELECT 'a' || n, 'A', 'bool', 'system:0', CURRENT_TIMESTAMP FROM numbers",
    )
    declare(api, "the_hundredth", "bool")
    one_more = {"name": "b", "label": "B", "kind": "bool"}
    refused = problem(api.post("/attributes", one_more), 422, "invalid_request")
    assert refused["errors"] == {"name": ["At most 100 attributes."]}


def test_two_who_declare_the_same_at_once_declare_it_once(app, api_key):
    def say(api):
        body = {"name": "vehicle", "label": "Xe", "kind": "bool"}
        return api.post("/attributes", body).status_code

    assert sorted(at_once(app, api_key("manager"), [say] * 4)) == [201, 409, 409, 409]


def test_label_and_choices_change_and_what_is_not_given_stays(api, member):
    relabelled = api.patch("/attributes/vehicle", {"label": "Xe đang đi"}).get_json()
    assert (relabelled["label"], relabelled["choices"]) == ("Xe đang đi", ["xe máy", "ô tô"])
    grown = api.patch("/attributes/vehicle", {"choices": ["xe máy", "ô tô", "xe đạp"]})
    assert grown.get_json() == {**relabelled, "choices": ["xe máy", "ô tô", "xe đạp"]}
    assert api.patch("/attributes/vehicle", {}).get_json() == grown.get_json()
    assert set_values(api, member, vehicle="xe đạp").status_code == 200


def test_choice_that_somebody_has_is_not_taken_away(api, member):
    set_values(api, member, vehicle="xe máy", interests=["trà", "bánh"])
    for name, left in (("vehicle", ["ô tô"]), ("interests", ["cà phê", "trà"])):
        refused = api.patch(f"/attributes/{name}", {"choices": left})
        assert problem(refused, 422, "invalid_request")["errors"].keys() == {"choices"}
    assert api.patch("/attributes/vehicle", {"choices": ["xe máy"]}).status_code == 200
    set_values(api, member, interests=None)
    assert api.patch("/attributes/interests", {"choices": ["cà phê"]}).status_code == 200
    refused = api.patch("/attributes/nickname", {"choices": ["a"]})
    assert problem(refused, 422, "invalid_request")["errors"].keys() == {"choices"}


def test_dropped_attribute_is_gone_from_everybody(api, app, member):
    set_values(api, member, **VALUES)
    assert api.delete("/attributes/interests").status_code == 204
    left = {name: value for name, value in VALUES.items() if name != "interests"}
    assert values_of(api, member) == left
    problem(set_values(api, member, interests=["trà"]), 422, "invalid_request")
    declare(api, "interests", "text")
    assert values_of(api, member) == left


def test_attribute_that_is_not_there_is_not_found(api):
    for name in ("colour", "Vehicle", "a b", "x" * 40, "%00", "vehicle%0A"):
        for answer in (api.patch(f"/attributes/{name}", {}), api.delete(f"/attributes/{name}")):
            assert answer.status_code == 404, name


def test_log_tells_who_declared_what(api, app):
    declare(api, "vehicle", "bool")
    api.patch("/attributes/vehicle", {"label": "Xe"})
    api.delete("/attributes/vehicle")
    events = "SELECT object_id FROM audit_events WHERE action = 'attribute.change'"
    assert column(app, events) == ["vehicle"] * 3


def test_cashier_sees_and_manager_of_the_whole_shop_decides(client, api_key):
    body = {"name": "vehicle", "label": "Xe", "kind": "bool"}
    for role, store in (("cashier", None), ("marketing", None), ("manager", "S01")):
        caller = Api(client, api_key(role, store_code=store))
        assert caller.get("/attributes").status_code == 200
        problem(caller.post("/attributes", body), 403, "forbidden")


# -- what a member has -------------------------------------------------------


def test_member_has_a_value_of_each_kind(api, member):
    answer = set_values(api, member, **VALUES)
    assert answer.status_code == 200
    assert answer.get_json()["attributes"] == values_of(api, member) == VALUES


def test_new_member_may_come_with_values(api):
    declare_every_kind(api)
    made = api.post("/members", {"phone": PHONE, "attributes": VALUES})
    assert made.status_code == 201
    assert made.get_json()["attributes"] == VALUES


def test_values_are_not_in_the_answer_that_tills_ask_for(api, member):
    set_values(api, member, **VALUES)
    [found] = api.get("/members", phone=PHONE).get_json()["items"]
    assert found.keys() & {"attributes", "urban"} == set()


def test_null_clears_and_what_is_not_given_stays(api, app, member):
    set_values(api, member, **VALUES)
    set_values(api, member, vehicle=None, interests=[])
    left = {name: VALUES[name] for name in VALUES.keys() - {"vehicle", "interests"}}
    assert values_of(api, member) == left
    set_values(api, member, **dict.fromkeys(VALUES))
    assert values_of(api, member) == {}
    assert scalar(app, "SELECT count(*) FROM member_attributes") == 0


def test_same_values_again_change_nothing(api, app, member):
    set_values(api, member, **VALUES)
    before = row_counts(app)
    for same in (VALUES, {"distance_km": 4.5}, {"interests": ["cà phê", "trà", "trà"]}, {}):
        assert set_values(api, member, **same).status_code == 200
    assert row_counts(app) == before
    assert values_of(api, member) == VALUES


def test_number_is_what_was_said(api, member):
    for said in (3, 0, -7, 2.5, 10**15, -(10**15), 0.1):
        set_values(api, member, distance_km=said)
        assert values_of(api, member)["distance_km"] == said


def test_text_is_kept_as_one_line_composed(api, member):
    set_values(api, member, nickname="  Be\u0301 Na ", vehicle="o\u0302 to\u0302")
    assert values_of(api, member) == {"nickname": "Bé Na", "vehicle": "ô tô"}


NOT_TAKEN: list[tuple[str, Any]] = [
    ("nickname", ""),
    ("nickname", "x" * 101),
    ("nickname", "a\u0000b"),
    ("nickname", 7),
    ("nickname", ["a"]),
    ("distance_km", "4"),
    ("distance_km", True),
    ("distance_km", 10**15 + 1),
    ("distance_km", 1e300),
    ("distance_km", []),
    ("has_pet", 1),
    ("has_pet", "true"),
    ("wedding", "2019-02-29"),
    ("wedding", "18/05/2019"),
    ("wedding", "20190518"),
    ("wedding", "2019-W20-6"),
    ("wedding", "1899-12-31"),
    ("wedding", "2200-01-01"),
    ("wedding", 20190518),
    ("vehicle", "tàu thủy"),
    ("vehicle", ["xe máy"]),
    ("vehicle", {}),
    ("interests", "trà"),
    ("interests", ["trà", "rượu"]),
    ("interests", [None]),
    ("interests", ["trà"] * 51),
    ("colour", "red"),
    ("Colour", "red"),
    ("a\u0000b", "red"),
]


def test_value_that_its_attribute_does_not_take_is_refused(api, app, member):
    before = row_counts(app)
    for name, value in NOT_TAKEN:
        refused = problem(set_values(api, member, **{name: value}), 422, "invalid_request")
        assert refused["errors"].keys() == {"attributes"}, (name, value)
        assert refused["errors"]["attributes"].keys() == {name}, (name, value)
    assert row_counts(app) == before


def test_every_wrong_value_is_told_and_none_is_kept(api, member):
    answer = set_values(api, member, nickname="Bé Na", has_pet=1, colour="red")
    errors = problem(answer, 422, "invalid_request")["errors"]["attributes"]
    assert errors == {
        "has_pet": ["Must be true or false."],
        "colour": ["The shop has declared no such attribute."],
    }
    assert values_of(api, member) == {}


NOT_BY_NAME: list[Any] = [[], "x", 1, None]


def test_values_come_by_name(api, member):
    for given in NOT_BY_NAME:
        answer = api.patch(f"/members/{member}", {"attributes": given})
        assert problem(answer, 422, "invalid_request")["errors"].keys() == {"attributes"}


def test_member_that_is_not_there_has_none(api, member):
    problem(set_values(api, member + 1, has_pet=True), 404, "unknown_member")


def test_refused_values_make_no_member(api, app):
    declare_every_kind(api)
    before = row_counts(app)
    answer = api.post("/members", {"phone": OTHER_PHONE, "attributes": {"has_pet": 1}})
    problem(answer, 422, "invalid_request")
    assert row_counts(app) == before


def test_change_is_remembered_by_its_names_alone(api, app, member):
    set_values(api, member, **VALUES)
    details = "SELECT CAST(details AS TEXT) FROM audit_events WHERE action = 'member.change'"
    [event] = column(app, details)
    assert "attributes.interests" in event
    for value in ("Bé", "4.5", "2019", "xe"):
        assert value not in event


def test_values_of_others_stay_apart(api, member):
    set_values(api, member, **VALUES)
    other = api.post("/members", {"phone": OTHER_PHONE, "attributes": {"has_pet": True}})
    assert other.get_json()["attributes"] == {"has_pet": True}
    assert values_of(api, member) == VALUES


def test_members_given_values_at_once_each_have_theirs(app, api, api_key):
    declare_every_kind(api)
    ids = [api.post("/members", {"phone": phone(n)}).get_json()["id"] for n in range(4)]

    def give(number):
        values = {"distance_km": number, "interests": ["trà", "bánh"]}
        return lambda caller: set_values(caller, ids[number % 4], **values).status_code

    assert set(at_once(app, api_key("manager"), [give(n) for n in range(8)])) == {200}
    for number, member_id in enumerate(ids):
        assert values_of(api, member_id)["distance_km"] in (number, number + 4)
    assert scalar(app, "SELECT count(*) FROM member_attributes") == 12


def test_choice_given_while_it_is_taken_away_is_had_or_refused(app, api, api_key):
    """Never a value that is none of the choices."""
    ids = [api.post("/members", {"phone": phone(n)}).get_json()["id"] for n in range(4)]
    for round_no in range(ROUNDS):
        name = f"vehicle_{round_no}"
        declare(api, name, "choice", ["xe máy", "ô tô"])
        give = [partial(set_values, member_id=each, **{name: "xe máy"}) for each in ids]
        take_away = partial(Api.patch, path=f"/attributes/{name}", body={"choices": ["ô tô"]})
        *given, taken = at_once(app, api_key("manager"), [*give, take_away])
        had = [answer.status_code for answer in given].count(200)
        assert taken.status_code == (422 if had else 200)
    texts = "SELECT count(*) FROM member_attributes m JOIN attributes a ON a.id = m.attribute_id"
    assert scalar(app, f"{texts} WHERE CAST(a.choices AS text) NOT LIKE '%xe m%'") == 0
