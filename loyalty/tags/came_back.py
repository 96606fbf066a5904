"""What came back of receipts, beside their lines in SQL: sums are net of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Select,
    Subquery,
    case,
    cast,
    func,
    select,
)

from loyalty.core.db import is_postgresql, table_of
from loyalty.purchases.models import PurchaseLine, Return, ReturnLine

_lines = table_of(PurchaseLine)
_returns = table_of(Return)
_back = table_of(ReturnLine)
_SKU = (_lines.c.purchase_id, _lines.c.sku)


def of_lines(bought: FromClause) -> Subquery:
    """`purchase_id, position, quantity, amount`: what of each line came back, of those of which
    anything did. A SKU on several lines comes back first line first (`purchases.left`)."""
    back = _by_sku(bought).subquery()
    its_sku = (back.c.purchase_id == _lines.c.purchase_id) & (back.c.sku == _lines.c.sku)
    reaching = (
        select(
            _lines.c.purchase_id,
            _lines.c.position,
            *(
                column
                for name in ("quantity", "amount")
                for column in (
                    _lines.c[name],
                    (back.c[name] - _before(_lines.c[name])).label(f"{name}_back"),
                )
            ),
        )
        .select_from(_lines.join(back, its_sku))
        .subquery()
    )
    return select(
        reaching.c.purchase_id,
        reaching.c.position,
        *(
            _within(reaching.c[f"{name}_back"], reaching.c[name]).label(name)
            for name in ("quantity", "amount")
        ),
    ).subquery("gone")


def shared_by_lines(bought: FromClause, gone: Subquery) -> Subquery:
    """`purchase_id, position, amount`: what is taken off each line for what came back of its
    receipt without goods named, in the measure of what is left of it; together all of that."""
    back = _without_goods(bought).subquery()
    its_own = (gone.c.purchase_id == _lines.c.purchase_id) & (gone.c.position == _lines.c.position)
    left = _lines.c.amount - func.coalesce(gone.c.amount, 0)
    receipt = _lines.c.purchase_id
    counted = (
        select(
            _lines.c.purchase_id,
            _lines.c.position,
            back.c.amount.label("back"),
            left.label("left"),
            func.sum(left).over(partition_by=receipt, order_by=_lines.c.position).label("through"),
            func.sum(left).over(partition_by=receipt).label("whole"),
        )
        .select_from(
            _lines.join(back, back.c.purchase_id == _lines.c.purchase_id).outerjoin(gone, its_own)
        )
        .subquery()
    )
    through, whole = counted.c.through, counted.c.whole
    taken = case((counted.c.back < whole, counted.c.back), else_=whole)
    share = _part(taken, through, whole) - _part(taken, through - counted.c.left, whole)
    return select(counted.c.purchase_id, counted.c.position, share.label("amount")).subquery(
        "shared"
    )


def of_no_purchase(
    bought: FromClause, *, since: datetime | None, before: datetime
) -> ColumnElement[int]:
    """What the member of a row of `bought` brought back in that time of no purchase that is
    known."""
    when = [_returns.c.returned_at < before]
    when += [] if since is None else [_returns.c.returned_at >= since]
    back = (
        select(func.coalesce(func.sum(_back.c.amount), 0))
        .select_from(_returns.join(_back, _back.c.return_id == _returns.c.id))
        .where(_returns.c.member_id == bought.c.member_id, _back.c.purchase_id.is_(None), *when)
    )
    return back.correlate(bought).scalar_subquery()


def at_least_0(number: ColumnElement[int]) -> ColumnElement[int]:
    return func.greatest(number, 0) if is_postgresql() else func.max(number, 0)


def articles_kept(bought: FromClause) -> ColumnElement[int]:
    """How many articles of a purchase are kept, never below 0; none where it does not say."""
    back = select(func.coalesce(func.sum(_back.c.quantity), 0))
    came = back.where(_back.c.purchase_id == bought.c.id).correlate(bought).scalar_subquery()
    kept = bought.c.quantity - came
    # Within the case: PostgreSQL's `greatest` would make 0 of nothing.
    return case((bought.c.quantity.is_not(None), at_least_0(kept)))


def _by_sku(bought: FromClause) -> Select[tuple[int, str, int, int]]:
    return (
        select(
            _back.c.purchase_id,
            _back.c.sku,
            func.sum(_back.c.quantity).label("quantity"),
            func.sum(_back.c.amount).label("amount"),
        )
        .select_from(_back.join(bought, bought.c.id == _back.c.purchase_id))
        .where(_back.c.sku.is_not(None))
        .group_by(_back.c.purchase_id, _back.c.sku)
    )


def _without_goods(bought: FromClause) -> Select[tuple[int, int]]:
    return (
        select(_back.c.purchase_id, func.sum(_back.c.amount).label("amount"))
        .select_from(_back.join(bought, bought.c.id == _back.c.purchase_id))
        .where(_back.c.sku.is_(None))
        .group_by(_back.c.purchase_id)
    )


def _part(
    number: ColumnElement[int], through: ColumnElement[int], whole: ColumnElement[int]
) -> ColumnElement[int]:
    """number * through / whole, rounded half up: as doubles, for the product of two amounts may
    be more than a column holds. What is all of it comes out whole."""
    exact = cast(number, Double) * cast(through, Double) / func.nullif(cast(whole, Double), 0)
    half_up = exact + 0.5
    rounded = cast(func.floor(half_up) if is_postgresql() else half_up, BigInteger)
    return func.coalesce(rounded, 0)


def _before(column: ColumnElement[int]) -> ColumnElement[int]:
    """What the lines of the same SKU above it hold."""
    above = func.sum(column).over(partition_by=_SKU, order_by=_lines.c.position, rows=(None, -1))
    return func.coalesce(above, 0)


def _within(number: ColumnElement[int], most: ColumnElement[int]) -> ColumnElement[int]:
    return case((number <= 0, 0), (number >= most, most), else_=number)
