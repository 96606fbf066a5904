"""Receipts as returns see them: what they sold, and what of it came back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import MATCHED_PURCHASES
from loyalty.purchases.left import Gone, Left, Sold, SoldLine
from loyalty.purchases.models import Purchase, PurchaseLine, Return, ReturnLine

_purchases = table_of(Purchase)
_lines = table_of(PurchaseLine)
_returns = table_of(Return)
_back = table_of(ReturnLine)


def left_of(purchase_id: int) -> Left:
    """What of a purchase did not come back yet; raises `unknown_purchase`."""
    found = sold([purchase_id])
    if not found:
        raise Problem(Code.UNKNOWN_PURCHASE)
    return found[0].left()


def sold(purchase_ids: Collection[int]) -> list[Sold]:
    """These purchases, the newest first."""
    lines = _lines_of(purchase_ids)
    gone = _gone_of(purchase_ids)
    rows = connection().execute(
        select(
            *(_purchases.c[name] for name in ("id", "purchased_at", "amount")),
            *(_purchases.c[name] for name in ("points_earned", "points_reversed")),
            _purchases.c.amount_returned,
        )
        .where(_purchases.c.id.in_(purchase_ids))
        .order_by(_purchases.c.purchased_at.desc(), _purchases.c.id.desc())
    )
    return [
        Sold(**row._asdict(), lines=lines.get(row.id, ()), gone=gone.get(row.id, {}))
        for row in rows
    ]


def bought_before(member_id: int, skus: Collection[str], *, before: datetime) -> list[Sold]:
    """Those of a member's newest `MATCHED_PURCHASES` that sold any of these goods, the newest
    first."""
    newest = (
        select(_purchases.c.id)
        .where(
            _purchases.c.member_id == member_id,
            _purchases.c.purchased_at < before,
            _purchases.c.voided_at.is_(None),
        )
        .order_by(_purchases.c.purchased_at.desc(), _purchases.c.id.desc())
        .limit(MATCHED_PURCHASES)
        .subquery()
    )
    named = select(_lines.c.position).where(
        _lines.c.purchase_id == newest.c.id, _lines.c.sku.in_(skus)
    )
    found = connection().scalars(select(newest.c.id).where(named.exists())).all()
    return sold(found) if found else []


def brought_of_none(member_id: int) -> int:
    """What a member brought back of no purchase that is known, in minor units."""
    amount = connection().scalar(
        select(func.sum(_back.c.amount))
        .join(_returns, _returns.c.id == _back.c.return_id)
        .where(_returns.c.member_id == member_id, _back.c.purchase_id.is_(None))
    )
    return int(amount or 0)


def _lines_of(purchase_ids: Collection[int]) -> dict[int, list[SoldLine]]:
    rows = connection().execute(
        select(_lines.c.purchase_id, *(_lines.c[name] for name in SoldLine._fields))
        .where(_lines.c.purchase_id.in_(purchase_ids))
        .order_by(_lines.c.purchase_id, _lines.c.position)
    )
    lines: dict[int, list[SoldLine]] = {}
    for purchase_id, *line in rows:
        lines.setdefault(purchase_id, []).append(SoldLine(*line))
    return lines


def _gone_of(purchase_ids: Collection[int]) -> dict[int, dict[str, Gone]]:
    rows = connection().execute(
        select(
            _back.c.purchase_id,
            _back.c.sku,
            func.sum(_back.c.quantity),
            func.sum(_back.c.amount),
        )
        .where(_back.c.purchase_id.in_(purchase_ids), _back.c.sku.is_not(None))
        .group_by(_back.c.purchase_id, _back.c.sku)
    )
    gone: dict[int, dict[str, Gone]] = {}
    for purchase_id, sku, quantity, amount in rows:
        gone.setdefault(purchase_id, {})[sku] = Gone(int(quantity), int(amount))
    return gone
