"""Birthday bonuses: on the local day, once a calendar year, and not for a date just entered."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from loyalty.core import clock
from loyalty.points.birthdays import give_birthday_bonuses
from tests.core.rows import change, column
from tests.points.lapsing import old_shop
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import buy, local, phone


@pytest.fixture(autouse=True)
def store(app):
    yield old_shop(app)
    assert broken_invariants(app) == ""


@pytest.fixture(autouse=True)
def bonus(app, store):
    settings = (
        """UPDATE programme SET settings = '{"bonuses": {"birthday": 100}}', revision = 'b'"""
    )
    change(app, settings)


def born(app, api, number, birth_date, *, known_since="2026-01-01 12:00"):
    """The id of a member with this birth date."""
    with time_machine.travel(local("2026-06-01 12:00"), tick=False):
        bought = buy(api, phone=phone(number), receipt_no=str(number), amount=0)
    member_id = bought["member"]["id"]
    since = local(known_since)
    sqlite = app.extensions["settings"].is_sqlite
    change(
        app,
        "UPDATE members SET birth_date = :day, birth_date_since = :since WHERE id = :id",
        day=birth_date if sqlite else date.fromisoformat(birth_date),
        since=since.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else since,
        id=member_id,
    )
    return member_id


def run(app, at):
    with time_machine.travel(local(at), tick=False), app.app_context():
        return give_birthday_bonuses(clock.now())


def given_to(app):
    return column(app, "SELECT member_id FROM point_entries WHERE kind = 'bonus' ORDER BY id")


def test_bonus_comes_on_the_local_day_once_a_year(app, api):
    member_id = born(app, api, 1, "1990-08-15")
    born(app, api, 2, "1990-08-16")
    assert run(app, "2026-08-14 23:59") == 0
    assert [run(app, "2026-08-15 00:00") for _ in range(2)] == [1, 0]
    assert given_to(app) == [member_id]
    with time_machine.travel(local("2026-08-15 09:00"), tick=False):
        standing = api.get(f"/members/{member_id}/points").get_json()
    assert standing["expiring"] == [{"points": 100, "expires_at": "2027-08-15T17:00:00Z"}]
    assert run(app, "2027-08-15 08:00") == 1
    assert given_to(app) == [member_id] * 2


def test_born_on_29_february_has_it_on_the_28th_in_other_years(app, api):
    leap, other = born(app, api, 1, "1992-02-29"), born(app, api, 2, "1992-02-28")
    assert run(app, "2027-02-28 08:00") == 2
    assert run(app, "2028-02-28 08:00") == 1
    assert run(app, "2028-02-29 08:00") == 1
    assert given_to(app) == [leap, other, other, leap]


def test_date_entered_less_than_30_days_before_brings_none(app, api):
    late = born(app, api, 1, "1990-08-15", known_since="2026-07-16 00:01")
    early = born(app, api, 2, "1990-08-15", known_since="2026-07-16 00:00")
    assert late != early
    assert run(app, "2026-08-15 08:00") == 1
    assert given_to(app) == [early]


def test_missed_day_is_made_up_for_within_a_week(app, api):
    born(app, api, 1, "1990-12-30")
    old = born(app, api, 2, "1990-12-20")
    assert run(app, "2027-01-02 08:00") == 1
    assert run(app, "2027-01-03 08:00") == 0
    assert old not in given_to(app)
    assert column(app, "SELECT year FROM bonuses_given") == [2026]


def test_off_means_none(app, api):
    change(app, "UPDATE programme SET settings = '{}', revision = 'off'")
    born(app, api, 1, "1990-08-15")
    assert run(app, "2026-08-15 08:00") == 0
