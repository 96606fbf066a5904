"""What an erasure takes out of receipts and returns: they stay as sums that belong to nobody."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Table, case, delete, or_, select, update

from loyalty.core.db import connection, table_of
from loyalty.purchases.models import Purchase, PurchaseFlag, Return

_purchases = table_of(Purchase)
_returns = table_of(Return)
_flags = table_of(PurchaseFlag)


def forget(member_id: int, *, numbers: Collection[str]) -> None:
    """Empty every phone and typed reason of a member's receipts and returns, and the member's
    own `numbers` (E.164) in those of others: a number typed by mistake and moved since, or the
    number's holder of before. What a manager should still look at is nothing to look at any
    more.

    The caller holds the member's lock. Reads whole tables: no index knows a phone.
    """
    _empty(_purchases, member_id, numbers, phones=("phone", "reassigned_to"), text="void_reason")
    _empty(_returns, member_id, numbers, phones=("phone",), text="reason")
    its_own = select(_purchases.c.id).where(_purchases.c.member_id == member_id)
    is_open = _flags.c.decision.is_(None)
    connection().execute(delete(_flags).where(_flags.c.purchase_id.in_(its_own), is_open))


def _empty(
    table: Table, member_id: int, numbers: Collection[str], *, phones: Sequence[str], text: str
) -> None:
    its_own = table.c.member_id == member_id
    has_number = [table.c[name].in_(numbers) for name in phones]
    emptied = {
        name: case((or_(its_own, table.c[name].in_(numbers)), None), else_=table.c[name])
        for name in phones
    }
    emptied[text] = case((its_own, None), else_=table.c[text])
    connection().execute(update(table).where(or_(its_own, *has_number)).values(emptied))
