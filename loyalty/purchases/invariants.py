"""What must hold between receipts and the ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, or_, select

from loyalty.points.models import PointEntry
from loyalty.purchases.models import Purchase, PurchaseLine


def invariants() -> dict[str, Select[Any]]:
    held = (
        select(
            PointEntry.purchase_id,
            PointEntry.member_id,
            func.sum(PointEntry.points).label("points"),
        )
        .where(PointEntry.purchase_id.is_not(None))
        .group_by(PointEntry.purchase_id, PointEntry.member_id)
        .subquery()
    )
    lines = (
        select(PurchaseLine.purchase_id, func.sum(PurchaseLine.amount).label("amount"))
        .group_by(PurchaseLine.purchase_id)
        .subquery()
    )
    due = Purchase.points_earned - Purchase.points_reversed
    return {
        "a purchase's entries add up to what it earned less what went back": (
            select(Purchase.id)
            .outerjoin(
                held,
                (held.c.purchase_id == Purchase.id) & (held.c.member_id == Purchase.member_id),
            )
            .where(func.coalesce(held.c.points, 0) != due)
        ),
        "a purchase earned points for its own member alone": (
            select(Purchase.id)
            .join(held, held.c.purchase_id == Purchase.id)
            .where(held.c.member_id != Purchase.member_id, held.c.points != 0)
        ),
        "an entry's purchase exists": (
            select(PointEntry.id)
            .outerjoin(Purchase, Purchase.id == PointEntry.purchase_id)
            .where(PointEntry.purchase_id.is_not(None), Purchase.id.is_(None))
        ),
        "a void purchase has given all its points back": (
            select(Purchase.id).where(
                Purchase.voided_at.is_not(None),
                Purchase.points_reversed != Purchase.points_earned,
            )
        ),
        "lines add up to the amount": (
            select(Purchase.id)
            .join(lines, lines.c.purchase_id == Purchase.id)
            .where(or_(lines.c.amount != Purchase.amount, Purchase.lines_hash.is_(None)))
        ),
    }
