"""The yearly report of gifts given: local months, what each was worth then, nothing given back."""

from __future__ import annotations

import pytest
import time_machine

from tests.purchases.receipts import buy, local, problem
from tests.rewards.spending import done, hold, offer, spend


@pytest.fixture
def year(shop, api):
    """2027 in gifts."""
    with time_machine.travel(local("2026-12-31 12:00"), tick=False):
        buy(api, amount=10_000_000)
        gift = offer(api, name="=Cà phê", cost=10, worth=25_000)
        voucher = offer(api, name="Phiếu", kind="voucher", cost=50, worth=100_000)
    with time_machine.travel(local("2027-06-01 12:00"), tick=False):
        buy(api, receipt_no="HD-2", amount=10_000_000)
    for moment, rewards in (
        ("2026-12-31 23:59", [gift]),
        ("2027-01-01 00:00", [gift, voucher]),
        ("2027-03-31 23:59", [gift]),
        ("2027-12-31 23:59", [gift, gift]),
        ("2028-01-01 00:00", [gift]),
    ):
        with time_machine.travel(local(moment), tick=False):
            for reward in rewards:
                spend(api, reward=reward["id"])
    with time_machine.travel(local("2027-04-01 00:00"), tick=False):
        hold(api, reward=gift["id"])
        spend(api, points=10)
        done(api, spend(api, reward=gift["id"]), "reverse")
    with time_machine.travel(local("2027-12-01 00:00"), tick=False):
        api.patch(f"/rewards/{gift['id']}", {"worth": 30_000})
        given = spend(api, reward=gift["id"])
    assert given["worth"] == 30_000


def test_report_says_what_was_given_by_month(api, year):
    report = api.get("/rewards/report", year=2027).get_json()
    cells = [
        [item[n] for n in ("name", "month", "given", "points", "worth")] for item in report["items"]
    ]
    assert cells == [
        ["=Cà phê", 1, 1, 10, 25_000],
        ["=Cà phê", 3, 1, 10, 25_000],
        ["=Cà phê", 12, 3, 30, 80_000],
        ["Phiếu", 1, 1, 50, 100_000],
    ]
    assert report["total"] == {"given": 6, "points": 100, "worth": 230_000}
    assert api.get("/rewards/report", year=2025).get_json()["items"] == []
    problem(api.get("/rewards/report"), 422, "invalid_request")


def test_command_prints_it(cli, year):
    said = cli.invoke(args=["rewards", "report", "--year", "2027"])
    assert said.output.splitlines()[-1] == "2027: 6 given for 100 points, worth 230000 VND."
    csv = cli.invoke(args=["rewards", "report", "--year", "2027", "--csv"])
    assert csv.output.splitlines()[:2] == [
        "month,name,kind,given,points,worth",
        "1,'=Cà phê,gift,1,10,25000",
    ]
