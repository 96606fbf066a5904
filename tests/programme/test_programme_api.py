"""The programme over HTTP: settings, versions of the earning rule, promotions."""

from __future__ import annotations

from typing import Any

import time_machine

from tests.api import Api
from tests.purchases.receipts import balance, buy, local, problem
from tests.shop import make_store

LATER = "2199-01-01T00:00:00Z"


def changed(api: Api, **policy: Any) -> dict[str, Any]:
    answer = api.patch("/programme", {"policy": policy})
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def rule(api: Api, *special: dict[str, Any], **changes: Any) -> Any:
    given = {"points": 1, "per_amount": 10_000, **changes}
    return api.post("/earning-rules", given | ({"special": {"rules": special}} if special else {}))


def promote(api: Api, **changes: Any) -> Any:
    given = {"name": "Tết", "terms": {"points": 5}, "ends_at": LATER, **changes}
    return api.post("/promotions", given)


def test_settings_are_seen_whole_and_changed_in_part(api, store):
    before = api.get("/programme").get_json()
    assert (before["shop_name"], before["currency"], before["point_value"]) == (
        *("Store S01", "VND", 100),
    )
    after = changed(api, point_value=200, expiry={"months": 6}, bonuses={"birthday": 50})
    assert after["point_value"] == 200
    assert after["policy"]["expiry"] == {**before["policy"]["expiry"], "months": 6}
    assert after["policy"]["bonuses"] == {"sign_up": 0, "first_purchase": 0, "birthday": 50}
    again = changed(api, point_value=None, expiry={"mode": "never"})
    assert (again["point_value"], again["policy"]["expiry"]["months"]) == (100, 6)
    assert api.patch("/programme", {"shop_name": "An Nhiên"}).get_json()["shop_name"] == "An Nhiên"


def at(errors: Any, place: str) -> Any:
    """What is said of a place such as `special.rules.1.when`."""
    for name in place.split("."):
        errors = errors[name]
    return errors


def test_setting_that_cannot_be_is_refused_by_its_place(api, store):
    for policy, place in (
        ({"expiry": {"months": 0}}, "expiry.months"),
        ({"expiry": {"mode": "sometimes"}}, "expiry.mode"),
        ({"bonuses": {"sign_up": -1}}, "bonuses.sign_up"),
        ({"bonuses": {"weekly": 1}}, "bonuses.weekly"),
        ({"pending_days": 1.5}, "pending_days"),
        ({"point_value": 0}, "point_value"),
    ):
        document = problem(api.patch("/programme", {"policy": policy}), 422, "invalid_request")
        assert at(document["errors"], f"policy.{place}")


def test_versions_of_the_rule_stand_newest_first_and_one_is_in_force(api, store):
    added = rule(api, {"per": "visit", "points": 30, "when": {"weekdays": [1, 2]}})
    assert (added.status_code, added.get_json()["version"]) == (201, 2)
    rule(api, points=5, valid_from=LATER)
    versions = api.get("/earning-rules").get_json()["items"]
    assert [(each["version"], each["in_force"]) for each in versions] == [
        *((3, False), (2, True), (1, False))
    ]
    assert versions[1]["special"]["rules"][0]["when"] == {"weekdays": [1, 2]}
    problem(rule(api, valid_from="2026-01-01T00:00:00Z"), 422, "invalid_time")


def test_rule_that_cannot_be_is_refused_by_its_place(api, store):
    fine = {"per": "visit", "points": 1}
    for special, code, place in (
        ({"per": "visit", "points": 0}, "invalid_request", "points"),
        ({"per": "amount", "points": 1}, "invalid_request", "per_amount"),
        ({"per": "item", "points": 1, "per_amount": 9}, "invalid_request", "per_amount"),
        (
            {**fine, "when": {"hours": {"from": 9, "to": 9}}},
            *("invalid_request", "when.hours.to"),
        ),
        ({**fine, "when": {"stores": ["S01", "S99"]}}, "invalid_rule", "when.stores"),
        ({**fine, "when": {"tiers": ["gold"]}}, "invalid_rule", "when.tiers"),
    ):
        document = problem(rule(api, fine, special), 422, code)
        assert at(document["errors"], f"special.rules.1.{place}")


def test_receipt_earns_by_the_rule_of_its_store_and_hour(app, api, store):
    make_store(app, "S02")
    when = {"stores": ["S02"], "hours": {"from": 18, "to": 22}}
    rule(api, {"per": "amount", "points": 3, "per_amount": 10_000, "when": when})
    with time_machine.travel(local("2030-05-05 20:00"), tick=False):
        earned = [
            buy(api, receipt_no=number, store=code, purchased_at=at)["purchase"]["points_earned"]
            for number, code, at in (
                ("1", "S01", "2030-05-05T19:00:00"),
                ("2", "S02", "2030-05-05T19:00:00"),
                ("3", "S02", "2030-05-05T17:59:59"),
            )
        ]
    assert earned == [15, 45, 15]


def test_promotion_ends_when_it_is_ended_and_what_it_brought_stays(api, store):
    made = promote(api)
    assert (made.status_code, made.get_json()["state"]) == (201, "running")
    assert buy(api)["purchase"]["points_earned"] == 20
    end = f"/promotions/{made.get_json()['id']}/end"
    assert api.post(end).get_json()["state"] == "ended"
    problem(api.post(end), 409, "promotion_ended")
    assert buy(api, receipt_no="HD-2")["purchase"]["points_earned"] == 15
    assert balance(api, "0912345678") == 35
    problem(api.post("/promotions/99/end"), 404, "unknown_promotion")


def test_promotion_that_has_not_begun_can_be_ended(api, store):
    coming = promote(api, starts_at="2198-01-01T00:00:00Z").get_json()
    assert coming["state"] == "coming"
    assert api.post(f"/promotions/{coming['id']}/end").get_json()["state"] == "ended"
    assert buy(api)["purchase"]["points_earned"] == 15


def test_promotion_that_cannot_be_is_refused(api, store):
    for changes, code in (
        ({"ends_at": "2020-01-01T00:00:00Z"}, "invalid_time"),
        ({"starts_at": LATER}, "invalid_time"),
        ({"terms": {}}, "invalid_request"),
        ({"terms": {"points": 5, "times_percent": 200}}, "invalid_request"),
        ({"terms": {"points": 5, "when": {"stores": ["S99"]}}}, "invalid_rule"),
        ({"budget": 0}, "invalid_request"),
    ):
        problem(promote(api, **changes), 422, code)


def test_cashier_sees_the_programme_and_changes_nothing(cashier_api, store):
    for path in ("/programme", "/earning-rules", "/promotions"):
        assert cashier_api.get(path).status_code == 200
    problem(cashier_api.patch("/programme", {}), 403, "forbidden")
    problem(rule(cashier_api), 403, "forbidden")
    problem(promote(cashier_api), 403, "forbidden")
