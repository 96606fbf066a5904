"""A purchase held for a change: nobody else changes it, or its member, until the transaction
ends."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from loyalty.core.db import LostRace, connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.purchases.models import Purchase

_purchases = table_of(Purchase)


def hold(purchase_id: int, *, also: int | None = None) -> tuple[Row[Any], dict[int, LockedMember]]:
    """The purchase with its member, and another by `also`, locked: members first, ascending id.
    Raises `unknown_purchase`, and `member_erased`."""
    whose = select(_purchases.c.member_id).where(_purchases.c.id == purchase_id)
    member_id = connection().scalar(whose)
    if member_id is None:
        raise Problem(Code.UNKNOWN_PURCHASE)
    held = members.lock([member_id] if also is None else [member_id, also])
    purchase = (
        connection()
        .execute(select(_purchases).where(_purchases.c.id == purchase_id).with_for_update())
        .one()
    )
    if not held.keys() >= {purchase.member_id, also or purchase.member_id}:
        if purchase.member_id not in held and members.is_erased(purchase.member_id):
            raise Problem(Code.MEMBER_ERASED)
        # A reassign or a merge was faster: the locks are on the wrong person.
        raise LostRace
    return purchase, held
