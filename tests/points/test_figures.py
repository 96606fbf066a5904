"""The programme's points by month: earned, spent, lapsed and outstanding, however it is read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from loyalty.core.db import read
from loyalty.points import figures
from loyalty.points.expiring import expire_due
from tests.api import Api
from tests.core.rows import change
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import buy, local, phone
from tests.shop import make_store

NOW = local("2027-12-10 09:00")
BOUGHT = {
    "2026-09-30 23:59": 200_000,  # lapsed at the end of 30 September 2027
    "2026-12-01 00:00": 500_000,  # of December, though November has just ended; lapses 1/12/2027
    "2027-01-05 10:00": 900_000,  # lapses within 30 days
    "2027-11-30 23:59": 300_000,
    "2027-12-09 12:00": 100_000,
}


@pytest.fixture
def shop(app, api):
    """Five purchases of one member, seen on 10 December 2027, and the member's id."""
    with time_machine.travel(NOW, tick=False):
        make_store(app)
        sqlite = app.extensions["settings"].is_sqlite
        began = "2020-01-01 00:00:00.000000" if sqlite else datetime(2020, 1, 1, tzinfo=UTC)
        change(app, "UPDATE programme SET started_at = :at, revision = 'older'", at=began)
        for number, (at, amount) in enumerate(BOUGHT.items()):
            bought = buy(
                api,
                phone=phone(1),
                receipt_no=f"HD-{number}",
                purchased_at=local(at).isoformat(),
                amount=amount,
            )
        yield bought["member"]["id"]
        assert broken_invariants(app) == ""


def figures_of(app, months=16, *, now=NOW):
    with app.app_context(), read():
        return figures.by_month(months, now=now)


def column(found, name):
    """What differs from 0, by month."""
    return {
        month.month.isoformat()[:7]: getattr(month, name)
        for month in found.months
        if getattr(month, name)
    }


def keep(app, *, now):
    with app.app_context():
        return figures.keep_sums(now)


def expire(app):
    with app.app_context():
        return expire_due(NOW)


def test_points_are_earned_lapse_and_stand_out_in_their_local_months(app, shop):
    found = figures_of(app)
    assert column(found, "earned") == {
        "2026-09": 20,
        "2026-12": 50,
        "2027-01": 90,
        "2027-11": 30,
        "2027-12": 10,
    }
    assert column(found, "expired") == {"2027-09": 20, "2027-12": 50}
    outstanding = [month.outstanding for month in found.months]
    assert outstanding == [20, 20, 20, 70, *[160] * 8, 140, 140, 170, 130]
    assert (found.outstanding, found.debt, found.held, found.expiring) == (130, 0, 0, 90)
    assert figures.share(found.expired, found.earned) == pytest.approx(70 / 200)


def test_what_came_before_the_months_shown_is_outstanding_all_the_same(app, shop):
    found = figures_of(app, 1)
    assert [(month.month, month.earned, month.outstanding) for month in found.months] == [
        (date(2027, 12, 1), 10, 130)
    ]


def test_whether_points_were_swept_changes_no_figure(app, shop):
    before = figures_of(app)
    assert expire(app).points == 70
    assert figures_of(app) == before


def test_an_expiry_at_the_end_of_a_month_is_of_that_month(app, api, shop):
    """Points of 31 December lapse the moment January begins."""
    buy(
        api,
        phone=phone(1),
        receipt_no="HD-9",
        amount=70_000,
        purchased_at=local("2026-10-31 08:00").isoformat(),
    )
    assert column(figures_of(app), "expired") == {"2027-09": 20, "2027-10": 7, "2027-12": 50}
    expire(app)
    assert column(figures_of(app), "expired") == {"2027-09": 20, "2027-10": 7, "2027-12": 50}


