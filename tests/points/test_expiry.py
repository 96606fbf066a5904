"""When points lapse: at the end of a local day, month ends clipped, never in the first 60 days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from loyalty.core import clock
from tests.api import Api
from tests.core.rows import change, scalar
from tests.databases import environment, running_app
from tests.purchases.receipts import PHONE, balance, buy, local, points_of, send
from tests.shop import make_key, make_store

SHOP = ZoneInfo("Asia/Ho_Chi_Minh")
LONG_AGO = "2020-01-01 00:00:00"


@pytest.fixture
def store(app):
    """A programme that began long ago: its first 60 days are over."""
    code = make_store(app)
    change(
        app, "UPDATE programme SET started_at = :at, revision = 'older'", at=at_of(app, LONG_AGO)
    )
    return code


def at_of(app, text):
    sqlite = app.extensions["settings"].is_sqlite
    return f"{text}.000000" if sqlite else datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-03-30", 12, "2027-03-30"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-05-15", 0, "2026-05-15"),
        ("2026-11-30", 24, "2028-11-30"),
    ],
)
def test_months_later_is_the_same_day_or_the_last(day, months, later):
    assert clock.add_months(date.fromisoformat(day), months) == date.fromisoformat(later)


def test_end_of_day_is_the_next_local_midnight_also_when_clocks_change():
    london = ZoneInfo("Europe/London")
    ends = [clock.end_of_day(date(2026, 3, day), london) for day in (28, 29)]
    assert [end.isoformat() for end in ends] == [
        "2026-03-29T00:00:00+00:00",
        "2026-03-29T23:00:00+00:00",
    ]


EXPIRES = {
    "2026-11-20 00:00": "2027-11-20T17:00:00Z",
    "2026-11-20 23:59": "2027-11-20T17:00:00Z",
    "2026-02-28 12:00": "2027-02-28T17:00:00Z",
    "2024-02-29 12:00": "2025-02-28T17:00:00Z",
}


def test_points_lapse_at_the_end_of_the_local_day_a_year_later(app, api, store):
    for number, (bought_at, lapse_at) in enumerate(EXPIRES.items()):
        with time_machine.travel(local(bought_at) + timedelta(minutes=1), tick=False):
            phone = f"09120000{number:02}"
            bought = buy(
                api, phone=phone, receipt_no=bought_at, purchased_at=local(bought_at).isoformat()
            )
            expiring = points_of(api, bought["member"]["id"])["expiring"]
        assert expiring == [{"points": 15, "expires_at": lapse_at}], bought_at


def test_expiry_counts_from_the_purchase_not_from_recording(app, api, store):
    at = local("2026-05-01 10:00")
    bought = buy(api, purchased_at=at.isoformat())
    expiring = points_of(api, bought["member"]["id"])["expiring"]
    assert expiring[0]["expires_at"] == "2027-05-01T17:00:00Z"


def test_months_are_a_setting_and_may_be_never(app, api, store):
    change(app, """UPDATE programme SET settings = '{"expiry": {"months": 1}}', revision = 'one'""")
    bought = buy(api, purchased_at=local("2026-10-31 10:00").isoformat())
    lapse = scalar(app, "SELECT expires_at FROM point_lots WHERE points = 15")
    assert str(lapse).startswith("2026-11-30 17:00")
    change(
        app,
        """UPDATE programme SET settings = '{"expiry": {"mode": "never"}}', revision = 'never'""",
    )
    buy(api, receipt_no="HD-2", amount=20_000)
    assert scalar(app, "SELECT expires_at FROM point_lots WHERE points = 2") is None
    assert points_of(api, bought["member"]["id"])["balance"] >= 2


def test_nothing_lapses_in_the_programmes_first_60_days(app, api):
    began = local("2027-03-01 09:00")
    with time_machine.travel(began, tick=False):
        make_store(app)
    with time_machine.travel(local("2027-03-02 09:00"), tick=False):
        old = buy(api, purchased_at=local("2020-01-01 10:00").isoformat())
        today = buy(api, receipt_no="HD-2")
        standing = points_of(api, old["member"]["id"])
    assert today["member"]["points"] == 30
    assert [row["expires_at"] for row in standing["expiring"]] == [
        "2027-04-30T17:00:00Z",
        "2028-03-02T17:00:00Z",
    ]


def test_lapsed_points_are_not_shown_though_nothing_ran(app, api, store, cli):
    with time_machine.travel(local("2027-03-14 09:00"), tick=False):
        member_id = buy(api)["member"]["id"]
    with time_machine.travel(local("2027-10-01 09:00"), tick=False):
        buy(api, receipt_no="HD-2", amount=70_000)
    with time_machine.travel(local("2028-03-14 23:59"), tick=False):
        assert balance(api, PHONE) == 22
    with time_machine.travel(local("2028-03-15 00:00"), tick=False):
        assert balance(api, PHONE) == 7
        assert points_of(api, member_id)["available"] == 7
        assert len(points_of(api, member_id)["expiring"]) == 1
        assert send(api, receipt_no="HD-2", amount=70_000).get_json()["member"]["points"] == 7
        assert buy(api, receipt_no="HD-3", amount=30_000)["member"]["points"] == 10
    assert cli.invoke(args=["points", "verify"]).exit_code == 0


def test_receipt_whose_points_have_lapsed_already_shows_none(app, api, store):
    bought = buy(api, purchased_at=local("2023-01-01 10:00").isoformat())
    assert (bought["purchase"]["points_earned"], bought["member"]["points"]) == (15, 0)


def test_void_of_a_lapsed_purchase_makes_no_debt(app, api, store, cli):
    bought = buy(api, purchased_at=local("2023-01-01 10:00").isoformat())
    api.post(f"/purchases/{bought['purchase']['id']}/void", {})
    standing = points_of(api, bought["member"]["id"])
    assert (standing["balance"], standing["debt"]) == (0, 0)
    assert cli.invoke(args=["points", "verify"]).exit_code == 0


def test_lapses_of_one_instant_are_one_line_soonest_first(app, api, store):
    times = ["2026-11-01 09:00", "2026-11-03 09:00", "2026-11-03 22:00"]
    for number, text in enumerate(times):
        bought = buy(api, receipt_no=str(number), purchased_at=local(text).isoformat())
    expiring = points_of(api, bought["member"]["id"])["expiring"]
    assert [row["points"] for row in expiring] == [15, 30]


def test_zone_is_the_installations(database_url, tmp_path):
    with running_app(environment(database_url, tmp_path, time_zone="Pacific/Auckland")) as app:
        make_store(app)
        api = Api(app.test_client(), make_key(app))
        bought = buy(api, purchased_at="2026-11-19T12:30:00Z")  # the 20th in Auckland
        assert points_of(api, bought["member"]["id"])["expiring"] == [
            {"points": 15, "expires_at": "2027-11-20T11:00:00Z"}
        ]
