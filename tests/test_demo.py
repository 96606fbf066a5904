"""The demo shop: the same for the same seed, and whole."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from loyalty.demo.people import People
from loyalty.demo.receipts import receipts
from tests.api import Api

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


def told(seed):
    chance = random.Random(seed)
    people = People(chance, seed=seed, now=NOW)
    return list(receipts(people, chance, buyers=60, now=NOW))


def test_same_seed_makes_the_same_people_and_receipts():
    assert told(1) == told(1) != told(2)


def test_demo_fills_an_empty_shop_once_with_people_tags_and_groups(client, cli):
    filled = cli.invoke(args=["demo", "--members", "60"])
    assert filled.exit_code == 0, filled.output
    api = Api(client, filled.output.split()[-1])
    count = {tag["slug"]: tag["count"] for tag in api.get("/tags").get_json()["items"]}
    assert count["women"] + count["men"] == 60
    assert count["potential"] == 3
    assert count["vip"] == 9
    assert count["vehicle-owner"] > 0
    audiences = api.get("/audiences").get_json()["items"]
    assert [audience["count"] > 0 for audience in audiences] == [True, True]
    assert cli.invoke(args=["points", "verify"]).exit_code == 0
    assert cli.invoke(args=["demo"]).output == filled.output
