"""What must hold between receipts, returns and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)

from loyalty.points.invariants import Invariants, merged_members
from loyalty.points.models import EntryKind, PendingPoints, PointEntry
from loyalty.programme.models import Promotion
from loyalty.purchases import programme_invariants
from loyalty.purchases.models import PromotionUse, Purchase, PurchaseLine, Return, ReturnLine

_EARNED = (EntryKind.EARN, EntryKind.ACTIVATE, EntryKind.REVERSE_EARN)


def invariants() -> Invariants:
    return {**_of_receipts(), **programme_invariants.invariants()}


@cache
def _of_receipts() -> Invariants:
    return {**_of_points(), **_of_amounts(), **_of_returns(), **_of_promotions()}


def _of_points() -> Invariants:
    held = _by_purchase_and_owner((*_EARNED, EntryKind.BONUS))
    bonus = _by_purchase_and_owner([EntryKind.BONUS])
    return {
        "a purchase's entries add up to what it earned less what went back": _earned_otherwise(),
        "a purchase earned no more than was brought or waits": _earned_more(),
        "a purchase earned points for its own member alone": (
            select(Purchase.id)
            .join(held, held.c.purchase_id == Purchase.id)
            .where(held.c.owner != Purchase.member_id, held.c.points != 0)
        ),
        "an entry's purchase exists": (
            select(PointEntry.id)
            .outerjoin(Purchase, Purchase.id == PointEntry.purchase_id)
            .where(PointEntry.purchase_id.is_not(None), Purchase.id.is_(None))
        ),
        "pending points are those of their purchase's member": (
            select(PendingPoints.purchase_id)
            .outerjoin(Purchase, Purchase.id == PendingPoints.purchase_id)
            .where(
                PendingPoints.purchase_id.is_not(None),
                Purchase.member_id.is_distinct_from(PendingPoints.member_id),
            )
        ),
        "a void purchase has given all its points back": (
            select(Purchase.id)
            .outerjoin(bonus, bonus.c.purchase_id == Purchase.id)
            .where(
                Purchase.voided_at.is_not(None),
                or_(Purchase.points_reversed != Purchase.points_earned, bonus.c.points != 0),
            )
        ),
    }


def _earned_otherwise() -> Select[Any]:
    """But for a bonus, which stands beside what the purchase earned."""
    held = _by_purchase_and_owner(_EARNED)
    pending = _sum_by(PendingPoints.purchase_id, PendingPoints.points)
    is_its_own = and_(held.c.purchase_id == Purchase.id, held.c.owner == Purchase.member_id)
    points = func.coalesce(held.c.points, 0) + func.coalesce(pending.c.total, 0)
    return (
        select(Purchase.id)
        .outerjoin(held, is_its_own)
        .outerjoin(pending, pending.c.key == Purchase.id)
        .where(points != Purchase.points_earned - Purchase.points_reversed)
    )


def _earned_more() -> Select[Any]:
    """Of purchases that earned at once: of what waited first some may have been dropped."""
    is_earned = PointEntry.kind.in_((EntryKind.EARN, EntryKind.ACTIVATE))
    brought = (
        select(PointEntry.purchase_id, func.sum(PointEntry.points).label("points"))
        .where(PointEntry.purchase_id.is_not(None), is_earned)
        .group_by(PointEntry.purchase_id)
        .having(func.sum(case((PointEntry.kind == EntryKind.EARN, 1), else_=0)) > 0)
        .subquery()
    )
    pending = _sum_by(PendingPoints.purchase_id, PendingPoints.points)
    return (
        select(Purchase.id)
        .join(brought, brought.c.purchase_id == Purchase.id)
        .outerjoin(pending, pending.c.key == Purchase.id)
        .where(Purchase.points_earned > brought.c.points + func.coalesce(pending.c.total, 0))
    )


def _by_purchase_and_owner(kinds: Sequence[EntryKind]) -> Subquery:
    """Entries of accounts that were merged count as the survivor's."""
    merged = merged_members()
    owner = func.coalesce(merged.c.merged_into, PointEntry.member_id)
    return (
        select(
            PointEntry.purchase_id,
            owner.label("owner"),
            func.sum(PointEntry.points).label("points"),
        )
        .outerjoin(merged, merged.c.id == PointEntry.member_id)
        .where(PointEntry.purchase_id.is_not(None), PointEntry.kind.in_(kinds))
        .group_by(PointEntry.purchase_id, owner)
        .subquery()
    )


