"""Points that lapse so long after the last purchase: each purchase moves on all that has not
lapsed, and what was spent comes back to lots that moved along."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import event, text

from loyalty.core.db import db, read
from tests.core.rows import change
from tests.points.lapsing import old_shop
from tests.points.spending import hold, spend
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import OTHER_PHONE, buy, local, points_of

AFTER_PURCHASE = '{"expiry": {"mode": "after_purchase", "months": 3}}'


@pytest.fixture(autouse=True)
def three_months_after(app):
    old_shop(app)
    change(app, f"UPDATE programme SET settings = '{AFTER_PURCHASE}', revision = 'after'")
    yield
    assert broken_invariants(app) == ""


@pytest.mark.parametrize("spent", [1, 99, 100])
def test_what_was_spent_comes_back_to_lots_that_moved_on(app, api, spent):
    with time_machine.travel(local("2027-06-01 10:00"), tick=False) as travel:
        member_id = buy(api, amount=1_000_000)["member"]["id"]
        used = [api.post(f"/members/{member_id}/redemptions", {"points": spent}).get_json()["id"]]
        paid = buy(api, receipt_no="paid", amount=500_000, redemptions=used)["purchase"]
        travel.move_to(local("2027-08-30 10:00"))
        buy(api, receipt_no="last", amount=100_000)
        travel.move_to(local("2027-09-10 10:00"))
        whole = {"return_no": "R1", "amount": 500_000}
        assert api.post(f"/purchases/{paid['id']}/returns", whole).status_code == 201
        assert points_of(api, member_id)["balance"] == 110


def test_what_comes_back_after_everything_lapsed_stays_lapsed(app, api):
    with time_machine.travel(local("2027-06-01 10:00"), tick=False) as travel:
        member_id = buy(api)["member"]["id"]
        held = hold(app, member_id, 15)
        travel.move_to(local("2027-09-10 10:00"))
        buy(api, receipt_no="last", amount=100_000)
        assert api.post(f"/redemptions/{held}/void", {}).status_code == 200
        assert points_of(api, member_id)["balance"] == 10


def test_purchase_looks_at_the_lots_of_its_own_member_alone(app, api):
    buy(api, phone=OTHER_PHONE, receipt_no="other")
    member_id = buy(api)["member"]["id"]
    spend(app, member_id, 3)
    hold(app, member_id, 2)
    written = []

    def note(_connection, _cursor, statement, parameters, *_):
        if statement.startswith("UPDATE point_lots SET expires_at"):
            written.append((statement, parameters))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        buy(api, receipt_no="again")
        event.remove(db.engine, "before_cursor_execute", note)
        assert written
        for statement, parameters in written:
            plan = explained(statement, parameters)
            assert "ix_point_lots" in plan, plan
            assert "SCAN point_lots" not in plan, plan
            assert "Seq Scan" not in plan, plan


def explained(statement, parameters):
    """The plan of a statement in a table that is too large to be read whole."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    with read():
        if not is_sqlite:
            db.session.execute(text("SET enable_seqscan = off"))
        prefix = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = db.session.connection().exec_driver_sql(f"{prefix} {statement}", parameters)
        return "\n".join(str(row[-1]) for row in plan)
