"""Installing the starter tags: at once, again, and of what members really have."""

from __future__ import annotations

from functools import partial

import pytest

from loyalty.core import clock
from loyalty.core.db import in_transaction, transaction
from loyalty.members.service import close as close_member
from loyalty.tags import starters
from tests.api import Api
from tests.core.rows import scalar
from tests.databases import environment, running_app
from tests.shop import make_key
from tests.tags.making import join, make, see


@pytest.fixture
def install(app):
    return partial(installed, app)


def installed(app):
    """The starter tags, their builds left to jobs, which nobody works on here."""
    with app.app_context():
        return in_transaction(partial(starters.install, patience_seconds=0))


def slugs(api, begins):
    return {tag["slug"] for tag in api.get("/tags").json["items"] if tag["slug"].startswith(begins)}


def test_installing_again_makes_nothing(install):
    made = install()["made"]
    assert made > 40
    assert install() == {"made": 0, "there": made}


def test_what_the_shop_changed_stays(api, install):
    mine = make(api, "Khách ruột", slug="loyal")
    install()
    older = {"name": "Từ 50 tuổi", "rule": {"field": "age", "op": "ge", "value": 50}}
    assert api.patch("/tags/over-45", older).status_code == 200
    install()
    assert see(api, "loyal")["name"] == mine["name"]
    assert see(api, "over-45")["rule"] == older["rule"]


def test_new_values_are_new_tags_the_next_time(api, install):
    join(api, 1, occupation="nurse")
    install()
    assert slugs(api, "occupation-") == {"occupation-nurse"}
    join(api, 2, occupation="cook")
    assert install()["made"] == 1
    assert slugs(api, "occupation-") == {"occupation-nurse", "occupation-cook"}


def test_texts_alike_are_tags_apart(api, install):
    spellings = {"Giáo viên", "giáo viên", "giao viên", "GIAO VIEN", "giao vien", "ครู", "护士"}
    for number, text in enumerate(spellings):
        join(api, number, occupation=text)
    install()
    made = slugs(api, "occupation-")
    assert {see(api, slug)["rule"]["value"] for slug in made} == spellings
    assert see(api, "occupation-giao-vien")["rule"]["value"] == "giao vien"


def test_most_frequent_values_come_first(api, install, monkeypatch):
    monkeypatch.setattr("loyalty.tags.starters_by_value.MOST_VALUES", 1)
    for number, education in enumerate(("school", "college", "college")):
        join(api, number, education=education)
    install()
    assert slugs(api, "education-") == {"education-college"}


def test_a_closed_members_values_make_no_tag(api, install, app):
    member_id = join(api, 1, country="TH", province="Bangkok")
    with app.app_context(), transaction():
        close_member(member_id, now=clock.now())
    install()
    assert slugs(api, "country-") | slugs(api, "province-") == set()


def test_a_vehicle_may_be_a_yes_or_no(api, install):
    kind = {"name": "vehicle", "label": "Có xe", "kind": "bool"}
    assert api.post("/attributes", kind).status_code == 201
    install()
    rule = {"field": "attributes.vehicle", "op": "eq", "value": True}
    assert see(api, "vehicle-owner")["rule"] == rule


def test_who_installs_does_not_wait_for_every_build(api, install, app):
    made = install()["made"]
    assert see(api, "loyal")["built_at"] is None
    assert scalar(app, "SELECT count(*) FROM jobs WHERE kind = 'tags.build'") == made


@pytest.mark.parametrize(("language", "name"), [("vi", "Việt Nam"), ("th", "เวียดนาม")])
def test_names_are_in_the_shops_language(database_url, tmp_path, language, name):
    with running_app(environment(database_url, tmp_path, language=language)) as app:
        api = Api(app.test_client(), make_key(app))
        join(api, 1, country="VN")
        installed(app)
        assert name in see(api, "country-vn")["name"]
