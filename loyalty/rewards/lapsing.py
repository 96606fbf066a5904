"""Holds that end with nothing spent: voided, or left until their time was over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select

from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points import spending
from loyalty.rewards import redemptions, stock
from loyalty.rewards.models import Redemption, State
from loyalty.rewards.redemptions import IS_HELD

STEP_ROWS = 200
"""Holds that one step of the job ends: each is several statements."""

_redemptions = table_of(Redemption)
_DUE = (
    select(_redemptions.c.member_id)
    .where(
        IS_HELD, _redemptions.c.expires_at <= bindparam("now", type_=_redemptions.c.expires_at.type)
    )
    .order_by(_redemptions.c.id)
    .limit(STEP_ROWS)
)


def lapse_due(now: datetime) -> int:
    """End some of the holds whose time is over, in the caller's transaction; returns how many,
    0 once none is left."""
    due = connection().scalars(_DUE, {"now": now}).all()
    locked = members.lock(sorted(set(due)))
    lapsed = redemptions.lapsed(locked, now=now)
    for seen in lapsed:
        end(locked[seen.member_id], seen, now=now)
    stock.move(pieces(lapsed))
    return len(lapsed)


def release_lapsed(member: LockedMember, *, now: datetime) -> Counter[int]:
    """Before anything is judged by what a locked member has: end its holds whose time is over.
    Returns of which rewards how many are free again, for `stock.move`."""
    lapsed = redemptions.lapsed([member.id], now=now) if member.held else []
    for seen in lapsed:
        end(member, seen, now=now)
    return pieces(lapsed)


def over(member_id: int, *, now: datetime) -> dict[int, datetime]:
    """Since when each hold of a member is over that nobody released yet."""
    return {seen.id: seen.expires_at for seen in redemptions.lapsed([member_id], now=now)}


def release_over(member: LockedMember, *, now: datetime) -> None:
    """Release those of a locked member."""
    stock.move(release_lapsed(member, now=now))


def end_holds(member: LockedMember, *, now: datetime) -> None:
    """End all holds of a locked member who leaves, with nothing spent."""
    release_over(member, now=now)
    held = redemptions.held(member.id) if member.held else []
    for seen in held:
        end(member, seen, now=now)
    stock.move(pieces(held))


def end(member: LockedMember, seen: Row[Any], *, now: datetime) -> dict[str, Any]:
    """End one hold: voided, or lapsed where its time was over, whenever somebody notices. The
    piece of the reward that is free again is the caller's to put back."""
    over_at = seen.expires_at if seen.expires_at <= now else None
    if over_at:
        ended = {"state": State.LAPSED, "ended_at": over_at}
    else:
        ended = {"state": State.VOIDED, "ended_at": now, "ended_by": current_actor().label}
    changed = redemptions.change(seen, **ended)
    spending.release(member, redemption_id=seen.id, now=now, ended_at=over_at)
    return changed


def pieces(ended: Iterable[Row[Any]]) -> Counter[int]:
    """Reward id -> how many of it are free again. What was held while nobody counted took none
    and brings none."""
    return Counter(seen.reward_id for seen in ended if seen.took_stock)
