"""Which tier members are in: up at once, down at the review (semantics, Tiers).

`members.tier_spend` is an upper bound of what counts (`tiers_measured`), now and later: every
earning adds to it, nothing lowers it but a summing-up, to what is kept of purchases. While it is
below the next threshold nothing need be summed, so that a purchase costs the same however many
went before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, select, update
from sqlalchemy.types import TypeEngine

from loyalty.core.bulk import append_many, values_table
from loyalty.core.db import connection, table_of
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.programme import service as programme
from loyalty.programme.policy import Policy, TierBasis
from loyalty.programme.rules import Programme, TierView
from loyalty.purchases.models import TierCause, TierChange
from loyalty.purchases.tiers_measured import NOTHING, Measured, measured

_members = table_of(Member)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a member stands: `measured` so far in the window, `missing` until `next`, both in
    minor units or points; no `next`: there is no higher tier."""

    tier: TierView | None
    next: TierView | None
    measured: int
    missing: int


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What the summing-up says of a locked member."""

    member: LockedMember
    measured: Measured
    tier_id: int | None

    @property
    def moves(self) -> bool:
        return self.tier_id != self.member.tier_id


# -- looking -------------------------------------------------------------------


def counted(policy: Policy, *, amount: int, points: int) -> int:
    """What a purchase adds to what is measured: what was paid, or the points it earned."""
    return amount if policy.tiering.basis is TierBasis.SPEND else points


def progress(member_id: int, *, now: datetime) -> Progress:
    """How far a member is from the next tier."""
    current = programme.snapshot()
    if not current.tiers:
        return Progress(tier=None, next=None, measured=0, missing=0)
    tier_id = connection().scalar(select(_members.c.tier_id).where(_members.c.id == member_id))
    tier = current.tier(tier_id)
    following = _after(tier, current)
    found = measured([member_id], current.policy, now=now).get(member_id, NOTHING).counted
    missing = max(0, following.threshold - found) if following else 0
    return Progress(tier=tier, next=following, measured=found, missing=missing)


# -- moving --------------------------------------------------------------------


def move_up(members: Collection[LockedMember], *, now: datetime) -> None:
    """Those of the locked members who reach a higher tier are in it from now on. Their purchases
    are written, and what these count is added to their bounds."""
    current = programme.snapshot()
    reaching = [member for member in members if _may_rise(member, current)]
    has = [(member, current.tier(member.tier_id)) for member in reaching]
    _settle(has, current, cause=TierCause.PURCHASE, now=now)


def settle(members: Collection[LockedMember], *, now: datetime) -> int:
    """Put locked members into the tiers that they reach, up or down; returns how many moved."""
    nobody_stays = [(member, None) for member in members]
    return _settle(nobody_stays, programme.snapshot(), cause=TierCause.REVIEW, now=now)


def settle_merged(survivor: LockedMember, *, source_tier_id: int | None, now: datetime) -> None:
    """After a merge, when the purchases are the survivor's: into the tier that both accounts
    reach together, and not below the higher of the two before the next review."""
    current = programme.snapshot()
    had = _highest(current.tier(survivor.tier_id), current.tier(source_tier_id))
    _settle([(survivor, had)], current, cause=TierCause.MERGE, now=now)


def _may_rise(member: LockedMember, current: Programme) -> bool:
    following = _after(current.tier(member.tier_id), current)
    return following is not None and member.tier_spend >= following.threshold


def _after(tier: TierView | None, current: Programme) -> TierView | None:
    """The tier above; of nobody's, the lowest."""
    return next((t for t in current.tiers if tier is None or t.threshold > tier.threshold), None)


def _highest(*tiers: TierView | None) -> TierView | None:
    standing = [tier for tier in tiers if tier is not None]
    return max(standing, key=lambda tier: tier.threshold, default=None)


def _settle(
    members: Sequence[tuple[LockedMember, TierView | None]],
    current: Programme,
    *,
    cause: TierCause,
    now: datetime,
) -> int:
    """Sum up what counts for locked members, each not to fall below the tier beside; returns how
    many moved."""
    if not members:
        return 0
    sums = measured([member.id for member, _ in members], current.policy, now=now)
    found = []
    for member, at_least in members:
        sums_up_to = sums.get(member.id, NOTHING)
        tier = _highest(at_least, current.tier_of(sums_up_to.counted))
        found.append(_Found(member=member, measured=sums_up_to, tier_id=tier.id if tier else None))
    moved = [each for each in found if each.moves]
    _remember(moved, cause=cause, now=now)
    _write(each for each in found if each.moves or each.measured.kept != each.member.tier_spend)
    return len(moved)


def _remember(moved: Iterable[_Found], *, cause: TierCause, now: datetime) -> None:
    append_many(
        table_of(TierChange),
        [
            {
                "member_id": each.member.id,
                "from_tier_id": each.member.tier_id,
                "tier_id": each.tier_id,
                "cause": cause,
                "measured": each.measured.counted,
                "changed_at": now,
            }
            for each in moved
        ],
    )


def _write(found: Iterable[_Found]) -> None:
    rows = []
    for each in found:
        each.member.tier_id, each.member.tier_spend = each.tier_id, each.measured.kept
        rows.append((each.member.id, each.tier_id, each.measured.kept))
    if not rows:
        return
    kinds: dict[str, TypeEngine[Any]] = {
        "member_id": Integer(),
        "tier_id": Integer(),
        "tier_spend": BigInteger(),
    }
    to = values_table("standing", kinds, rows)
    connection().execute(
        update(_members)
        .where(_members.c.id == to.c.member_id)
        .values(tier_id=to.c.tier_id, tier_spend=to.c.tier_spend)
    )
