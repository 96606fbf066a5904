"""What a receipt does with points that pay for it: handed to purchases (see its `handed_in`)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from loyalty.core.errors import Code, Problem
from loyalty.members.service import LockedMember
from loyalty.rewards import lapsing, redeeming, redemptions, stock
from loyalty.rewards.models import RewardKind, State
from loyalty.rewards.rules import due_back


def capture(
    member: LockedMember,
    ids: Collection[int],
    *,
    purchase_id: int,
    store_id: int,
    now: datetime,
) -> None:
    """Spend what a locked member's receipt names: holds, and vouchers that were got before.

    Raises `unknown_redemption`, `hold_lapsed`, `redemption_ended`, `voucher_used` and
    `voucher_lapsed` about the first that cannot be, before anything is written.
    """
    found = redemptions.named(member.id, ids)
    for redemption_id in ids:
        _check_can_be_used(redemption_id, found.get(redemption_id), now=now)
    for seen in found.values():
        used: dict[str, Any] = {"purchase_id": purchase_id}
        if seen.reward_kind == RewardKind.VOUCHER:
            used["used_at"] = now
        if seen.state == State.HELD:
            redeeming.spend(member, seen, seen.points, now=now, store_id=store_id, **used)
        else:
            redemptions.change(seen, **used)


def _check_can_be_used(redemption_id: int, seen: Row[Any] | None, *, now: datetime) -> None:
    try:
        if seen is None:
            raise Problem(Code.UNKNOWN_REDEMPTION)
        if seen.reward_kind == RewardKind.VOUCHER and seen.state == State.CAPTURED:
            _check_voucher(seen, now=now)
        else:
            redeeming.check_is_held(seen, now=now)
    except Problem as problem:
        about = {"redemption": redemption_id}
        raise Problem(problem.code, field="redemptions", extra=about) from None


def _check_voucher(seen: Row[Any], *, now: datetime) -> None:
    if seen.used_at is not None:
        raise Problem(Code.VOUCHER_USED)
    if seen.voucher_until is not None and seen.voucher_until <= now:
        raise Problem(Code.VOUCHER_LAPSED)


def give_back(
    member: LockedMember,
    purchase_id: int,
    *,
    returned: int,
    amount: int,
    now: datetime,
    reason: str | None = None,
) -> int:
    """Bring what a receipt spent to where `returned` of its `amount` (minor units, or pieces where
    it was over nothing) came back in all; returns the points that came back this time."""
    came_back = 0
    ended = []
    for seen in redemptions.used_by(purchase_id):
        due = _due(seen, returned=returned, amount=amount)
        if due > seen.restored:
            redeeming.give_back(member, seen, due, now=now, reason=reason)
            came_back += due - seen.restored
        if due == seen.captured:
            ended.append(seen)
    stock.move(lapsing.pieces(ended))
    return came_back


def would_give_back(purchase_id: int, *, returned: int, amount: int) -> int:
    """How many points `give_back` would bring back."""
    spent = redemptions.used_by(purchase_id)
    due = (_due(seen, returned=returned, amount=amount) - seen.restored for seen in spent)
    return sum(max(0, more) for more in due)


def _due(seen: Row[Any], *, returned: int, amount: int) -> int:
    is_payment = seen.reward_id is None
    return due_back(captured=seen.captured, is_payment=is_payment, returned=returned, amount=amount)


def undo(
    member: LockedMember, purchase_id: int, *, now: datetime, reason: str | None = None
) -> None:
    """The receipt was a mistake: give back what it spent. A voucher that was got before it is
    only unused again: its points may have lapsed, its reward be over, and the receipt typed
    right wants it."""
    spent_by_it = []
    for seen in redemptions.used_by(purchase_id):
        if seen.used_at is not None and seen.used_at != seen.captured_at:
            redemptions.change(seen, used_at=None, purchase_id=None)
        else:
            redeeming.give_back(member, seen, seen.captured, now=now, reason=reason)
            spent_by_it.append(seen)
    stock.move(lapsing.pieces(spent_by_it))


def are_used_by(purchase_id: int) -> bool:
    """Whether a receipt spent points that it has not given back whole."""
    return bool(redemptions.used_by(purchase_id))
