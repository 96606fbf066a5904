"""Pieces of a gift: what a hold took is put back, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from loyalty.core import clock
from tests.purchases.receipts import buy
from tests.rewards.spending import done, hold, left, offer, spend


@pytest.fixture(autouse=True)
def member(shop, api):
    """Member 1 with 100 points."""
    buy(api, amount=1_000_000)


def count(api, gift, stock):
    assert api.patch(f"/rewards/{gift['id']}", {"stock": stock}).status_code == 200


def test_hold_of_before_the_gifts_were_counted_brings_no_piece(api):
    gift = offer(api, stock=None)
    held, spent = hold(api, reward=gift["id"]), spend(api, reward=gift["id"])
    count(api, gift, 3)
    done(api, held, "void")
    done(api, spent, "reverse")
    assert left(api, gift) == 3


def test_hold_that_took_a_piece_brings_it_back(api):
    gift = offer(api, stock=3)
    held, spent = hold(api, reward=gift["id"]), spend(api, reward=gift["id"])
    assert left(api, gift) == 1
    done(api, held, "void")
    assert left(api, gift) == 2
    done(api, spent, "reverse")
    assert left(api, gift) == 3


def test_hold_that_lapses_brings_what_it_took(api):
    counted, endless = offer(api, stock=3), offer(api, stock=None)
    hold(api, reward=counted["id"])
    hold(api, reward=endless["id"])
    count(api, endless, 5)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        hold(api, points=1)
        assert (left(api, counted), left(api, endless)) == (3, 5)


def test_piece_of_a_gift_that_is_counted_no_more_is_not_missed(api):
    gift = offer(api, stock=3)
    held = hold(api, reward=gift["id"])
    count(api, gift, None)
    done(api, held, "void")
    assert left(api, gift) is None