def _of_amounts() -> Invariants:
    lines = _sum_by(PurchaseLine.purchase_id, PurchaseLine.amount)
    returned = _sum_by(ReturnLine.purchase_id, ReturnLine.amount)
    of_return = _sum_by(ReturnLine.return_id, ReturnLine.amount)
    return {
        "lines add up to the amount": (
            select(Purchase.id)
            .join(lines, lines.c.key == Purchase.id)
            .where(or_(lines.c.total != Purchase.amount, Purchase.lines_hash.is_(None)))
        ),
        "what came back of a purchase is what its returns say": (
            select(Purchase.id)
            .outerjoin(returned, returned.c.key == Purchase.id)
            .where(func.coalesce(returned.c.total, 0) != Purchase.amount_returned)
        ),
        "a return's lines add up to its amount": (
            select(Return.id)
            .outerjoin(of_return, of_return.c.key == Return.id)
            .where(func.coalesce(of_return.c.total, 0) != Return.amount)
        ),
    }


def _of_returns() -> Invariants:
    sold = _by_sku(PurchaseLine, PurchaseLine.purchase_id)
    back = _by_sku(ReturnLine, ReturnLine.purchase_id)
    same = and_(sold.c.purchase_id == back.c.purchase_id, sold.c.sku == back.c.sku)
    return {
        "no more of an article came back than was sold": (
            select(back.c.purchase_id)
            .join(sold, same)
            .where(or_(back.c.quantity > sold.c.quantity, back.c.amount > sold.c.amount))
        ),
        "a return took back no less than its entries say": _taken_back(),
        "nothing came back of a void purchase": (
            select(Purchase.id).where(Purchase.voided_at.is_not(None), Purchase.amount_returned > 0)
        ),
    }


def _taken_back() -> Select[Any]:
    """What was pending went without an entry."""
    return_id = cast(PointEntry.inputs["return"].as_string(), BigInteger)
    taken = (
        select(return_id.label("key"), (-func.sum(PointEntry.points)).label("total"))
        .where(PointEntry.kind == EntryKind.REVERSE_EARN, return_id.is_not(None))
        .group_by(return_id)
        .subquery()
    )
    return (
        select(Return.id)
        .join(taken, taken.c.key == Return.id)
        .where(taken.c.total > Return.points_reversed)
    )


def _by_sku(line: type[PurchaseLine] | type[ReturnLine], purchase_id: Any) -> Subquery:
    return (
        select(
            purchase_id.label("purchase_id"),
            line.sku,
            func.sum(line.quantity).label("quantity"),
            func.sum(line.amount).label("amount"),
        )
        .where(line.sku.is_not(None), purchase_id.is_not(None))
        .group_by(purchase_id, line.sku)
        .subquery()
    )


def _sum_by(key: Any, amount: ColumnElement[int] | Any) -> Subquery:
    totals = select(key.label("key"), func.sum(amount).label("total")).where(key.is_not(None))
    return totals.group_by(key).subquery()


def _of_promotions() -> Invariants:
    used = (
        select(PromotionUse.promotion_id, func.sum(PromotionUse.points).label("points"))
        .group_by(PromotionUse.promotion_id)
        .subquery()
    )
    return {
        "what is given of a promotion's budget is what it brought its members": (
            select(Promotion.id)
            .outerjoin(used, used.c.promotion_id == Promotion.id)
            .where(
                Promotion.budget.is_not(None),
                func.coalesce(used.c.points, 0) != Promotion.given,
            )
        )
    }
