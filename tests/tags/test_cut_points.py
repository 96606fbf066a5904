"""Cut points: frozen percentiles of the buyers of a year, fixed thresholds where they are few."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select, update

from loyalty.core.clock import start_of_day
from loyalty.core.db import connection, table_of, transaction
from loyalty.core.errors import Problem
from loyalty.members.models import Member
from loyalty.purchases.models import Purchase
from loyalty.tags import cut_points
from loyalty.tags.models import RfmCuts
from loyalty.tags.rfm import FEWEST_BUYERS, Cuts, percentile_cuts
from tests.purchases.receipts import LOCAL, phone, receipt

TODAY = datetime.now(LOCAL).date() - timedelta(days=2)
AS_OF = start_of_day(TODAY, LOCAL)
purchases, members = table_of(Purchase), table_of(Member)


@pytest.fixture
def inside(app, store):
    """`inside(act)` runs `act` in a transaction of the app."""

    def run(act):
        with app.app_context(), transaction():
            return act()

    return run


def fill(api, bought):
    """`bought`: {number of a person: [(moment, amount)]}"""
    rows = [
        receipt(
            phone=phone(person),
            receipt_no=f"{person}-{place}",
            amount=amount,
            purchased_at=moment.isoformat(),
        )
        for person, visits in bought.items()
        for place, (moment, amount) in enumerate(visits)
    ]
    for start in range(0, len(rows), 5_000):
        answer = api.post("/purchases/batch", {"purchases": rows[start : start + 5_000]})
        assert answer.json["recorded"] == len(rows[start : start + 5_000])


def at_random(people):
    """Of a year: few days, often alike, so that cut points fall among equal values."""
    chance = random.Random(7)
    return {
        person: [
            (AS_OF - timedelta(days=chance.randint(1, 360) // 30 * 30 + 1), chance.randint(0, 99))
            for _ in range(chance.randint(1, 6))
        ]
        for person in range(people)
    }


def by_hand(bought):
    days = [min((TODAY - m.astimezone(LOCAL).date()).days for m, _ in v) for v in bought.values()]
    return Cuts(
        recency=percentile_cuts(sorted(days, reverse=True)),
        frequency=percentile_cuts(sorted(len(visits) for visits in bought.values())),
        monetary=percentile_cuts(sorted(sum(a for _, a in v) for v in bought.values())),
    )


def freeze():
    found = cut_points.work_out(AS_OF)
    cut_points.freeze(found)
    return found.cuts


def test_frozen_cut_points_are_the_percentiles_of_the_buyers(api, inside):
    bought = at_random(FEWEST_BUYERS + 13)
    fill(api, bought)
    frozen = inside(freeze)
    assert frozen == by_hand(bought)
    assert inside(partial(cut_points.current, AS_OF)) == frozen


def test_what_does_not_count_moves_no_cut_point(api, inside):
    bought = at_random(FEWEST_BUYERS)
    others = {
        1_000: [(AS_OF, 10**9)],  # not yet
        1_001: [(AS_OF - timedelta(days=365, seconds=1), 10**9)],  # no more
        1_002: [(AS_OF - timedelta(days=1), 1_002)],  # void
        1_003: [(AS_OF - timedelta(days=1), 1_003)],  # wholly returned
        1_004: [(AS_OF - timedelta(days=1), 1_004)],  # of a member that was closed
    }
    fill(api, bought | others)

    def spoil():
        purchase = update(purchases)
        its_member = select(purchases.c.member_id).where(purchases.c.amount == 1_004)
        for change in (
            purchase.where(purchases.c.amount == 1_002).values(voided_at=AS_OF),
            purchase.where(purchases.c.amount == 1_003).values(amount_returned=1_003),
            update(members).where(members.c.id.in_(its_member)).values(closed_at=AS_OF),
        ):
            connection().execute(change)

    inside(spoil)
    assert inside(freeze) == by_hand(bought)


def test_what_was_returned_of_a_purchase_is_not_spent(api, inside):
    yesterday = AS_OF - timedelta(days=1)
    fill(api, {person: [(yesterday, 1_001 + person)] for person in range(FEWEST_BUYERS)})
    inside(lambda: connection().execute(update(purchases).values(amount_returned=1_000)))
    assert inside(freeze).monetary == (100, 200, 300, 400)


def test_with_few_buyers_the_fixed_thresholds_apply(api, inside):
    fill(api, at_random(FEWEST_BUYERS - 1))
    assert inside(freeze) == inside(cut_points.settings)
    inside(partial(cut_points.change_settings, OTHERS))
    assert inside(partial(cut_points.current, AS_OF)) == OTHERS


OTHERS = Cuts(recency=(90, 60, 30, 7), frequency=(0, 1, 2, 3), monetary=(1, 2, 3, 4))


def test_before_the_first_night_the_fixed_thresholds_apply(inside):
    assert inside(partial(cut_points.current, AS_OF)) == inside(cut_points.settings)


def test_a_moment_has_the_cut_points_that_were_frozen_by_then(inside):
    def keep(as_of, recency):
        row = {"as_of": as_of, "created_at": as_of, "buyers": FEWEST_BUYERS}
        cuts = {"recency": [recency] * 4, "frequency": [1] * 4, "monetary": [1] * 4}
        connection().execute(insert(table_of(RfmCuts)).values(row | cuts))

    inside(partial(keep, AS_OF, 2))
    inside(partial(keep, AS_OF - timedelta(days=30), 1))
    assert inside(partial(cut_points.current, AS_OF)).recency == (2,) * 4
    assert inside(partial(cut_points.current, AS_OF - timedelta(days=1))).recency == (1,) * 4


def test_thresholds_out_of_order_are_refused(inside):
    with pytest.raises(Problem) as refused:
        inside(partial(cut_points.change_settings, replace(OTHERS, recency=(7, 30, 60, 90))))
    assert set(refused.value.errors or ()) == {"recency"}
