"""Who may offer gifts and spend points, and what a member can get for them. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from loyalty.core import clock
from loyalty.core.access import Role, action
from loyalty.core.errors import Code
from loyalty.programme.rules import TierView
from loyalty.rewards.models import RewardKind, State

VIEW = action("reward.view", *Role, says=_l("See the gifts"))
MANAGE = action(
    "reward.manage", Role.MANAGER, says=_l("Offer, change and end gifts"), whole_shop=True
)
REDEEM = action(
    "points.redeem",
    Role.CASHIER,
    Role.MANAGER,
    says=_l("Spend a member's points: gifts, vouchers, payments"),
)
REVERSE = action("points.reverse", Role.MANAGER, says=_l("Give back points that were spent"))

PAYMENT = "payment"
"""The kind of a redemption that is for no reward."""
UNDO_SECONDS = 60
"""How long whoever captured points may take that back without being a manager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardView:
    """What points can be exchanged for; None: no limit of that kind. `cost` in points, `worth`
    in minor units; `tier` is the lowest it is for (an ended one is nobody's: `tier_id` alone
    stands then), `tag` the slug of the tag that it needs."""

    id: int
    name: str
    kind: RewardKind
    cost: int
    worth: int
    stock: int | None
    per_member: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    tier_id: int | None
    tier: TierView | None
    tag: str | None
    voucher_days: int | None
    active: bool
    created_at: datetime

    def is_offered(self, now: datetime) -> bool:
        """From `starts_at` until before `ends_at`."""
        begun = self.starts_at is None or self.starts_at <= now
        return self.active and begun and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """A member who asks for a reward. `tags`: those of its tags that a reward needs; `had`: how
    often it had each reward of which one may have so many only."""

    tier: TierView | None
    tags: frozenset[str]
    had: Mapping[int, int]

    def reaches(self, tier: TierView | None) -> bool:
        if self.tier is None or tier is None:
            return False
        return self.tier.threshold >= tier.threshold


def why_not(reward: RewardView, claimant: Claimant, *, now: datetime) -> Code | None:
    """What speaks against the reward, points and stock apart."""
    if not reward.is_offered(now):
        return Code.REWARD_ENDED
    if reward.per_member is not None and claimant.had.get(reward.id, 0) >= reward.per_member:
        return Code.REWARD_TAKEN
    lacks_tier = reward.tier_id is not None and not claimant.reaches(reward.tier)
    if lacks_tier or (reward.tag is not None and reward.tag not in claimant.tags):
        return Code.NOT_FOR_THIS_MEMBER
    return None


def state_at(now: datetime, *, state: str, expires_at: datetime) -> State:
    """What became of a redemption, whether the job that ends holds has been there or not."""
    if state == State.HELD and expires_at <= now:
        return State.LAPSED
    return State(state)


def good_until(issued_at: datetime, days: int | None, zone: ZoneInfo) -> datetime | None:
    """When a voucher is over: at the end of the last of its local days, or never."""
    if days is None:
        return None
    return clock.end_of_day(issued_at.astimezone(zone).date() + timedelta(days=days), zone)


def due_back(*, captured: int, is_payment: bool, returned: int, amount: int) -> int:
    """How many of the points that a receipt spent are due back, in all, once `returned` of its
    `amount` (minor units, or pieces where it was over nothing) came back. Rounded down, and the
    whole with the whole: any split or order of returns ends the same. A gift or voucher comes
    back only with everything."""
    if returned >= amount:
        return captured
    return captured * returned // amount if is_payment else 0
