"""What a member can get today, and has got and not used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from loyalty.core import clock
from loyalty.core.db import UtcDateTime, connection, table_of
from loyalty.core.errors import Code
from loyalty.members.models import Member
from loyalty.points import reading
from loyalty.rewards import catalogue, judging
from loyalty.rewards.models import Redemption, Reward, RewardKind, State
from loyalty.rewards.redemptions import WITH_REWARD
from loyalty.rewards.rules import Claimant, RewardView, why_not
from loyalty.rewards.views import view

_members = table_of(Member)
_redemptions = table_of(Redemption)
_rewards = table_of(Reward)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A reward to show to a member: `why_not` is what speaks against it beside the points."""

    reward: RewardView
    missing_points: int
    why_not: Code | None

    @property
    def is_within_reach(self) -> bool:
        return self.missing_points == 0 and self.why_not is None


def within_reach(member_id: int) -> list[Offer]:
    """Every reward offered today: what the member can get first, then by the points that are
    missing. Raises `unknown_member`."""
    now = clock.now()
    available = reading.standing(member_id)["available"]
    rewards = [reward for reward in catalogue.active() if reward.is_offered(now)]
    tier_id = connection().scalar(select(_members.c.tier_id).where(_members.c.id == member_id))
    claimant = judging.claimant(member_id, tier_id, rewards, now=now)
    offers = [_offer(reward, claimant, available, now=now) for reward in rewards]
    return sorted(offers, key=lambda offer: (not offer.is_within_reach, offer.missing_points))


def _offer(reward: RewardView, claimant: Claimant, available: int, *, now: datetime) -> Offer:
    refusal = Code.OUT_OF_STOCK if reward.stock == 0 else why_not(reward, claimant, now=now)
    missing = max(0, reward.cost - available)
    return Offer(reward=reward, missing_points=missing, why_not=refusal)


def vouchers_of(member_id: int) -> list[dict[str, Any]]:
    """Vouchers that a member got, did not use and can use today, the first to end first."""
    now = clock.now()
    rows = connection().execute(_USABLE, {"member_id": member_id, "now": now})
    return [view(row._mapping, now=now) for row in rows]


_until = _redemptions.c.voucher_until
_USABLE = (
    WITH_REWARD.where(
        _redemptions.c.member_id == bindparam("member_id"),
        _redemptions.c.state == State.CAPTURED,
        _rewards.c.kind == RewardKind.VOUCHER,
        _redemptions.c.used_at.is_(None),
        or_(_until.is_(None), _until > bindparam("now", type_=UtcDateTime)),
    )
    .order_by(_until.asc().nulls_last(), _redemptions.c.id)
    .limit(100)
)
