"""Points that members spend, step by step: held, then captured or voided; a capture can be
reversed once. Each step is safe to repeat."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import Row

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.codes import readable_code
from loyalty.core.errors import Code, Problem
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points import spending
from loyalty.programme import service as programme
from loyalty.rewards import catalogue, judging, lapsing, redemptions, stock
from loyalty.rewards.models import RewardKind, State
from loyalty.rewards.rules import (
    REDEEM,
    REVERSE,
    UNDO_SECONDS,
    RewardView,
    good_until,
    state_at,
    why_not,
)
from loyalty.rewards.views import view

View = dict[str, Any]
"""A redemption as `views.view` makes it."""


# -- holding -------------------------------------------------------------------


def hold(
    member_id: int,
    *,
    reward_id: int | None = None,
    points: int | None = None,
    store_id: int | None = None,
    approved_by: int | None = None,
) -> View:
    """Hold what a reward costs, or `points` for a payment: one of the two is given.
    `approved_by`: the manager (`staff.approving`) who lets a spoken phone open more than the
    day's points.

    Raises `unknown_member`, `unknown_reward`, what `why_not` says, `not_yet_redeeming`,
    `pin_required`, `insufficient_points` with what is `available`, and `out_of_stock`.
    """
    now = clock.now()
    member = members.lock([member_id]).get(member_id)
    if member is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    # Points whose time on hold is over are there again, for this very wish.
    freed = lapsing.release_lapsed(member, now=now)
    reward = None if reward_id is None else catalogue.look(reward_id)
    wanted = reward.cost if reward else points or 0
    _judge(member, reward, now=now)
    if approved_by is None:
        judging.check_spoken_phone(member.id, wanted, now=now)
    row = _row(member.id, wanted, reward, store_id=store_id, now=now)
    row["id"] = redemptions.add(row)
    spending.hold(member, wanted, redemption_id=row["id"], now=now)
    if reward is not None and row["took_stock"]:
        freed[reward.id] -= 1
    stock.move(freed)
    if approved_by is not None:
        by = f"person:{approved_by}"
        audit.record(REDEEM.name, "redemption", row["id"], actor=by, store_id=store_id)
    named = {"reward_name": reward and reward.name, "reward_kind": reward and reward.kind}
    return view({**row, **named}, now=now)


def redeem_now(
    member_id: int,
    *,
    reward_id: int | None = None,
    points: int | None = None,
    store_id: int | None = None,
    approved_by: int | None = None,
) -> View:
    """Hold and capture at once, for the till; raises what `hold` does."""
    held = hold(
        member_id,
        reward_id=reward_id,
        points=points,
        store_id=store_id,
        approved_by=approved_by,
    )
    return capture(held["id"])


def _judge(member: LockedMember, reward: RewardView | None, *, now: datetime) -> None:
    if reward is not None:
        claimant = judging.claimant(member.id, member.tier_id, [reward], now=now)
        refusal = why_not(reward, claimant, now=now)
        if refusal is not None:
            raise Problem(refusal, field="reward")
    judging.check_may_redeem(member, now=now)


def _row(
    member_id: int, points: int, reward: RewardView | None, *, store_id: int | None, now: datetime
) -> dict[str, Any]:
    current = programme.snapshot()
    currency = current_app.extensions["settings"].currency
    minutes = current.policy.redeeming.hold_minutes
    return {
        "member_id": member_id,
        "reward_id": reward and reward.id,
        "code": readable_code(),
        "state": State.HELD,
        "points": points,
        "captured": 0,
        "restored": 0,
        "worth": reward.worth if reward else points * current.point_value(currency),
        "took_stock": reward is not None and reward.stock is not None,
        "expires_at": now + timedelta(minutes=minutes),
        "store_id": store_id,
        "created_by": current_actor().label,
        "created_at": now,
        **_NOT_YET,
    }


_NOT_YET = dict.fromkeys(
    (
        *("voucher_until", "used_at", "purchase_id"),
        *("captured_by", "captured_at", "ended_by", "ended_at"),
    )
)


# -- what becomes of it ----------------------------------------------------------


def capture(redemption_id: int, *, points: int | None = None) -> View:
    """Spend what is held; of a payment `points` of it alone, the rest is released. Raises
    `unknown_redemption`, what `check_is_held` does, and `invalid_request` for more points than
    are held, or for a part of a reward."""
    now = clock.now()
    member, seen = redemptions.lock(redemption_id)
    if seen.state == State.CAPTURED and points in (None, seen.captured):
        return view(seen._mapping, now=now)
    check_is_held(seen, now=now)
    changed = spend(member, seen, _part(seen, points), now=now)
    _log_of_another("points.capture", seen)
    return view(changed, now=now)


def check_is_held(seen: Row[Any], *, now: datetime) -> None:
    """Raises `hold_lapsed` where its time was over, `redemption_ended` where it has ended
    otherwise, and `outside_your_stores` where another store holds it."""
    state = state_at(now, state=seen.state, expires_at=seen.expires_at)
    if state is State.LAPSED:
        raise Problem(Code.HOLD_LAPSED)
    if state is not State.HELD:
        raise Problem(Code.REDEMPTION_ENDED)
    _check_store(seen)


def _check_store(seen: Row[Any]) -> None:
    """A voucher is good in every store; what is on hold for it is the store's that holds it."""
    if seen.store_id is not None and not current_actor().may_use_store(seen.store_id):
        raise Problem(Code.OUTSIDE_YOUR_STORES)


