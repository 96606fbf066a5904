"""Whether a member may have a reward, or use points at all: asked under the member's lock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select

from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members.service import LockedMember
from loyalty.points import standing
from loyalty.programme import service as programme
from loyalty.purchases.models import Purchase
from loyalty.rewards.models import Redemption, State
from loyalty.rewards.redemptions import IS_HELD
from loyalty.rewards.rules import Claimant, RewardView
from loyalty.tags.of_member import in_tag

_redemptions = table_of(Redemption)
_purchases = table_of(Purchase)


def claimant(
    member_id: int, tier_id: int | None, rewards: Collection[RewardView], *, now: datetime
) -> Claimant:
    """What these rewards ask of a member; only what one of them needs is looked for."""
    limited = [reward.id for reward in rewards if reward.per_member is not None]
    needed = sorted({reward.tag for reward in rewards if reward.tag is not None})
    return Claimant(
        tier=programme.snapshot().tier(tier_id),
        tags=frozenset(slug for slug in needed if in_tag(slug, [member_id])),
        had=_had(member_id, limited, now=now) if limited else {},
    )


def _had(member_id: int, reward_ids: Collection[int], *, now: datetime) -> dict[int, int]:
    """How often: what is held counts, what was given back does not."""
    rows = connection().execute(
        select(_redemptions.c.reward_id, func.count())
        .where(
            _redemptions.c.member_id == member_id,
            _redemptions.c.reward_id.in_(reward_ids),
            _took_points(now),
        )
        .group_by(_redemptions.c.reward_id)
    )
    return {row.reward_id: row[1] for row in rows}


def _took_points(now: datetime) -> ColumnElement[bool]:
    is_open = IS_HELD & (_redemptions.c.expires_at > now)
    return or_(is_open, _redemptions.c.state == State.CAPTURED)


def check_may_redeem(member: LockedMember, *, now: datetime) -> None:
    """Raises `not_yet_redeeming` below the balance and purchases that the programme asks for."""
    asked = programme.snapshot().policy.redeeming
    too_poor = asked.min_points and standing.shown(member, now=now) < asked.min_points
    if too_poor or (asked.min_purchases and not _bought(member.id, asked.min_purchases)):
        extra = {"min_points": asked.min_points, "min_purchases": asked.min_purchases}
        raise Problem(Code.NOT_YET_REDEEMING, extra=extra)


def _bought(member_id: int, times: int) -> bool:
    """Whether a member has so many purchases, void and wholly returned ones left out."""
    came_back = (_purchases.c.amount > 0) & (_purchases.c.amount_returned >= _purchases.c.amount)
    some = (
        select(_purchases.c.id)
        .where(_purchases.c.member_id == member_id, _purchases.c.voided_at.is_(None), ~came_back)
        .limit(times)
    )
    return connection().scalar(select(func.count()).select_from(some.subquery())) == times


def check_spoken_phone(member_id: int, points: int, *, now: datetime) -> None:
    """A phone that is only spoken opens so many points a local day to whoever types it in;
    managers and programs may spend what there is. Raises `pin_required` with what is `left`."""
    actor = current_actor()
    if actor.kind != "person" or actor.is_manager:
        return
    limit = programme.snapshot().policy.redeeming.spoken_phone_points
    left = max(0, limit - _typed_today(member_id, now=now))
    if points > left:
        raise Problem(Code.PIN_REQUIRED, extra={"limit": limit, "left": left})


def _typed_today(member_id: int, *, now: datetime) -> int:
    """Points that people took from a member today and that did not come back."""
    zone: ZoneInfo = current_app.extensions["settings"].time_zone
    midnight = clock.start_of_day(now.astimezone(zone).date(), zone)
    taken = func.sum(
        func.coalesce(func.nullif(_redemptions.c.captured, 0), _redemptions.c.points)
        - _redemptions.c.restored
    )
    found = connection().scalar(
        select(taken).where(
            _redemptions.c.member_id == member_id,
            _redemptions.c.created_at >= midnight,
            _redemptions.c.created_by.startswith("person:"),
            _took_points(now),
        )
    )
    return int(found or 0)
