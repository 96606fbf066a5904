"""Held, captured, released, given back: what lots, balance and debt are after each, whether
points lapsed in between and whether the job that expires them has been there."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.core.errors import Code, Problem
from tests.core.rows import column, scalar
from tests.points.lapsing import BEFORE_ALL, BETWEEN, EARLY, LATE, expire, old_shop
from tests.points.spending import capture, hold, release, restore, take_back
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import buy, phone


@pytest.fixture(autouse=True)
def store(app):
    yield old_shop(app)
    assert broken_invariants(app) == ""


def earn(api, at, points, **changes):
    """The purchase recorded at a moment."""
    with time_machine.travel(at, tick=False):
        no = changes.pop("receipt_no", f"{changes.get('phone')}-{at}-{points}"[-64:])
        return buy(api, receipt_no=no, amount=points * 10_000, **changes)


def two_lots(api, number=0):
    """10 points that lapse on 1 March 2028, and 20 on 1 June. Returns the member's id."""
    earn(api, EARLY, 10, phone=phone(number))
    return earn(api, LATE, 20, phone=phone(number))["member"]["id"]


def left(app, member_id=1):
    """What the member's lots have left, the oldest first."""
    query = "SELECT remaining FROM point_lots WHERE member_id = :id ORDER BY entry_id"
    return column(app, query, id=member_id)


def kinds(app):
    return column(app, "SELECT kind FROM point_entries ORDER BY id")


def sums(app, member_id=1):
    """(recorded balance, held, debt)"""
    names = ("points", "held", "debt")
    return tuple(scalar(app, f"SELECT {n} FROM members WHERE id = {member_id}") for n in names)


def shown(api, member_id=1):
    return api.get(f"/members/{member_id}").get_json()["points"]


SWEPT = pytest.mark.parametrize("is_swept", [False, True], ids=["job late", "job ran"])


def test_hold_takes_what_lapses_soonest_and_is_no_more_to_be_had(app, api):
    cases = [(1, [9, 20]), (10, [0, 20]), (11, [0, 19]), (30, [0, 0])]
    for number, (points, after) in enumerate(cases):
        member_id = two_lots(api, number)
        with time_machine.travel(BEFORE_ALL, tick=False):
            hold(app, member_id, points)
            assert left(app, member_id) == after
            assert sums(app, member_id) == (30 - points, points, 0)
            assert shown(api, member_id) == 30
            with pytest.raises(Problem) as refused:
                hold(app, member_id, 31 - points)
        assert refused.value.code is Code.INSUFFICIENT_POINTS
        assert refused.value.extra == {"available": 30 - points}
        assert left(app, member_id) == after


@SWEPT
def test_hold_never_takes_what_is_past_its_expiry(app, api, is_swept):
    member_id = two_lots(api)
    with time_machine.travel(BETWEEN, tick=False):
        if is_swept:
            expire(app)
        with pytest.raises(Problem) as refused:
            hold(app, member_id, 21)
        assert refused.value.extra == {"available": 20}
        hold(app, member_id, 20)
        assert shown(api) == 20


def test_whole_capture_spends_what_was_held(app, api):
    member_id = two_lots(api)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = hold(app, member_id, 15)
        capture(app, redemption_id, 15)
        assert (left(app), sums(app), shown(api)) == ([0, 15], (15, 0, 0), 15)
    assert kinds(app)[2:] == ["hold", "release", "redeem"]


def test_part_capture_gives_the_rest_back_to_its_own_lots(app, api):
    member_id = two_lots(api)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = hold(app, member_id, 15)
        capture(app, redemption_id, 12)
        assert (left(app), sums(app), shown(api)) == ([0, 18], (18, 0, 0), 18)


def test_released_hold_leaves_everything_as_it_was(app, api):
    member_id = two_lots(api)
    with time_machine.travel(BEFORE_ALL, tick=False):
        release(app, hold(app, member_id, 15))
        assert (left(app), sums(app), shown(api)) == ([10, 20], (30, 0, 0), 30)


@SWEPT
def test_held_points_are_there_to_capture_after_their_expiry(app, api, is_swept):
    member_id = two_lots(api)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = hold(app, member_id, 15)
    with time_machine.travel(BETWEEN, tick=False):
        if is_swept:
            expire(app)
        assert shown(api) == 30
        capture(app, redemption_id, 15)
        assert (left(app), sums(app), shown(api)) == ([0, 15], (15, 0, 0), 15)


@SWEPT
def test_what_comes_back_to_a_lapsed_lot_lapses_the_same_moment(app, api, is_swept):
    member_id = two_lots(api)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = hold(app, member_id, 15)
    with time_machine.travel(BETWEEN, tick=False):
        if is_swept:
            expire(app)
        release(app, redemption_id)
        assert (left(app), sums(app), shown(api)) == ([0, 20], (20, 0, 0), 20)
    assert kinds(app)[-2:] == ["release", "expire"]


