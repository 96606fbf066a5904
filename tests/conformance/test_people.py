"""One person, two numbers; one shop, two clocks; one threshold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from tests.conformance.system import at_once

ABROAD = timezone(timedelta(hours=-5))


def test_a_merge_is_the_sum_however_often_it_is_looked_at(system):
    (one, phone), (other, _) = system.member_with(100), system.member_with(200)
    for _ in range(3):
        system.done(f"/members/{one}/merge", {"into": other})
        assert system.has(other) == (300, 0)
    late = system.buy(phone, 50_000)
    assert late["member"]["id"] == other
    assert system.has(other) == (305, 0)
    assert system.get("/members", phone=phone)["items"][0]["id"] == other


def test_a_merge_carries_what_is_on_hold(system):
    (one, _), (other, _) = system.member_with(100), system.member_with(200)
    held = system.hold(one, 60).json["id"]
    system.done(f"/members/{one}/merge", {"into": other})
    assert system.has(other) == (240, 0)
    system.done(f"/redemptions/{held}/capture")
    assert system.has(other) == (240, 0)
    assert system.points(other)["balance"] == 240


def test_a_merge_of_a_debt_with_points_settles_it(system):
    (one, phone), (other, _) = system.member_with(100), system.member_with(200)
    bought = system.buy(phone, 500_000)
    system.spend(one, 150)
    system.done(f"/purchases/{bought['purchase']['id']}/void")
    assert system.has(one) == (0, 50)
    system.done(f"/members/{one}/merge", {"into": other})
    assert system.has(other) == (150, 0)


def test_merging_both_ways_at_once_leaves_one_account(system):
    (one, _), (other, _) = system.member_with(100), system.member_with(200)
    answers = at_once(
        [
            lambda: system.post(f"/members/{one}/merge", {"into": other}),
            lambda: system.post(f"/members/{other}/merge", {"into": one}),
        ]
    )
    assert {answer.status for answer in answers} <= {200, 409, 422}
    survivors = {answer.json["id"] for answer in answers if answer.status == 200}
    assert len(survivors) == 1
    assert system.has(survivors.pop()) == (300, 0)


def test_a_till_and_a_server_in_different_zones_mean_the_same_purchase(system):
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    receipt = system.receipt(system.new_phone(), 150_000, purchased_at=moment.isoformat())
    abroad = receipt | {"purchased_at": moment.astimezone(ABROAD).isoformat()}
    first, again = system.post("/purchases", receipt), system.post("/purchases", abroad)
    assert (first.status, again.status) == (201, 200)
    assert first.json["purchase"]["purchased_at"] == again.json["purchase"]["purchased_at"]
    assert system.has(first.json["member"]["id"]) == (15, 0)


def test_points_lapse_at_the_end_of_a_day_whatever_zone_told_the_time(system):
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    lapses = set()
    for zone in (UTC, ABROAD):
        told = moment.astimezone(zone).isoformat()
        bought = system.buy(system.new_phone(), 150_000, purchased_at=told)
        [lot] = system.points(bought["member"]["id"])["expiring"]
        lapses.add(lot["expires_at"])
    assert len(lapses) == 1


def test_exactly_the_threshold_is_in_and_one_less_is_out(system):
    slug = f"t-{system.new_number()}"
    threshold = 700_000_000 + int(system._run, 16) % 10_000 * PER_STEP
    made = {"slug": slug, "name": slug, "threshold": threshold, "multiplier_percent": 100}
    system.made("/tiers", made)
    exact = system.buy(system.new_phone(), threshold)
    less = system.buy(system.new_phone(), threshold - 1)
    assert exact["member"]["tier"] == slug
    assert less["member"]["tier"] != slug
    more = system.buy(less["member"]["phone"], 1)
    assert more["member"]["tier"] == slug


def test_the_first_purchase_lands_in_the_tier_it_earns_and_no_higher(system):
    base = 800_000_000 + int(system._run, 16) % 10_000 * PER_STEP
    slugs = [f"u{n}-{system.new_number()}" for n in range(2)]
    for slug, threshold in zip(slugs, (base, base + 5 * PER_STEP), strict=True):
        tier = {"slug": slug, "name": slug, "threshold": threshold, "multiplier_percent": 100}
        system.made("/tiers", tier)
    bought = system.buy(system.new_phone(), base + 4 * PER_STEP)
    assert bought["member"]["tier"] == slugs[0]


PER_STEP = 1_000
"""Tiers of different runs against one system stand apart."""
