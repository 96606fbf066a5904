"""The job that empties lots past their expiry: nobody sees it, whenever it comes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.points import expiring
from loyalty.points.expiring import Swept
from tests.core.rows import change, column, scalar
from tests.points.lapsing import BEFORE_ALL, BETWEEN, EARLY, LATE, expire, old_shop
from tests.points.spending import spend
from tests.points.test_spending import earn, kinds, left, shown, sums
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import phone


@pytest.fixture(autouse=True)
def store(app):
    yield old_shop(app)
    assert broken_invariants(app) == ""


def test_each_lapsed_lot_has_an_entry_at_its_own_moment_once(app, api, cli):
    earn(api, EARLY, 10)
    earn(api, EARLY + timedelta(days=1), 7)
    earn(api, LATE, 20)
    with time_machine.travel(BEFORE_ALL, tick=False):
        spend(app, 1, 4)
        assert (expire(app).lots, expire(app).points) == (0, 0)
    with time_machine.travel(BETWEEN, tick=False):
        before = shown(api)
        output = cli.invoke(args=["points", "expire"]).output
        assert output == "13 points of 2 lots expired.\n"
        assert cli.invoke(args=["points", "expire"]).output == "0 points of 0 lots expired.\n"
        assert (before, shown(api), sums(app)) == (20, 20, (20, 0, 0))
    assert left(app) == [0, 0, 20]
    newest = "SELECT {} FROM point_entries WHERE kind = 'expire' ORDER BY id"
    assert column(app, newest.format("points")) == [-6, -7]
    assert [str(at)[:10] for at in column(app, newest.format("occurred_at"))] == [
        "2028-03-01",
        "2028-03-02",
    ]


def test_steps_reach_every_member_and_every_lot(app, api, monkeypatch):
    """Steps smaller than what one member has, and members in between with nothing due."""
    monkeypatch.setattr(expiring, "BATCH_ROWS", 3)
    for member in range(1, 6):
        rows = [
            {"phone": phone(member), "store": "S01", "receipt_no": f"{member}-{n}"}
            | {"amount": 10_000, "purchased_at": (EARLY if member % 2 else LATE).isoformat()}
            for n in range(7)
        ]
        with time_machine.travel(LATE, tick=False):
            api.post("/purchases/batch", {"purchases": rows})
    with time_machine.travel(BETWEEN, tick=False):
        told: list[Swept] = []
        with app.app_context():
            swept = expiring.expire_due(BETWEEN, report=told.append)
    assert (swept.lots, swept.points) == (21, 21)
    assert [step.lots for step in told] == [3, 6, 9, 12, 15, 18, 21]
    assert column(app, "SELECT points FROM members ORDER BY id") == [0, 7, 0, 7, 0]


def test_broken_off_run_goes_on_where_it_stood(app, api, monkeypatch):
    monkeypatch.setattr(expiring, "BATCH_ROWS", 2)
    for n in range(5):
        earn(api, EARLY, 10, phone=phone(n), receipt_no=str(n))

    class Killed(Exception):
        pass

    def die(swept):
        raise Killed

    with time_machine.travel(BETWEEN, tick=False), app.app_context():
        with pytest.raises(Killed):
            expiring.expire_due(BETWEEN, report=die)
        assert kinds(app).count("expire") == 2
        assert expiring.expire_due(BETWEEN).lots == 3
    assert scalar(app, "SELECT SUM(points) FROM members") == 0


def test_points_that_never_lapse_are_left(app, api):
    earn(api, EARLY, 10)
    change(app, "UPDATE point_lots SET expires_at = NULL")
    with time_machine.travel(BETWEEN, tick=False):
        assert expire(app).lots == 0
