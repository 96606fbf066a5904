"""Points taken back that were spent already become debt, and earning repays it first."""

from __future__ import annotations

import pytest

from tests.core.rows import column, scalar
from tests.points.spending import spend
from tests.purchases.receipts import OTHER_PHONE, PHONE, balance, buy, points_of, receipt

pytestmark = pytest.mark.usefixtures("store")


def void(api, bought):
    answer = api.post(f"/purchases/{bought['purchase']['id']}/void", {})
    assert answer.status_code == 200
    return answer.get_json()


def standing(api, member_id=1):
    found = points_of(api, member_id)
    return found["balance"], found["debt"]


def verify(cli):
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


@pytest.fixture
def in_debt(app, api, cli, store):
    """A member who spent 12 of 15 points of a purchase that is then voided: 12 of debt."""
    bought = buy(api)
    spend(app, 1, 12)
    verify(cli)
    voided = void(api, bought)
    assert voided["member"]["points"] == 0
    assert standing(api) == (0, 12)
    assert scalar(app, "SELECT points FROM members") == -12
    verify(cli)


@pytest.mark.usefixtures("in_debt")
def test_earning_repays_debt_first(app, api, cli):
    repaid = [
        (50_000, (0, 7)),
        (30_000, (0, 4)),
        (40_000, (0, 0)),
        (90_000, (9, 0)),
    ]
    for number, (amount, expected) in enumerate(repaid):
        bought = buy(api, receipt_no=f"again-{number}", amount=amount)
        assert bought["purchase"]["points_earned"] == amount // 10_000
        assert bought["member"]["points"] == expected[0]
        assert standing(api) == expected
        verify(cli)


@pytest.mark.usefixtures("in_debt")
def test_what_repaid_a_debt_is_taken_from_its_own_lot(app, api):
    buy(api, receipt_no="again", amount=200_000)
    entry = api.get("/members/1/entries").get_json()["items"][0]
    why = api.get(f"/entries/{entry['id']}").get_json()["why"]
    assert why["taken_from"] == [{"lot": entry["id"], "points": 12}]
    assert (why["lot"]["points"], why["lot"]["remaining"]) == (20, 8)
    assert standing(api) == (8, 0)


@pytest.mark.usefixtures("in_debt")
def test_batch_repays_debt_across_its_rows(api, cli):
    rows = [receipt(receipt_no=f"b-{n}", amount=50_000) for n in range(4)]
    rows += [receipt(receipt_no=f"o-{n}", phone=OTHER_PHONE) for n in range(2)]
    assert api.post("/purchases/batch", {"purchases": rows}).get_json()["recorded"] == 6
    assert standing(api) == (8, 0)
    assert balance(api, OTHER_PHONE) == 30
    verify(cli)


@pytest.mark.usefixtures("in_debt")
def test_purchase_that_repaid_a_debt_may_be_voided(api, cli):
    """The debt is as it was, whichever way round."""
    void(api, buy(api, receipt_no="again", amount=200_000))
    assert standing(api) == (0, 12)
    verify(cli)


@pytest.mark.usefixtures("in_debt")
def test_purchase_that_repaid_a_debt_may_move_to_another_member(api, cli):
    bought = buy(api, receipt_no="again", amount=200_000)
    path = f"/purchases/{bought['purchase']['id']}/reassign"
    moved = api.post(path, {"phone": OTHER_PHONE}).get_json()
    assert moved["member"]["points"] == 20
    assert standing(api) == (0, 12)
    assert balance(api, PHONE) == 0
    verify(cli)


@pytest.mark.usefixtures("in_debt")
def test_purchase_moved_onto_a_member_in_debt_repays_it(api, cli):
    wrong = buy(api, receipt_no="wrong", phone=OTHER_PHONE, amount=200_000)
    moved = api.post(f"/purchases/{wrong['purchase']['id']}/reassign", {"phone": PHONE})
    assert moved.get_json()["member"]["points"] == 8
    assert standing(api) == (8, 0)
    verify(cli)


def test_reverse_takes_from_the_purchases_own_lot_first(app, api, cli):
    buy(api, receipt_no="soonest", amount=100_000, purchased_at="2026-10-01T10:00:00+07:00")
    voided = buy(api, receipt_no="own", amount=70_000)
    void(api, voided)
    assert column(app, "SELECT remaining FROM point_lots ORDER BY entry_id") == [10, 0]
    verify(cli)


def test_reverse_takes_what_its_own_lot_lacks_from_the_soonest_to_lapse(app, api, cli):
    own = buy(api, receipt_no="own", amount=70_000, purchased_at="2026-09-01T10:00:00+07:00")
    buy(api, receipt_no="later", amount=50_000, purchased_at="2026-11-02T10:00:00+07:00")
    buy(api, receipt_no="sooner", amount=50_000, purchased_at="2026-10-02T10:00:00+07:00")
    spend(app, 1, 6)  # soonest expiry first: from `own`
    void(api, own)
    assert column(app, "SELECT remaining FROM point_lots ORDER BY entry_id") == [0, 4, 0]
    assert standing(api) == (4, 0)
    verify(cli)
