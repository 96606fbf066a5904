"""GET /tags/fields tells enough to build any rule."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from loyalty.core.limits import RULE_DEPTH
from loyalty.members import attributes
from loyalty.members.attributes import AttributeView
from loyalty.members.models import AttributeKind
from loyalty.programme import service as programme
from loyalty.tags import describing
from loyalty.tags.fields import AGGREGATES, CONDITION_FIELDS, FIELDS, ops_of_aggregate
from loyalty.tags.language import Agg
from tests.members.attributes import declare_every_kind
from tests.tags.speaking import speaking

STORE = SimpleNamespace(code="S01", name="Bến Thành")
ATTRIBUTES = [
    AttributeView(id=1, name="vehicle", label="Vehicle", kind=AttributeKind.BOOL),
    AttributeView(
        id=2, name="interests", label="Interests", kind=AttributeKind.CHOICES, choices=("tea",)
    ),
]


@pytest.fixture
def described(monkeypatch) -> dict[str, Any]:
    """As a shop with these attributes and one store is told."""
    declared = {view.name: view for view in ATTRIBUTES}
    monkeypatch.setattr(attributes, "declared", lambda: declared)
    snapshot = SimpleNamespace(stores={STORE.code: STORE})
    monkeypatch.setattr(programme, "snapshot", lambda: snapshot)
    with speaking("en"):
        return describing.described_fields()


def named(several: list[dict[str, Any]], name: str) -> dict[str, Any]:
    [found] = [each for each in several if each["name"] == name]
    return found


def values(several: list[dict[str, Any]]) -> list[Any]:
    return [each["value"] for each in several]


def test_every_field_condition_and_aggregate_is_there(described):
    fields = [each["name"] for each in described["fields"]]
    assert fields == [*FIELDS, "attributes.vehicle", "attributes.interests"]
    assert [each["name"] for each in described["where"]] == list(CONDITION_FIELDS)
    assert {(each["agg"], each["of"]) for each in described["purchases"]} == {
        (agg, of) for agg, several in AGGREGATES.items() for of in several
    }


def test_every_example_is_a_rule_that_can_be_saved(api, store):
    declare_every_kind(api)
    described = api.get("/tags/fields").get_json()
    leaves = [each["example"] for each in described["fields"] + described["purchases"]]
    bought = {"agg": "count", "op": "ge", "value": 1}
    leaves += [{"purchases": {**bought, "where": [each["example"]]}} for each in described["where"]]
    for leaf in leaves:
        answer = api.post("/tags/preview", {"rule": leaf})
        assert answer.status_code == 200, (leaf, answer.json)


def test_operators_and_choices_have_words(described):
    gender = named(described["fields"], "gender")
    assert gender["label"] == "gender"
    assert gender["operators"][0] == {"value": "eq", "label": "is"}
    assert gender["choices"][0] == {"value": "female", "label": "female"}
    joined = named(described["fields"], "joined_at")
    assert {"value": "lt", "label": "is before"} in joined["operators"]
    assert joined["choices"] is None


def test_the_shops_own_attributes_bring_their_choices(described):
    interests = named(described["fields"], "attributes.interests")
    assert (interests["label"], interests["kind"]) == ("Interests", "choices")
    assert interests["choices"] == [{"value": "tea", "label": "tea"}]
    assert {"value": "contains", "label": "include"} in interests["operators"]


def test_stores_provinces_and_weekdays_can_be_chosen(described):
    [store] = named(described["where"], "store")["choices"]
    assert store == {"value": "S01", "label": "Bến Thành"}
    weekdays = named(described["where"], "weekday")["choices"]
    assert weekdays[0] == {"value": 1, "label": "Monday"}
    assert {"value": "vn34:01", "label": "Hanoi"} in named(described["fields"], "province")[
        "choices"
    ]


def test_numbers_say_their_unit_and_range(described):
    age = named(described["fields"], "age")
    assert (age["unit"], age["whole"], age["least"], age["most"]) == ("year", True, 0, 150)
    assert named(described["fields"], "lifetime_spend")["unit"] == "VND"
    assert described["currency"] == {"code": "VND", "decimals": 0}
    assert named(described["fields"], "name")["unit"] is None


def test_aggregates_that_can_be_nothing_can_be_asked_for_missing(described):
    for each in described["purchases"]:
        assert values(each["operators"]) == list(ops_of_aggregate(Agg(each["agg"])))


def test_windows_and_limits_are_told(described):
    assert values(described["windows"]) == ["day", "week", "month", "year"]
    assert described["limits"]["depth"] == RULE_DEPTH


def test_a_shop_without_stores_is_told_in_the_language_it_asks_for(api):
    answer = api.call("GET", "/tags/fields", headers={"Accept_Language": "vi"})
    assert answer.status_code == 200
    told = answer.get_json()
    assert named(told["where"], "store")["choices"] == []
    assert named(told["fields"], "gender")["label"] == "giới tính"
    assert named(told["where"], "weekday")["choices"][6]["label"] == "Chủ Nhật"
