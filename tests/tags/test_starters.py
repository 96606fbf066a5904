"""Starter tags: each finds whom its name says, and they are installed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import update

from loyalty.core.db import connection, table_of, transaction
from loyalty.points.models import PointLot
from tests.api import Api
from tests.databases import environment, running_app
from tests.purchases.receipts import phone
from tests.shop import make_key, make_store
from tests.tags.making import join, tags_of
from tests.tags.starter_cases import BY_SLUG, NOW

EVERYBODY = [person for both in BY_SLUG.values() for person in both]


@dataclass(kw_only=True)
class Shop:
    """`tags` are the slugs that each of `EVERYBODY` has; `made` are those of all tags."""

    tags: list[set[str]]
    made: set[str]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request, tmp_path_factory) -> Iterator[Shop]:
    """A shop where everybody is, with its starter tags installed and built."""
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = databases.fresh()
    with running_app(environment(url, tmp_path_factory.mktemp("shop"))) as app:
        make_store(app)
        api = Api(app.test_client(), make_key(app))
        member_ids = [_settle(api, number, person) for number, person in enumerate(EVERYBODY)]
        with app.app_context():
            _let_points_lapse(member_ids)
        assert api.post("/tags/starters").status_code == 200
        _give_vehicles(api, member_ids)
        done = app.test_cli_runner().invoke(args=["tags", "refresh"])
        assert done.exit_code == 0, done.output
        yield Shop(
            tags=[{tag["slug"] for tag in tags_of(api, member_id)} for member_id in member_ids],
            made={tag["slug"] for tag in api.get("/tags").get_json()["items"]},
        )
    databases.drop(url)


def _settle(api, number, person):
    """The id of the member who is this person."""
    member_id = join(api, number, **person.get("profile", {}))
    rows = [
        {
            "phone": phone(number),
            "store": "S01",
            "receipt_no": f"{number}-{place}",
            "purchased_at": moment.isoformat(),
            "amount": amount,
            **(more[0] if more else {}),
        }
        for place, (moment, amount, *more) in enumerate(person.get("bought", ()))
    ]
    if rows:
        answer = api.post("/purchases/batch", {"purchases": rows})
        assert answer.json["recorded"] == len(rows), answer.json
    return member_id


def _let_points_lapse(member_ids):
    lots = table_of(PointLot)
    with transaction():
        for member_id, person in zip(member_ids, EVERYBODY, strict=True):
            if "lot_days" in person:
                lapse = update(lots).where(lots.c.member_id == member_id)
                expires_at = NOW + timedelta(days=person["lot_days"])
                connection().execute(lapse.values(expires_at=expires_at))


def _give_vehicles(api, member_ids):
    attributes = api.get("/attributes").get_json()["items"]
    [vehicle] = [each for each in attributes if each["name"] == "vehicle"]
    for member_id, person in zip(member_ids, EVERYBODY, strict=True):
        if "vehicle" in person:
            given = {"attributes": {"vehicle": vehicle["choices"][:1]}}
            assert api.patch(f"/members/{member_id}", given).status_code == 200


@pytest.mark.parametrize("slug", BY_SLUG)
def test_starter_finds_whom_its_name_says(shop, slug):
    place = 2 * list(BY_SLUG).index(slug)
    assert [slug in tags for tags in shop.tags[place : place + 2]] == [True, False]


def test_every_starter_has_its_two_people(shop):
    """But for the values that the people of other cases have: tags like those of theirs."""
    alike = ("occupation-", "education-", "category-", "province-", "country-")
    assert {slug for slug in shop.made if not slug.startswith(alike)} <= set(BY_SLUG) <= shop.made