def test_hold_that_was_over_before_its_lot_lapsed_gave_the_points_back_then(app, api):
    """However late the job ends it: what lapsed since lapses as any lot does."""
    member_id = two_lots(api)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = hold(app, member_id, 15)
    with time_machine.travel(BETWEEN, tick=False):
        release(app, redemption_id, ended_at=BEFORE_ALL)
        assert (left(app), sums(app), shown(api)) == ([10, 20], (30, 0, 0), 20)
        expire(app)
        assert (left(app), shown(api)) == ([0, 20], 20)


def test_hold_that_was_over_repays_a_debt_with_what_has_lapsed_since(app, api):
    bought = earn(api, EARLY, 10)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = hold(app, bought["member"]["id"], 10)
        take_back(app, bought, 10)
        assert (sums(app), shown(api)) == ((-10, 10, 10), 10)
    with time_machine.travel(BETWEEN, tick=False):
        release(app, redemption_id, ended_at=BEFORE_ALL)
        assert (left(app), sums(app), shown(api)) == ([0], (0, 0, 0), 0)


@pytest.fixture
def owing(app, api):
    """25 of 30 points are held when the purchase of 20 is taken back: 15 are missing."""
    earn(api, EARLY, 10)
    bought = earn(api, LATE, 20)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = hold(app, bought["member"]["id"], 25)
        take_back(app, bought, 20)
        assert (left(app), sums(app), shown(api)) == ([0, 0], (-15, 25, 15), 25)
        yield redemption_id


def test_release_repays_a_debt_first(app, api, owing):
    release(app, owing)
    assert (sum(left(app)), sums(app), shown(api)) == (10, (10, 0, 0), 10)


def test_part_capture_repays_a_debt_with_the_rest(app, api, owing):
    capture(app, owing, 5)
    assert (sum(left(app)), sums(app), shown(api)) == (5, (5, 0, 0), 5)


def test_whole_capture_leaves_the_debt(app, api, owing):
    capture(app, owing, 25)
    assert (left(app), sums(app), shown(api)) == ([0, 0], (-15, 0, 15), 0)
    restore(app, owing, 25)
    assert (sum(left(app)), sums(app), shown(api)) == (10, (10, 0, 0), 10)


def test_debt_is_not_repaid_with_what_has_lapsed(app, api, owing):
    with time_machine.travel(BETWEEN, tick=False):
        release(app, owing)
        assert (left(app), sums(app), shown(api)) == ([0, 0], (0, 0, 0), 0)


# -- given back --------------------------------------------------------------------


def spent(app, api, number=0):
    """15 of two lots' points are spent: all 10 of the early and 5 of the late."""
    member_id = two_lots(api, number)
    with time_machine.travel(BEFORE_ALL, tick=False):
        redemption_id = hold(app, member_id, 15)
        capture(app, redemption_id, 15)
    return member_id, redemption_id


def standing(app, api, member_id):
    return left(app, member_id), sums(app, member_id), shown(api, member_id)


def test_any_split_of_what_comes_back_ends_the_same(app, api):
    splits = [(15,), (1, 14), (5, 10), (6, 9), (3, 3, 3, 3, 3)]
    for number, parts in enumerate(splits):
        member_id, redemption_id = spent(app, api, number)
        with time_machine.travel(BEFORE_ALL, tick=False):
            for part in parts:
                restore(app, redemption_id, part)
            assert standing(app, api, member_id) == ([10, 20], (30, 0, 0), 30), parts


@SWEPT
def test_of_what_comes_back_the_lapsed_part_stays_lapsed(app, api, is_swept):
    for number, parts in enumerate([(15,), (1, 14), (6, 9)]):
        member_id, redemption_id = spent(app, api, number)
        with time_machine.travel(BETWEEN, tick=False):
            if is_swept:
                expire(app)
            for part in parts:
                restore(app, redemption_id, part)
            assert standing(app, api, member_id) == ([0, 20], (20, 0, 0), 20), parts


def test_part_comes_back_to_the_newest_lot_first(app, api):
    _, redemption_id = spent(app, api)
    with time_machine.travel(BEFORE_ALL, tick=False):
        restore(app, redemption_id, 6)
        assert left(app) == [1, 20]


def test_many_lots_are_spent_in_the_order_in_which_they_lapse(app, api):
    rows = [
        {"phone": phone(1), "store": "S01", "receipt_no": str(n), "amount": 10_000}
        | {"purchased_at": (EARLY + timedelta(days=250 - n)).isoformat()}
        for n in range(250)
    ]
    with time_machine.travel(BEFORE_ALL, tick=False):
        assert api.post("/purchases/batch", {"purchases": rows}).get_json()["recorded"] == 250
        redemption_id = hold(app, 1, 240)
        assert left(app) == [1] * 10 + [0] * 240
        release(app, redemption_id)
        assert left(app) == [1] * 250
