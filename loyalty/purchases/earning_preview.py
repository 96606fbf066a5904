"""What a receipt would earn, before it is recorded."""

from __future__ import annotations

from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.programme import service as programme
from loyalty.programme.rules import StoreView
from loyalty.purchases.earning_worked import worked_out
from loyalty.purchases.rules import check
from loyalty.purchases.surroundings import surroundings

_members = table_of(Member)
_NOBODY = 0
"""No member has this id: nobody's tier, tags and uses of promotions."""


def would_earn(amount: int, *, store: StoreView, member_id: int | None) -> int:
    """The points of an amount (minor units) at a store's till now, bonuses apart; `member_id`
    None: of somebody new, or unknown. Nothing is locked: recording works it out again."""
    given = {"phone": None, "store": store.code, "receipt_no": "-", "amount": amount}
    receipt = check(given, surroundings(clock.now()))
    buyer = LockedMember(
        id=member_id or _NOBODY, name=None, points=0, debt=0, tier_id=_tier_of(member_id)
    )
    [worked] = worked_out([receipt], [buyer], programme.snapshot())
    return worked.points


def _tier_of(member_id: int | None) -> int | None:
    query = select(_members.c.tier_id).where(_members.c.id == member_id)
    return None if member_id is None else connection().scalar(query)