def test_sums_that_are_kept_are_those_of_the_entries(app, api, shop, monkeypatch):
    monkeypatch.setattr(figures, "STEP_ENTRIES", 2)
    before = figures_of(app)
    assert keep(app, now=NOW + timedelta(minutes=59)) == 0
    assert keep(app, now=NOW + timedelta(hours=2)) == 5
    assert keep(app, now=NOW + timedelta(hours=2)) == 0
    assert figures_of(app) == before
    buy(api, phone=phone(1), receipt_no="HD-9", amount=40_000)
    expire(app)
    after = figures_of(app)
    assert after.earned == before.earned + 4
    assert keep(app, now=NOW + timedelta(hours=2)) == 3
    assert figures_of(app) == after


def test_purchases_are_not_read_again_once_they_are_kept(app, shop):
    """Kept sums are believed: what the page costs does not grow with the ledger."""
    keep(app, now=NOW + timedelta(hours=2))
    change(app, "UPDATE monthly_points SET points = points + 1000 WHERE part = 'earned'")
    assert figures_of(app).earned == 200 + 5 * 1000
    assert "the sums kept by month" in broken_invariants(app)
    change(app, "UPDATE monthly_points SET points = points - 1000 WHERE part = 'earned'")


def test_held_points_are_the_members_until_they_are_spent(app, api, shop):
    held = api.post(f"/members/{shop}/redemptions", {"points": 60}).get_json()["id"]
    found = figures_of(app)
    assert (found.held, found.outstanding, found.spent) == (60, 130, 0)
    assert api.post(f"/redemptions/{held}/capture", {"points": 40}).status_code == 200
    found = figures_of(app)
    assert (found.held, found.outstanding, found.spent) == (0, 90, 40)
    assert api.post(f"/redemptions/{held}/reverse", {}).status_code == 200
    found = figures_of(app)
    assert (found.held, found.outstanding, found.spent) == (0, 130, 0)


def test_a_debt_lowers_what_the_months_say_and_not_what_members_see(app, api, shop):
    other = buy(api, phone=phone(2), receipt_no="HD-8", amount=400_000)
    path = f"/members/{other['member']['id']}/redemptions"
    held = api.post(path, {"points": 40}).get_json()["id"]
    assert api.post(f"/redemptions/{held}/capture", {}).status_code == 200
    assert api.post(f"/purchases/{other['purchase']['id']}/void", {}).status_code == 200
    found = figures_of(app)
    assert (found.debt, found.outstanding, found.months[-1].outstanding) == (40, 130, 90)


# -- over the API ------------------------------------------------------------------------


def test_the_programme_answers_with_rates_by_month(api, shop):
    answer = api.get("/programme/figures", months="2").get_json()
    assert (answer["currency"], answer["point_value"]) == ("VND", 100)
    points = answer["points"]
    assert (points["outstanding"], points["worth"], points["expiring"]) == (130, 13_000, 90)
    november, december = points["months"]
    assert november == {
        "month": "2027-11",
        "earned": 30,
        "spent": 0,
        "expired": 0,
        "outstanding": 170,
        "worth": 17_000,
        "sales": 300_000,
        "earn_rate": 0.01,
        "redeem_rate": 0.0,
        "breakage_rate": 0.0,
    }
    assert (december["month"], december["breakage_rate"]) == ("2027-12", 5.0)
    assert points["breakage_rate"] == pytest.approx(50 / 40)


def test_rates_of_nothing_are_none(api, store):
    points = api.get("/programme/figures").get_json()["points"]
    assert len(points["months"]) == 12
    assert points["redeem_rate"] is None
    assert points["months"][-1]["earn_rate"] is None


@pytest.mark.parametrize("months", ["0", "61", "1.5", "x"])
def test_so_many_months_and_no_more(api, store, months):
    assert api.get("/programme/figures", months=months).status_code == 422


def test_whoever_stores_bound_gets_no_figure_of_the_whole_shop(client, api_key, store):
    bounded = Api(client, api_key("manager", store_code=store))
    answer = bounded.get("/programme/figures")
    assert (answer.status_code, answer.get_json()["points"]) == (200, None)
