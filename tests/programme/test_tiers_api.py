"""Adding, changing and ending the tiers of a programme."""

from __future__ import annotations

from functools import partial

import pytest

from loyalty.core import limits
from tests.api import Api
from tests.core.rows import column, scalar
from tests.purchases.race import at_once
from tests.purchases.receipts import problem
from tests.purchases.tiering import add_tier
from tests.shop import make_key

pytestmark = pytest.mark.usefixtures("store")
VIP = {"slug": "vip", "name": "VIP", "threshold": 1_000_000, "multiplier_percent": 150}
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def slugs(api):
    return [tier["slug"] for tier in api.get("/tiers").get_json()["items"]]


def test_tiers_stand_from_the_lowest_to_the_highest(api):
    assert api.get("/tiers").get_json() == {"items": [], "next": None}
    assert api.post("/tiers", VIP).get_json() == VIP
    for slug, threshold in (("gold", 5_000_000), ("new", 1)):
        add_tier(api, slug, threshold)
    assert slugs(api) == ["new", "vip", "gold"]
    assert api.get("/tiers").get_json()["items"][1] == VIP


def test_slug_and_threshold_are_one_tiers(api):
    api.post("/tiers", VIP)
    for changes, field in (({"threshold": 5}, "slug"), ({"slug": "other"}, "threshold")):
        refused = problem(api.post("/tiers", {**VIP, **changes}), 409, "tier_exists")
        assert list(refused["errors"]) == [field]
    add_tier(api, "gold", 5)
    problem(api.patch("/tiers/gold", {"threshold": VIP["threshold"]}), 409, "tier_exists")
    assert api.patch("/tiers/gold", {"threshold": 5}).status_code == 200


def test_change_keeps_what_it_does_not_name(app, api):
    api.post("/tiers", VIP)
    changed = api.patch("/tiers/vip", {"name": "Khách quý"}).get_json()
    assert changed == {**VIP, "name": "Khách quý"}
    assert api.patch("/tiers/vip", {}).get_json() == changed
    assert column(
        app, "SELECT action FROM audit_events WHERE object_kind = 'tier' ORDER BY id"
    ) == [
        "tier.create",
        "tier.change",
    ]
    problem(api.patch("/tiers/gold", {"name": "Gold"}), 404, "unknown_tier")


@ON_SQLITE
def test_what_cannot_be_a_tier_is_refused_by_its_place(api):
    for wrong in (
        {"threshold": 0},
        {"threshold": 10**13 + 1},
        {"threshold": "1000"},
        {"multiplier_percent": 99},
        {"multiplier_percent": 10_001},
        {"multiplier_percent": 150.0},
        {"slug": "VIP!"},
        {"name": ""},
        {"name": "x" * (limits.NAME_LENGTH + 1)},
        {"colour": "gold"},
    ):
        refused = problem(api.post("/tiers", {**VIP, **wrong}), 422, "invalid_request")
        assert list(refused["errors"]) == list(wrong)


@ON_SQLITE
def test_there_are_only_so_many_tiers(api):
    for number in range(limits.TIERS):
        add_tier(api, f"tier-{number}", number + 1)
    problem(api.post("/tiers", VIP), 422, "invalid_request")


def test_ended_tier_is_gone_and_its_name_free(app, api):
    api.post("/tiers", VIP)
    assert api.delete("/tiers/vip").status_code == 204
    assert slugs(api) == []
    problem(api.delete("/tiers/vip"), 404, "unknown_tier")
    assert api.post("/tiers", VIP).status_code == 201
    assert scalar(app, "SELECT count(*) FROM tiers") == 2


NEEDED_BY = {
    "gift": ("/rewards", {"name": "Mug", "cost": 100, "tier": "vip"}),
    "rule": (
        "/earning-rules",
        {
            "points": 1,
            "per_amount": 10_000,
            "special": {"rules": [{"per": "visit", "points": 5, "when": {"tiers": ["vip"]}}]},
        },
    ),
    "promotion": (
        "/promotions",
        {
            "name": "Double for VIP",
            "terms": {"times_percent": 200, "when": {"tiers": ["vip"]}},
            "starts_at": "2026-01-01T00:00:00Z",
            "ends_at": "2190-01-01T00:00:00Z",
        },
    ),
}


@pytest.mark.parametrize("what", NEEDED_BY)
@ON_SQLITE
def test_tier_that_something_needs_cannot_be_ended(api, what):
    api.post("/tiers", VIP)
    made = api.post(*NEEDED_BY[what])
    assert made.status_code == 201, made.json
    problem(api.delete("/tiers/vip"), 409, "tier_in_use")


@ON_SQLITE
def test_only_managers_of_the_whole_shop_change_tiers(app, client, api):
    api.post("/tiers", VIP)
    for caller in (
        Api(client, make_key(app, "cashier")),
        Api(client, make_key(app, "manager", "S01")),
    ):
        assert slugs(caller) == ["vip"]
        problem(caller.post("/tiers", {**VIP, "slug": "other"}), 403, "forbidden")
        problem(caller.delete("/tiers/vip"), 403, "forbidden")


def test_two_who_add_the_same_tier_at_once_make_one(app, api):
    acts = [partial(Api.post, path="/tiers", body={**VIP, "name": str(n)}) for n in range(4)]
    answers = at_once(app, api.key, acts)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
