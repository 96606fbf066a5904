"""What an erasure takes out of receipts: they stay as sums that belong to nobody."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import case, or_, update

from loyalty.core.db import connection, table_of
from loyalty.purchases.models import Purchase

_purchases = table_of(Purchase)


def forget(member_id: int, *, numbers: Collection[str]) -> None:
    """Empty every phone and typed reason of a member's receipts, and the member's own
    `numbers` (E.164) in the receipts of others: a number typed by mistake and moved since,
    or the number's holder of before.

    The caller holds the member's lock. Reads the whole table: no index knows a phone.
    """
    its_own = _purchases.c.member_id == member_id
    connection().execute(
        update(_purchases)
        .where(
            or_(
                its_own,
                _purchases.c.phone.in_(numbers),
                _purchases.c.reassigned_to.in_(numbers),
            )
        )
        .values(
            {
                column: case((or_(its_own, column.in_(numbers)), None), else_=column)
                for column in (_purchases.c.phone, _purchases.c.reassigned_to)
            }
            | {_purchases.c.void_reason: case((its_own, None), else_=_purchases.c.void_reason)}
        )
    )
