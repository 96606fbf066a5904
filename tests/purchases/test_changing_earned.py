"""Void and reassign of receipts that brought more than plain points: bonuses, pending points,
points of promotions."""

from __future__ import annotations

import pytest

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.programme import promotions
from tests.core.rows import column, scalar
from tests.purchases.goods import decide, verify
from tests.purchases.receipts import OTHER_PHONE, PHONE, balance, buy

pytestmark = pytest.mark.usefixtures("store")


def void(api, bought):
    assert api.post(f"/purchases/{bought['purchase']['id']}/void", {}).status_code == 200


def move(api, bought, written=OTHER_PHONE):
    answer = api.post(f"/purchases/{bought['purchase']['id']}/reassign", {"phone": written})
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def promise(app, **limits):
    """10 points more on every receipt of this year."""
    with app.app_context(), transaction():
        promotions.create(
            name="Ten more",
            terms={"points": 10, **limits.pop("terms", {})},
            ends_at=clock.now().replace(year=2100),
            **limits,
        )


class TestBonuses:
    def test_void_of_the_first_purchase_leaves_its_bonus_to_the_next(self, app, api):
        decide(app, bonuses={"first_purchase": 20})
        void(api, buy(api))
        assert balance(api, PHONE) == 0
        assert buy(api, receipt_no="HD-2")["member"]["points"] == 35
        verify(app)

    def test_bonus_moves_along_to_whom_it_is_the_first(self, app, api):
        decide(app, bonuses={"first_purchase": 20, "sign_up": 5})
        bought = buy(api)
        assert move(api, bought)["member"]["points"] == 15 + 20 + 5
        assert balance(api, PHONE) is None
        assert scalar(app, "SELECT sum(points) FROM members") == 40
        verify(app)

    def test_whoever_bought_before_gets_no_second_one(self, app, api):
        decide(app, bonuses={"first_purchase": 20})
        buy(api, phone=OTHER_PHONE, receipt_no="HD-0")
        kept = buy(api, receipt_no="HD-1")
        moved = buy(api, receipt_no="HD-2")
        assert move(api, moved)["member"]["points"] == 35 + 15
        assert balance(api, PHONE) == kept["member"]["points"]
        verify(app)


class TestPending:
    def test_void_drops_what_is_pending(self, app, api):
        decide(app, pending_days=7)
        void(api, buy(api))
        assert column(app, "SELECT points FROM pending_points") == []
        assert scalar(app, "SELECT count(*) FROM point_entries") == 0
        verify(app)

    def test_what_is_pending_moves_along_and_waits_as_long(self, app, api):
        decide(app, pending_days=7)
        bought = buy(api)
        until = scalar(app, "SELECT ends_at FROM pending_points")
        moved = move(api, bought)
        assert (moved["member"]["points"], balance(api, PHONE)) == (0, None)
        rows = column(app, "SELECT member_id FROM pending_points")
        assert rows == [moved["member"]["id"]]
        assert scalar(app, "SELECT ends_at FROM pending_points") == until
        verify(app)


class TestPromotions:
    def test_void_leaves_room_again(self, app, api):
        promise(app, budget=15, terms={"cap_member": 12})
        void(api, buy(api))
        assert column(app, "SELECT given FROM promotions") == [0]
        assert column(app, "SELECT points FROM promotion_uses") == [0]
        assert buy(api, receipt_no="HD-2")["member"]["points"] == 25
        verify(app)

    def test_what_was_used_moves_along(self, app, api):
        promise(app, budget=15)
        other = buy(api, phone=OTHER_PHONE, receipt_no="HD-0", amount=0)
        bought = buy(api)
        moved = move(api, bought)
        assert moved["member"]["id"] == other["member"]["id"]
        assert moved["member"]["points"] == 25
        assert column(app, "SELECT given FROM promotions") == [10]
        used = column(app, "SELECT sum(points) FROM promotion_uses GROUP BY member_id ORDER BY 1")
        assert used == [0, 10]
        verify(app)

    def test_no_more_moves_along_than_the_cap_of_the_other_leaves(self, app, api):
        promise(app, budget=25, terms={"cap_member": 12})
        buy(api, phone=OTHER_PHONE, receipt_no="HD-0")
        bought = buy(api)
        moved = move(api, bought)
        assert (moved["purchase"]["points_earned"], moved["member"]["points"]) == (17, 25 + 17)
        used = column(app, "SELECT sum(points) FROM promotion_uses GROUP BY member_id ORDER BY 1")
        assert (used, column(app, "SELECT given FROM promotions")) == ([0, 12], [12])
        verify(app)
        back = {"return_no": "R-1", "amount": 150_000}
        path = f"/purchases/{bought['purchase']['id']}/returns"
        assert api.post(path, back).get_json()["member"]["points"] == 25
        verify(app)

    def test_what_moves_there_and_back_earns_by_what_is_left_then(self, app, api):
        promise(app, terms={"cap_member": 12})
        buy(api, phone=OTHER_PHONE, receipt_no="HD-0")
        buy(api, amount=0, receipt_no="HD-00")
        bought = buy(api)
        move(api, bought)
        assert move(api, bought, PHONE)["member"]["points"] == 17
        void(api, bought)
        assert balance(api, PHONE) == 0
        verify(app)
