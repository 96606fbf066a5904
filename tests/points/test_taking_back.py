"""Points that are due no more: from what is pending, the purchase's own lots, other lots, and then
a debt; what has lapsed of the own lots is taken back already."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.core import clock
from loyalty.points import bonuses, pending
from loyalty.points.bonuses import Bonus
from loyalty.points.pending import Pending
from tests.core.rows import change, column, scalar
from tests.points.lapsing import BEFORE_ALL, BETWEEN, EARLY, LATE, expire, old_shop
from tests.points.spending import hold, locked, restore, spend, take_back
from tests.points.test_spending import SWEPT, earn, kinds, left, shown, sums
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import OTHER_PHONE, phone


@pytest.fixture(autouse=True)
def store(app):
    yield old_shop(app)
    assert broken_invariants(app) == ""


def test_own_lot_gives_first_then_what_lapses_soonest_then_a_debt(app, api):
    earn(api, EARLY, 10)
    bought = earn(api, LATE, 20)
    with time_machine.travel(BEFORE_ALL, tick=False):
        spend(app, 1, 5)
        take_back(app, bought, 12)
        assert (left(app), sums(app)) == ([5, 8], (13, 0, 0))
        hold(app, 1, 6)
        take_back(app, bought, 8)
        assert (left(app), sums(app)) == ([0, 0], (-1, 6, 1))


@SWEPT
def test_what_lapsed_of_a_purchase_is_not_taken_a_second_time(app, api, is_swept):
    bought = earn(api, EARLY, 10)
    earn(api, LATE, 20)
    with time_machine.travel(BETWEEN, tick=False):
        if is_swept:
            expire(app)
        take_back(app, bought, 10)
        assert (left(app), sums(app), shown(api)) == ([0, 20], (20, 0, 0), 20)


@SWEPT
def test_of_a_lapsed_purchase_only_what_was_spent_is_taken_elsewhere(app, api, is_swept):
    bought = earn(api, EARLY, 10)
    earn(api, LATE, 20)
    with time_machine.travel(BEFORE_ALL, tick=False):
        spend(app, 1, 6)
    with time_machine.travel(BETWEEN, tick=False):
        if is_swept:
            expire(app)
        take_back(app, bought, 10)
        assert (left(app), sums(app), shown(api)) == ([0, 14], (14, 0, 0), 14)


@SWEPT
def test_any_split_ends_the_same_whenever_the_points_lapse(app, api, is_swept):
    for number, (first, *rest) in enumerate([(10,), (3, 7), (1, 4, 5)]):
        bought = earn(api, EARLY, 10, phone=phone(number))
        member_id = earn(api, LATE, 20, phone=phone(number))["member"]["id"]
        with time_machine.travel(BEFORE_ALL, tick=False):
            spend(app, member_id, 6)
            take_back(app, bought, first)
        with time_machine.travel(BETWEEN, tick=False):
            if is_swept:
                expire(app)
            for part in rest:
                take_back(app, bought, part)
            assert (shown(api, member_id), sums(app, member_id)[2]) == (14, 0)


@SWEPT
def test_what_came_back_to_a_lapsed_lot_counts_as_lapsed(app, api, is_swept):
    bought = earn(api, EARLY, 10)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = spend(app, 1, 10)
    with time_machine.travel(BETWEEN, tick=False):
        restore(app, redemption_id, 10)
        if is_swept:
            expire(app)
        take_back(app, bought, 10)
        assert (left(app), sums(app)) == ([0], (0, 0, 0))


def test_nothing_is_written_for_nothing(app, api):
    bought = earn(api, EARLY, 10)
    before = kinds(app)
    take_back(app, bought, 0)
    assert kinds(app) == before


def test_lots_that_another_member_has_of_the_purchase_are_left_alone(app, api):
    """Reassigned, the purchase has an old lot at its first member, which may fill again."""
    bought = earn(api, LATE, 20)
    with time_machine.travel(LATE + timedelta(hours=1), tick=False):
        redemption_id = spend(app, 1, 20)
        path = f"/purchases/{bought['purchase']['id']}"
        moved = api.post(f"{path}/reassign", {"phone": OTHER_PHONE}).get_json()
        earn(api, clock.now(), 5, receipt_no="again")
        restore(app, redemption_id, 20)
        assert [shown(api, member_id) for member_id in (1, 2)] == [5, 20]
        take_back(app, moved, 20)
        assert [shown(api, member_id) for member_id in (1, 2)] == [5, 0]
        assert scalar(app, "SELECT debt FROM members WHERE id = 2") == 0


def test_hold_over_but_not_yet_released_is_released_first(app, api):
    bought = earn(api, EARLY, 10)
    earn(api, LATE, 20)
    with time_machine.travel(BEFORE_ALL, tick=False):
        hold(app, 1, 10)
    with time_machine.travel(BEFORE_ALL + timedelta(hours=1), tick=False):
        take_back(app, bought, 10)
        assert (left(app), sums(app)) == ([0, 20], (20, 0, 0))


# -- pending -----------------------------------------------------------------------


def make_pending(app, bought, points, *, ends_at=None):
    """Of a purchase that earned nothing at once."""

    def act(member):
        row = Pending(
            member=member,
            points=points,
            purchase_id=bought["purchase"]["id"],
            rule_version=1,
            inputs={"amount": points * 10_000},
            occurred_at=EARLY,
            expires_at=EARLY + timedelta(days=365),
            ends_at=ends_at,
        )
        pending.add([row], now=EARLY)

    locked(app, bought["member"]["id"], act)
    return bought


def waiting(app):
    return column(app, "SELECT points FROM pending_points ORDER BY id")


def owes(app, purchase_id):
    """A purchase of which points are pending earned them."""
    change(
        app,
        "UPDATE purchases SET points_earned = points_earned + 15 WHERE id = :id",
        id=purchase_id,
    )


@pytest.fixture
def bought(app, api):
    """A purchase of which 15 points are pending, beside one of 20 that count."""
    earn(api, LATE, 20)
    made = earn(api, EARLY, 0)
    owes(app, made["purchase"]["id"])
    return make_pending(app, made, 15, ends_at=EARLY + timedelta(days=7))


def test_pending_points_are_in_no_balance(app, api, bought):
    assert (shown(api), sums(app), waiting(app)) == (20, (20, 0, 0), [15])


def test_pending_points_are_dropped_first(app, api, bought):
    with time_machine.travel(BEFORE_ALL, tick=False):
        take_back(app, bought, 6)
        assert (waiting(app), kinds(app)) == ([9], ["earn"])
        take_back(app, bought, 9)
        assert (waiting(app), kinds(app), shown(api)) == ([], ["earn"], 20)


def activate_due(app):
    with app.app_context():
        return pending.activate_due(clock.now())


def test_pending_points_count_from_their_day_on_once(app, api, bought):
    with time_machine.travel(EARLY + timedelta(days=6, hours=23), tick=False):
        assert activate_due(app) == 0
    with time_machine.travel(EARLY + timedelta(days=7), tick=False):
        assert activate_due(app) == 1
        assert activate_due(app) == 0
        assert shown(api) == 35
        assert api.get("/members/1/points").get_json()["expiring"][0] == {
            "points": 15,
            "expires_at": (EARLY + timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def test_what_waits_for_a_manager_no_job_activates(app, api):
    made = make_pending(app, earn(api, EARLY, 0), 15)
    owes(app, made["purchase"]["id"])
    with time_machine.travel(BETWEEN, tick=False):
        assert activate_due(app) == 0
        purchase_id = made["purchase"]["id"]
        by_hand = locked(
            app, 1, lambda m: pending.activate(m, purchase_id=purchase_id, now=clock.now())
        )
        assert by_hand == 15
        assert shown(api) == 0  # its days were over by then


def test_activated_points_repay_a_debt_first(app, api, bought):
    other = earn(api, LATE, 8, receipt_no="other")
    with time_machine.travel(LATE, tick=False):
        spend(app, 1, 28)
        take_back(app, other, 8)
        assert sums(app) == (-8, 0, 8)
        activate_due(app)
        assert (sums(app), shown(api)) == ((7, 0, 0), 7)
        take_back(app, bought, 15)
        assert sums(app) == (-8, 0, 8)


# -- the first purchase's bonus ----------------------------------------------------


def give(app, bought, points=50):
    def act(member):
        return bonuses.give(
            *(member, Bonus.FIRST_PURCHASE, points),
            purchase_id=bought["purchase"]["id"],
            expires_at=EARLY + timedelta(days=365),
            now=clock.now(),
        )

    return locked(app, bought["member"]["id"], act)


def take_bonus_back(app, bought):
    def act(member):
        return bonuses.take_back_first(
            member, purchase_id=bought["purchase"]["id"], now=clock.now()
        )

    return locked(app, bought["member"]["id"], act)


def test_bonus_is_given_once_and_again_after_it_went_back(app, api):
    first, second = earn(api, EARLY, 10), earn(api, LATE, 20)
    with time_machine.travel(LATE, tick=False):
        assert [give(app, bought) for bought in (first, first, second)] == [True, False, False]
        assert shown(api) == 80
        assert [take_bonus_back(app, first) for _ in range(2)] == [50, 0]
        assert shown(api) == 30
        assert give(app, second)
        assert shown(api) == 80


def test_bonus_that_is_off_is_not_noted_as_given(app, api):
    bought = earn(api, EARLY, 10)
    assert not give(app, bought, points=0)
    assert give(app, bought)


def test_bonus_goes_from_its_own_lot_and_the_purchase_from_its_own(app, api):
    bought = earn(api, EARLY, 10)
    with time_machine.travel(LATE, tick=False):
        give(app, bought)
        take_back(app, bought, 10)
        assert left(app) == [0, 50]
        spend(app, 1, 45)
        take_bonus_back(app, bought)
        assert (left(app), sums(app)) == ([0, 0], (-45, 0, 45))


@SWEPT
def test_bonus_that_lapsed_is_not_taken_a_second_time(app, api, is_swept):
    bought = earn(api, EARLY, 10)
    with time_machine.travel(EARLY, tick=False):
        give(app, bought)
    with time_machine.travel(BETWEEN, tick=False):
        if is_swept:
            expire(app)
        assert take_bonus_back(app, bought) == 50
        assert sums(app)[2] == 0