def _log_of_another(what: str, seen: Row[Any]) -> None:
    """Who spends or ends what somebody else holds stands in the log."""
    if seen.created_by != current_actor().label:
        audit.record(what, "redemption", seen.id, store_id=seen.store_id)


def _part(seen: Row[Any], points: int | None) -> int:
    if points is None or points == seen.points:
        return int(seen.points)
    if seen.reward_id is not None or points > seen.points:
        said = gettext("%(points)s points at most.", points=seen.points)
        if seen.reward_id is not None:
            said = gettext("A gift is taken whole.")
        raise Problem(Code.INVALID_REQUEST, errors={"points": [said]})
    return points


def spend(
    member: LockedMember, seen: Row[Any], points: int, *, now: datetime, **used: Any
) -> dict[str, Any]:
    """Capture `points` of a hold of a locked member. `used`: purchase_id and used_at where a
    receipt uses it up at once. A voucher's days begin now."""
    zone = current_app.extensions["settings"].time_zone
    if seen.reward_kind == RewardKind.VOUCHER:
        used["voucher_until"] = good_until(now, seen.voucher_days, zone)
    changed = redemptions.change(
        seen,
        state=State.CAPTURED,
        captured=points,
        worth=seen.worth * points // seen.points,
        captured_by=current_actor().label,
        captured_at=now,
        **used,
    )
    purchase_id = used.get("purchase_id")
    spending.capture(member, points, redemption_id=seen.id, purchase_id=purchase_id, now=now)
    return changed


def give_back(
    member: LockedMember,
    seen: Row[Any],
    due: int,
    *,
    now: datetime,
    reason: str | None = None,
) -> dict[str, Any]:
    """Bring what came back of a captured redemption to `due` points in all; the whole ends it,
    and the reward is there again."""
    is_over = due == seen.captured
    end = {"state": State.REVERSED, "ended_by": current_actor().label, "ended_at": now}
    changed = redemptions.change(seen, restored=due, **(end if is_over else {}))
    spending.restore(
        *(member, due - seen.restored),
        redemption_id=seen.id,
        already=seen.restored,
        purchase_id=seen.purchase_id,
        reason=reason,
        now=now,
    )
    return changed


def void(redemption_id: int) -> View:
    """End a hold with nothing spent; one that has ended so already stays as it is. Raises
    `unknown_redemption`, `outside_your_stores`, and `redemption_ended` once it is captured."""
    now = clock.now()
    member, seen = redemptions.lock(redemption_id)
    if seen.state in (State.VOIDED, State.LAPSED):
        return view(seen._mapping, now=now)
    if seen.state != State.HELD:
        raise Problem(Code.REDEMPTION_ENDED)
    _check_store(seen)
    changed = lapsing.end(member, seen, now=now)
    if changed["state"] == State.VOIDED:
        _log_of_another("points.void", seen)
    stock.move(lapsing.pieces([seen]))
    return view(changed, now=now)


def reverse(redemption_id: int) -> View:
    """Give back what was captured. What a receipt used comes back with the receipt alone: else
    the money off would stand, and no points for it. Repeating it changes nothing.

    Raises `unknown_redemption`, `outside_your_stores`, and `redemption_ended` for what is held,
    voided or used.
    """
    now = clock.now()
    member, seen = redemptions.lock(redemption_id)
    if seen.store_id is None and current_actor().store_ids:
        raise Problem(Code.OUTSIDE_YOUR_STORES)
    _check_store(seen)
    return _reverse(member, seen, now=now)


def undo(redemption_id: int) -> View:
    """The same by whoever captured it, a moment ago; raises `forbidden` to others and later."""
    now = clock.now()
    member, seen = redemptions.lock(redemption_id)
    if seen.state == State.CAPTURED:
        is_own = seen.captured_by == current_actor().label
        if not is_own or now - seen.captured_at > timedelta(seconds=UNDO_SECONDS):
            raise Problem(Code.FORBIDDEN)
    return _reverse(member, seen, now=now)


def _reverse(member: LockedMember, seen: Row[Any], *, now: datetime) -> View:
    if seen.state == State.REVERSED:
        return view(seen._mapping, now=now)
    if seen.state != State.CAPTURED or seen.purchase_id is not None:
        raise Problem(Code.REDEMPTION_ENDED)
    audit.record(REVERSE.name, "redemption", seen.id, store_id=seen.store_id)
    changed = give_back(member, seen, seen.captured, now=now)
    stock.move(lapsing.pieces([seen]))
    return view(changed, now=now)
