"""What comes back with a return, and what speaks against a reward: decisions without a
database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.core.errors import Code
from loyalty.programme.rules import TierView
from loyalty.rewards.models import RewardKind
from loyalty.rewards.rules import Claimant, RewardView, due_back, good_until, why_not

NOW = datetime(2027, 3, 10, 3, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
SILVER = TierView(id=1, slug="silver", name="Silver", threshold=100, multiplier_percent=100)
GOLD = TierView(id=2, slug="gold", name="Gold", threshold=200, multiplier_percent=150)


def reward(**changes):
    plain = {
        "id": 7,
        "name": "Cà phê sữa",
        "kind": RewardKind.GIFT,
        "cost": 5,
        "worth": 30_000,
        "stock": None,
        "per_member": None,
        "starts_at": None,
        "ends_at": None,
        "tier_id": None,
        "tier": None,
        "tag": None,
        "voucher_days": None,
        "active": True,
        "created_at": NOW,
    }
    return RewardView(**{**plain, **changes})


def claimant(tier=None, tags=(), had=0):
    return Claimant(tier=tier, tags=frozenset(tags), had={7: had})


FOR_SILVER = {"tier_id": 1, "tier": SILVER}
REFUSALS = [
    ({}, claimant(), None),
    ({"active": False}, claimant(), Code.REWARD_ENDED),
    ({"starts_at": NOW}, claimant(), None),
    ({"starts_at": NOW + MOMENT}, claimant(), Code.REWARD_ENDED),
    ({"ends_at": NOW + MOMENT}, claimant(), None),
    ({"ends_at": NOW}, claimant(), Code.REWARD_ENDED),
    ({"per_member": 2}, claimant(had=1), None),
    ({"per_member": 2}, claimant(had=2), Code.REWARD_TAKEN),
    (FOR_SILVER, claimant(), Code.NOT_FOR_THIS_MEMBER),
    (FOR_SILVER, claimant(SILVER), None),
    (FOR_SILVER, claimant(GOLD), None),
    ({"tier_id": 2, "tier": GOLD}, claimant(SILVER), Code.NOT_FOR_THIS_MEMBER),
    ({"tier_id": 9, "tier": None}, claimant(GOLD), Code.NOT_FOR_THIS_MEMBER),
    ({"tag": "vip"}, claimant(), Code.NOT_FOR_THIS_MEMBER),
    ({"tag": "vip"}, claimant(tags=["vip"]), None),
    ({**FOR_SILVER, "tag": "vip"}, claimant(GOLD), Code.NOT_FOR_THIS_MEMBER),
]


@pytest.mark.parametrize(("changes", "who", "refusal"), REFUSALS)
def test_what_speaks_against_a_reward(changes, who, refusal):
    assert why_not(reward(**changes), who, now=NOW) is refusal


AMOUNTS = st.integers(0, 10**13)
POINTS = st.integers(1, 10**12)


@given(POINTS, AMOUNTS, st.lists(AMOUNTS), st.booleans())
def test_what_is_due_back_never_falls_and_ends_with_the_whole(points, amount, parts, is_payment):
    gone, before = 0, 0
    for part in [*parts, amount]:
        gone = min(amount, gone + part)
        due = due_back(captured=points, is_payment=is_payment, returned=gone, amount=amount)
        assert before <= due <= points
        before = due
    assert before == points


def test_payment_comes_back_in_proportion_rounded_down_and_a_gift_only_whole():
    def due(returned, *, is_payment):
        return due_back(captured=10, is_payment=is_payment, returned=returned, amount=300)

    assert [due(part, is_payment=True) for part in (0, 1, 29, 30, 299, 300)] == [0, 0, 0, 1, 9, 10]
    assert [due(part, is_payment=False) for part in (0, 299, 300)] == [0, 0, 10]


def test_void_of_a_receipt_over_nothing_gives_all_of_it_back():
    assert due_back(captured=10, is_payment=True, returned=0, amount=0) == 10


def test_voucher_is_good_to_the_end_of_its_last_local_day():
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    late = datetime(2027, 3, 9, 17, 30, tzinfo=UTC)  # 00:30 on the 10th in the shop
    assert good_until(late, 0, zone) == datetime(2027, 3, 10, 17, tzinfo=UTC)
    assert good_until(late, 30, zone) == datetime(2027, 4, 9, 17, tzinfo=UTC)
    assert good_until(late, None, zone) is None
