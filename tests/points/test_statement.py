"""A statement adds up, its ends are the balance shown at those moments, and it is the same whether
the jobs have run or not."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
import time_machine

from loyalty.core import clock
from loyalty.points import statement as statements
from tests.core.rows import column
from tests.points.lapsing import EARLY, LATE, expire, old_shop
from tests.points.spending import capture, hold, release, restore, spend, take_back
from tests.points.test_spending import earn, shown
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import OTHER_PHONE, buy, local, problem

SUMS = ("opening", "earned", "spent", "expired", "adjusted", "closing")


@pytest.fixture(autouse=True)
def store(app):
    yield old_shop(app)
    assert broken_invariants(app) == ""


def statement(api, since, until, member_id=1, **query):
    answer = api.get(f"/members/{member_id}/statement", **{"from": since, "to": until}, **query)
    assert answer.status_code == 200, answer.json
    return answer


def sums(api, since, until, member_id=1):
    found = statement(api, since, until, member_id).get_json()
    opening, earned, spent, expired, adjusted, closing = (found[name] for name in SUMS)
    assert opening + earned - spent - expired + adjusted == closing
    assert opening + sum(line["points"] for line in found["lines"]) == closing
    return opening, earned, spent, expired, adjusted, closing


def at(text):
    return time_machine.travel(local(text), tick=False)


def test_quiet_month_and_one_with_everything(app, api):
    with at("2027-03-01 09:00"):
        earn(api, clock.now(), 100)
    with at("2027-04-02 09:00"):
        spend(app, 1, 30)
        api.post("/members/1/adjustments", {"points": 7, "reason": "sorry"})
        api.post("/members/1/adjustments", {"points": -2, "reason": "too many"})
    with at("2027-05-02 09:00"):
        assert sums(api, "2027-02-01", "2027-02-28") == (0, 0, 0, 0, 0, 0)
        assert sums(api, "2027-03-01", "2027-03-01") == (0, 100, 0, 0, 0, 100)
        assert sums(api, "2027-04-01", "2027-04-30") == (100, 0, 30, 0, 5, 75)
        assert sums(api, "2027-03-01", "2027-05-02") == (0, 100, 30, 0, 5, 75)
        assert sums(api, "2027-05-01", "2027-12-31") == (75, 0, 0, 0, 0, 75)


class Days:
    """Days on which something happens: the job comes first, or never; what is shown when the day
    is over is kept."""

    def __init__(self, app, api, *, is_swept):
        self.app, self.api, self.is_swept = app, api, is_swept
        self.shown: dict[str, int] = {}

    @contextmanager
    def day(self, text):
        with at(f"{text} 09:00"):
            if self.is_swept:
                expire(self.app)
            yield
        with time_machine.travel(local(f"{text} 00:00") + timedelta(days=1), tick=False):
            self.shown[text] = shown(self.api)


def history(app, api, days):
    """Points that lapse (50 after 1 March 2028, 40 after 1 June); spent, held over their expiry,
    given back after it, taken back before and after; a debt and what repays it."""
    with days.day("2027-03-01"):
        first = earn(api, clock.now(), 50, receipt_no="first")
    with days.day("2027-06-01"):
        second = earn(api, clock.now(), 40, receipt_no="second")
    with days.day("2027-07-01"):
        spent = spend(app, 1, 10)
    with days.day("2028-03-01"):
        held = hold(app, 1, 15)
        take_back(app, first, 5)
    with days.day("2028-03-02"):
        pass
    with days.day("2028-03-05"):
        capture(app, held, 8)
    with days.day("2028-03-06"):
        restore(app, spent, 6)
    with days.day("2028-03-07"):
        take_back(app, first, 20)
    with days.day("2028-03-08"):
        spend(app, 1, 25)
    with days.day("2028-03-09"):
        take_back(app, second, 38)
    with days.day("2028-03-10"):
        earn(api, clock.now(), 60, receipt_no="third")
    with days.day("2028-06-02"):
        pass


@pytest.mark.parametrize("is_swept", [False, True], ids=["no job", "job ran"])
def test_every_period_ends_with_what_was_shown_whether_jobs_ran_or_not(app, api, is_swept):
    days = Days(app, api, is_swept=is_swept)
    history(app, api, days)
    assert list(days.shown.values()) == [50, 90, 80, 55, 55, 40, 40, 40, 15, 0, 37, 37]
    with at("2028-07-01 09:00"):
        since = "2027-01-01"
        for until, balance in days.shown.items():
            assert sums(api, since, until)[-1] == balance, until
            assert sums(api, until, until)[-1] == balance, until
        assert sums(api, "2027-01-01", "2028-06-30") == (0, 87, 37, 13, 0, 37)
        lines = statement(api, "2028-03-01", "2028-03-31").get_json()["lines"]
    assert [(line["at"][8:10], line["kind"], line["points"]) for line in lines] == [
        ("01", "reverse_earn", -5),
        ("01", "expire", -20),
        ("05", "redeem", -8),
        ("05", "expire", -7),
        ("06", "restore", 6),
        ("06", "expire", -6),
        ("07", "reverse_earn", -20),
        ("07", "expire", 20),
        ("08", "redeem", -25),
        ("09", "reverse_earn", -15),
        ("10", "earn", 37),
    ]


def test_hold_alone_is_no_line(app, api):
    with at("2027-03-01 09:00"):
        earn(api, clock.now(), 50)
    with at("2027-03-02 09:00"):
        release(app, hold(app, 1, 15))
        hold(app, 1, 5)
        assert statement(api, "2027-03-02", "2027-03-02").get_json()["lines"] == []
        assert sums(api, "2027-03-02", "2027-03-02")[-1] == 50


def test_history_that_had_lapsed_when_it_came_counts_as_both(app, api):
    with at("2027-03-05 09:00"):
        buy(api, purchased_at="2024-01-01T10:00:00+07:00")
        assert sums(api, "2027-03-05", "2027-03-05") == (0, 15, 0, 15, 0, 0)


def test_merged_accounts_are_one_for_ever(app, api):
    with at("2027-03-01 09:00"):
        source = earn(api, clock.now(), 100, phone=OTHER_PHONE)["member"]["id"]
        survivor = earn(api, clock.now(), 200)["member"]["id"]
    with at("2027-03-02 09:00"):
        api.post(f"/members/{source}/merge", {"into": survivor})
        assert sums(api, "2027-03-02", "2027-03-02", survivor) == (300, 0, 0, 0, 0, 300)
        assert sums(api, "2027-03-01", "2027-03-01", survivor) == (0, 300, 0, 0, 0, 300)


def test_csv_opens_safely_in_a_spreadsheet_and_adds_up(app, api):
    with at("2027-03-01 09:00"):
        earn(api, clock.now(), 50)
        api.post("/members/1/adjustments", {"points": 7, "reason": "=1+1;=A1"})
        answer = statement(api, "2027-03-01", "2027-03-31", format="csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=statement-1-2027-03-01-2027-03-31.csv"
    )
    body = answer.get_data(as_text=True)
    assert body.startswith("\ufeff")
    rows = list(csv.reader(StringIO(body[1:])))
    assert rows[1:] == [
        ["2027-03-01", "Opening balance", "", "0", ""],
        ["2027-03-01 09:00", "Purchase", "50", "50", ""],
        ["2027-03-01 09:00", "Adjusted by hand", "7", "57", "'=1+1;'=A1"],
        ["2027-03-31", "Closing balance", "", "57", ""],
        ["", "Earned", "50", "", ""],
        ["", "Used", "0", "", ""],
        ["", "Expired", "0", "", ""],
        ["", "Adjusted", "7", "", ""],
    ]


def test_pdf_holds_its_fonts(app, api):
    with at("2027-03-01 09:00"):
        earn(api, clock.now(), 50)
        api.post("/members/1/adjustments", {"points": 7, "reason": "Ưu đãi ที่นี่ น้ำ"})
        answer = statement(api, "2027-03-01", "2027-03-31", format="pdf")
    assert answer.content_type == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert b"Sarabun" in answer.data
    assert column(app, "SELECT action FROM audit_events ORDER BY id")[-1] == "points.statement"


def test_period_is_checked(app, api, monkeypatch):
    earn(api, EARLY, 10)
    earn(api, EARLY + timedelta(hours=1), 10)
    path = "/members/1/statement"
    for since, until in (
        ("2027-03-02", "2027-03-01"),
        ("2027-02-30", "2027-03-01"),
        ("1989-01-01", "2027-03-01"),
        ("2027-3-1", "2027-03-01"),
        ("", "2027-03-01"),
    ):
        answer = api.get(path, **{"from": since, "to": until})
        problem(answer, 422, "invalid_request")
    problem(api.get(path, to="2027-03-01"), 422, "invalid_request")
    monkeypatch.setattr(statements, "STATEMENT_ENTRIES", 1)
    with time_machine.travel(LATE, tick=False):
        asked = api.get(path, **{"from": "2027-01-01", "to": "2027-03-31"})
    problem(asked, 422, "invalid_request")
