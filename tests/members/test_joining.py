"""Many people at once: what an account takes of what comes, and that nobody is made twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from loyalty.core import clock
from loyalty.core.phone import PhoneNumber
from loyalty.members import attributes, joining
from loyalty.members.joining_rules import Account, OnDuplicate, as_json
from tests.core.rows import column, scalar
from tests.members.attributes import declare_every_kind
from tests.purchases.receipts import e164
from tests.tags.making import at_once, join

FILL, NEWEST, SKIP = OnDuplicate


@dataclass(kw_only=True)
class Came:
    profile: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    joined_at: Any = None


def known(**profile: Any) -> Account:
    return Account(phone=PhoneNumber(e164(1)), id=7, known=profile)


@pytest.mark.parametrize(
    ("rule", "knows", "before"),
    [
        (FILL, {"name": "Lan", "email": "b@x.vn"}, {"email": None}),
        (NEWEST, {"name": "Bình", "email": "b@x.vn"}, {"name": "Lan", "email": None}),
        (SKIP, {"name": "Lan", "email": None}, {}),
    ],
)
def test_known_account_takes_what_the_rule_lets_in(rule, knows, before):
    account = known(name="Lan", email=None)
    came = Came(profile={"name": "Bình", "email": "b@x.vn"})
    assert account.take(came, rule) is bool(before)
    assert account.known == knows
    assert account.before == before
    assert account.take(came, rule) is False


@pytest.mark.parametrize("rule", OnDuplicate)
def test_new_account_takes_everything_that_comes_first(rule):
    account = Account(phone=PhoneNumber(e164(1)))
    now = clock.now()
    assert (
        account.take(Came(profile={"name": "Lan"}, attributes={"a": 1}, joined_at=now), rule)
        is False
    )
    assert account.known == {"name": "Lan", "attributes.a": 1}
    assert account.joined_at == now


@pytest.mark.parametrize(("rule", "name"), [(FILL, "Lan"), (NEWEST, "Bình"), (SKIP, "Lan")])
def test_new_account_follows_the_rule_from_then_on(rule, name):
    account = Account(phone=PhoneNumber(e164(1)))
    account.take(Came(profile={"name": "Lan"}), rule)
    account.take(Came(profile={"name": "Bình"}), rule)
    assert account.known["name"] == name


def test_province_without_its_list_is_never_mixed():
    account = known(province="01", province_list=None)
    account.take(Came(profile={"province": "46", "province_list": "vn34"}), FILL)
    assert account.known == {"province": "01", "province_list": None}


HUE = {"province": "46", "province_list": "vn34"}


@pytest.mark.parametrize(
    ("came", "district"),
    [
        (HUE, None),
        ({**HUE, "district": "Phú Xuân"}, "Phú Xuân"),
        ({**HUE, "district": "Quận 1"}, "Quận 1"),
        ({"province": "01", "province_list": "vn63"}, None),
        ({"province": "01", "province_list": "vn34", "name": "Lan"}, "Quận 1"),
        ({"name": "Lan"}, "Quận 1"),
    ],
)
def test_district_goes_with_its_province(came, district):
    account = known(province="01", province_list="vn34", district="Quận 1")
    account.take(Came(profile=came), NEWEST)
    assert account.known["district"] == district
    assert ("district" in account.before) is (district != "Quận 1")


def test_what_stood_before_is_what_stood_first():
    account = known(name="Lan")
    account.take(Came(profile={"name": "B"}), NEWEST)
    account.take(Came(profile={"name": "C"}), NEWEST)
    assert account.before == {"name": "Lan"}


def test_dates_that_stood_before_are_kept_as_text():
    assert as_json({"birth_date": date(1990, 2, 28), "urban": True, "x": [1]}) == {
        "birth_date": "1990-02-28",
        "urban": True,
        "x": [1],
    }


# -- in the database -----------------------------------------------------------------------


def bring(numbers, came, rule=NEWEST):
    """As a step does."""
    declared = attributes.declared()
    crowd = joining.find([PhoneNumber(e164(number)) for number in numbers], attributes=declared)
    for account in crowd.accounts.values():
        account.take(came, rule)
    joining.save(crowd, attributes=declared, source="import", now=clock.now())


def test_who_is_there_is_changed_and_who_is_not_is_made(app, api):
    declare_every_kind(api)
    join(api, 1, name="Lan", attributes={"interests": ["trà", "bánh"], "vehicle": "ô tô"})
    came = Came(
        profile={"name": "Bình", "birth_date": date(1990, 2, 28), "district": "Quận 1"},
        attributes={"interests": ["cà phê"], "has_pet": False},
    )
    assert at_once(app, lambda: bring([1, 2], came)) == []
    for number in (1, 2):
        found = api.get("/members", phone=f"09120{number:05d}").get_json()["items"][0]
        whole = api.get(f"/members/{found['id']}").get_json()
        assert whole["name"] == "Bình"
        assert whole["birth_date"] == "1990-02-28"
        assert whole["urban"] is True
        assert whole["attributes"]["interests"] == ["cà phê"]
        assert whole["attributes"]["has_pet"] is False
    assert column(app, "SELECT name_folded FROM members") == ["binh", "binh"]


def test_looking_holds_and_changes_nothing(app, api):
    join(api, 1, name="Lan")

    def look():
        crowd = joining.look([PhoneNumber(e164(n)) for n in (1, 2)], attributes={})
        assert [account.is_new for account in crowd.accounts.values()] == [False, True]
        assert crowd.accounts[e164(1)].known["name"] == "Lan"
        assert crowd.held == {}

    assert at_once(app, look) == []
    assert scalar(app, "SELECT count(*) FROM members") == 1


def test_two_that_bring_the_same_people_make_each_once(app):
    numbers = list(range(60))
    came = Came(profile={"name": "Lan"})
    raised = at_once(
        app,
        lambda: bring(numbers, came, FILL),
        lambda: bring(numbers[::-1], came, FILL),
        lambda: bring(numbers[20:], came, FILL),
    )
    assert raised == []
    assert scalar(app, "SELECT count(*) FROM member_phones") == 60
    assert scalar(app, "SELECT count(*) FROM members WHERE name = 'Lan'") == 60
