"""The invariants of the ledger, each as one query that finds what breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, or_, select

from loyalty.core.db import db
from loyalty.members.models import Member, MemberPhone
from loyalty.points.models import EntryKind, LotAllocation, PointEntry, PointLot

SHOWN = 20
"""How many offenders of one invariant are named."""
_BRINGING = (EntryKind.EARN, EntryKind.OPENING)


@dataclass(frozen=True)
class Broken:
    invariant: str
    ids: list[int]


def broken_among(invariants: Mapping[str, Select[Any]]) -> list[Broken]:
    """Every broken invariant with the first ids that break it; empty when all hold."""
    broken = []
    for invariant, query in invariants.items():
        ids = list(db.session.scalars(query.order_by(*query.selected_columns).limit(SHOWN)))
        if ids:
            broken.append(Broken(invariant, ids))
    return broken


def invariants() -> dict[str, Select[Any]]:
    entries = _sum_by(PointEntry.member_id, PointEntry.points)
    left = _sum_by(PointLot.member_id, PointLot.remaining)
    taken = _sum_by(LotAllocation.lot_id, LotAllocation.points)
    named = _sum_by(LotAllocation.entry_id, LotAllocation.points)
    return {
        "a member's balance is the sum of the member's entries": _members_where(
            entries, Member.points
        ),
        "a balance is what lots have left minus debt": _members_where(
            left, Member.points + Member.debt
        ),
        "a lot has left what was not taken from it": (
            select(PointLot.entry_id)
            .outerjoin(taken, taken.c.key == PointLot.entry_id)
            .where(PointLot.remaining != PointLot.points - func.coalesce(taken.c.total, 0))
        ),
        "an entry that brings points has a lot of its points and member": (
            select(PointEntry.id)
            .outerjoin(PointLot, PointLot.entry_id == PointEntry.id)
            .where(
                PointEntry.kind.in_(_BRINGING),
                PointEntry.points > 0,
                or_(
                    PointLot.entry_id.is_(None),
                    PointLot.points != PointEntry.points,
                    PointLot.member_id != PointEntry.member_id,
                ),
            )
        ),
        "a member has at most one opening balance": (
            select(PointEntry.member_id)
            .where(PointEntry.kind == EntryKind.OPENING)
            .group_by(PointEntry.member_id)
            .having(func.sum(case((PointEntry.points > 0, 1), else_=-1)) > 1)
        ),
        "a debit takes no more from lots than its points": (
            select(PointEntry.id)
            .join(named, named.c.key == PointEntry.id)
            .where(PointEntry.points < 0, named.c.total > -PointEntry.points)
        ),
        "a closed member has no points and no phone": (
            select(Member.id)
            .outerjoin(
                MemberPhone,
                (MemberPhone.member_id == Member.id) & MemberPhone.active_until.is_(None),
            )
            .where(
                Member.closed_at.is_not(None),
                or_(Member.points != 0, MemberPhone.id.is_not(None)),
            )
        ),
    }


def _sum_by(key: Any, amount: Any) -> Any:
    return select(key.label("key"), func.sum(amount).label("total")).group_by(key).subquery()


def _members_where(sums: Any, expected: Any) -> Select[Any]:
    total = case((sums.c.total.is_(None), 0), else_=sums.c.total)
    return select(Member.id).outerjoin(sums, sums.c.key == Member.id).where(total != expected)
