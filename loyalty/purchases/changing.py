"""A receipt that was a mistake: void, or moved to another phone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.members.models import Member
from loyalty.members.reasons import impersonal
from loyalty.members.service import LockedMember
from loyalty.points import pending
from loyalty.points import service as points
from loyalty.points.earning import Earning, earn
from loyalty.points.models import EntryKind, PointEntry
from loyalty.points.prolonging import prolong
from loyalty.points.taking_back import take_back
from loyalty.programme import service as programme
from loyalty.programme.policy import ExpiryMode
from loyalty.programme.rules import Programme
from loyalty.purchases import earning_bonuses, tiers, trust
from loyalty.purchases.earning_promotions import give_back_uses, move_uses
from loyalty.purchases.handed_in import redemptions
from loyalty.purchases.holding import hold
from loyalty.purchases.models import Purchase, Return, ReturnLine
from loyalty.purchases.rules import REASSIGN, VOID, check_may_change
from loyalty.purchases.surroundings import surroundings
from loyalty.purchases.views import Result, member_now, view
from loyalty.purchases.writing import as_pending

_purchases = table_of(Purchase)


def void(purchase_id: int, *, reason: str | None) -> Result:
    """The receipt was a mistake: its points go back, what was spent on it comes back, its number
    is free again. Raises `purchase_has_returns`.

    Voiding twice changes nothing more.
    """
    now = clock.now()
    purchase, held = hold(purchase_id)
    _check_may_change(purchase, now)
    if purchase.voided_at is None:
        _check_nothing_came_back(purchase)
        member = held[purchase.member_id]
        reason = impersonal(reason, about=[member.id])
        redemptions().undo(member, purchase.id, now=now, reason=reason)
        earned = _earned(purchase)
        _take_back(member, purchase, earned, reason=reason, now=now)
        give_back_uses(member.id, earned.inputs if earned else None)
        reversed_ = {"points_reversed": purchase.points_earned}
        _write(purchase, **reversed_, voided_at=now, void_reason=reason)
        audit.record(VOID.name, "purchase", purchase.id, reason=reason, store_id=purchase.store_id)
    return _result(purchase.id)


def reassign(purchase_id: int, phone: PhoneNumber, *, reason: str | None) -> Result:
    """The phone was a mistake: the purchase moves to another phone with its points. Raises
    `purchase_has_returns`, and `paid_with_points` where the wrong member's were spent on it.

    A member that only the mistake made is closed. Repeating it changes nothing.
    """
    now = clock.now()
    target_id = members.resolve(phone, source="purchase", now=now)
    purchase, held = hold(purchase_id, also=target_id)
    _check_may_change(purchase, now)
    if purchase.voided_at is not None:
        raise Problem(Code.PURCHASE_VOIDED)
    if purchase.member_id != target_id:
        _check_nothing_came_back(purchase)
        if redemptions().are_used_by(purchase.id):
            raise Problem(Code.PAID_WITH_POINTS)
        reason = impersonal(reason, about=held)
        _move(purchase, held[purchase.member_id], held[target_id], phone, reason, now)
    return _result(purchase.id)


def may_change(purchase: Any) -> bool:
    """Whether who acts now may void or reassign it: asked before it is offered."""
    try:
        _check_may_change(purchase, clock.now())
    except Problem:
        return False
    return True


def _check_may_change(purchase: Any, now: datetime) -> None:
    check_may_change(
        current_actor(),
        store_id=purchase.store_id,
        recorded_by=purchase.recorded_by,
        recorded_at=purchase.recorded_at,
        around=surroundings(now),
    )


def _check_nothing_came_back(purchase: Row[Any]) -> None:
    """Also goods that cost nothing, which no amount tells of."""
    came_back = select(ReturnLine.return_id).where(ReturnLine.purchase_id == purchase.id).limit(1)
    if purchase.amount_returned or connection().scalar(came_back) is not None:
        raise Problem(Code.PURCHASE_HAS_RETURNS)


def _earned(purchase: Row[Any]) -> points.Earned | None:
    """What was refused earned nothing: what it had counted for was undone with the decision."""
    return None if trust.is_refused(purchase.id) else points.earning_of(purchase.id)


def _take_back(
    member: LockedMember,
    purchase: Row[Any],
    earned: points.Earned | None,
    *,
    reason: str | None,
    now: datetime,
) -> int:
    """All that the purchase brought its member; what it was flagged for is settled. Returns what
    a bonus was of it."""
    take_back(
        *(member, purchase.points_earned - purchase.points_reversed),
        purchase_id=purchase.id,
        reason=reason,
        now=now,
        rule_version=earned.rule_version if earned else None,
    )
    trust.clear(purchase.id)
    return earning_bonuses.pass_on_first(member, purchase_id=purchase.id, reason=reason, now=now)


def _move(
    purchase: Row[Any],
    origin: LockedMember,
    target: LockedMember,
    phone: PhoneNumber,
    reason: str | None,
    now: datetime,
) -> None:
    earned = _earned(purchase)
    bonus = _take_back(origin, purchase, earned, reason=reason, now=now)
    due = purchase.points_earned - purchase.points_reversed
    if earned is not None and earned.inputs.get("promotions"):
        worked = move_uses(purchase.id, earned, origin_id=origin.id, target_id=target.id)
        due, earned = worked.points, replace(earned, inputs=worked.inputs)
    points_earned = due + purchase.points_reversed
    _write(purchase, member_id=target.id, reassigned_to=phone.e164, points_earned=points_earned)
    if _was_made_by_this(target, now):
        earning_bonuses.sign_up(target, now=now)
    _give(target, purchase, earned, due, phone, now=now, may_be_first=bool(earned or bonus))
    audit.record(REASSIGN.name, "purchase", purchase.id, reason=reason, store_id=purchase.store_id)
    if _only_a_mistake(origin, purchase.id):
        points.end_account(origin, reason="closed", now=now)
        members.close(origin.id, now=now)


def _give(
    target: LockedMember,
    purchase: Row[Any],
    earned: points.Earned | None,
    due: int,
    phone: PhoneNumber,
    *,
    now: datetime,
    may_be_first: bool,
) -> None:
    """What the purchase brings the member whose it is now; it waits where it would have waited
    for that member from the first. What was refused brings nobody anything."""
    if trust.is_refused(purchase.id):
        return
    current = programme.snapshot()
    zone = surroundings(now).zone
    expires_at = current.expires_at(purchase.local_date, zone)
    kinds = trust.reasons_of(_typed(target, purchase, phone), actor=current_actor())
    trust.flag_again(_flagged(purchase), kinds, now=now)
    brought = Earning(
        member=target,
        points=due,
        purchase_id=purchase.id,
        rule_version=earned.rule_version if earned else None,
        inputs=earned.inputs if earned else None,
        occurred_at=purchase.purchased_at,
        expires_at=expires_at,
        spend=tiers.counted(current.policy, amount=purchase.amount, points=due),
    )
    if expires_at and current.policy.expiry.mode is ExpiryMode.AFTER_PURCHASE:
        prolong([target], until=expires_at, now=now)
    _bring(brought, bool(kinds), until=_until(purchase, earned, current, zone), now=now)
    if may_be_first and not kinds and purchase.amount:
        earning_bonuses.first_purchase(
            *(target, current.policy.bonuses),
            purchase_id=purchase.id,
            expires_at=expires_at,
            now=now,
        )
    tiers.move_up([target], now=now)


def _bring(brought: Earning, is_flagged: bool, *, until: datetime | None, now: datetime) -> None:
    """The points now, or once a manager has looked, or their day has come."""
    if brought.points and (is_flagged or (until is not None and until > now)):
        pending.add([as_pending(brought, None if is_flagged else until)], now=now)
        brought = replace(brought, points=0)
    earn([brought], now=now)


def _until(
    purchase: Row[Any], earned: points.Earned | None, current: Programme, zone: ZoneInfo
) -> datetime | None:
    """When its points count at the earliest, where no manager looks at it any more."""
    known = earned.ends_at if earned else None
    return known or current.pending_until(purchase.local_date, zone)


def _was_made_by_this(member: LockedMember, now: datetime) -> bool:
    joined_at = select(Member.joined_at).where(Member.id == member.id)
    return connection().scalar(joined_at) == now


def _typed(target: LockedMember, purchase: Row[Any], phone: PhoneNumber) -> trust.Typed:
    return trust.Typed(
        member_id=target.id,
        phone=phone.e164,
        store_id=purchase.store_id,
        local_date=purchase.local_date,
        is_late=purchase.late and purchase.recorded_by.startswith("person:"),
        purchase_id=purchase.id,
    )


def _flagged(purchase: Row[Any]) -> dict[str, Any]:
    its_own = {"id": purchase.id, "store_id": purchase.store_id}
    return {**its_own, "recorded_by": current_actor().label}


def _only_a_mistake(origin: LockedMember, purchase_id: int) -> bool:
    """Whether nothing else is known of the member: a bonus for signing up is none of its doing."""
    of_another = PointEntry.purchase_id.is_distinct_from(purchase_id)
    for traces in (
        select(Purchase.id).where(Purchase.member_id == origin.id),
        select(Return.id).where(Return.member_id == origin.id),
        select(PointEntry.id).where(
            PointEntry.member_id == origin.id, of_another, PointEntry.kind != EntryKind.BONUS
        ),
    ):
        if connection().scalar(traces.limit(1)) is not None:
            return False
    return members.is_untouched(origin.id)


def _write(purchase: Row[Any], **changes: Any) -> None:
    its_row = _purchases.c.id == purchase.id
    connection().execute(update(_purchases).where(its_row).values(**changes))


def _result(purchase_id: int) -> Result:
    row = connection().execute(select(_purchases).where(_purchases.c.id == purchase_id)).one()
    return Result(purchase=view(row._asdict()), member=member_now(row.member_id))
