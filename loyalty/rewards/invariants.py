"""What must hold between redemptions and the ledger."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, or_, select

from loyalty.members.models import Member
from loyalty.points.invariants import Invariants
from loyalty.points.models import EntryKind, PointEntry
from loyalty.rewards.models import Redemption, State


@cache
def invariants() -> Invariants:
    return {
        "a redemption holds, spent and gave back what its entries say": _written_otherwise(),
        "an entry's redemption exists": (
            select(PointEntry.id)
            .outerjoin(Redemption, Redemption.id == PointEntry.redemption_id)
            .where(PointEntry.redemption_id.is_not(None), Redemption.id.is_(None))
        ),
        "a member's points on hold are those of the member's open redemptions": _held(),
    }


def _written_otherwise() -> Select[Any]:
    entries = _by_redemption()
    held = case((Redemption.state == State.HELD, Redemption.points), else_=0)
    return (
        select(Redemption.id)
        .outerjoin(entries, entries.c.redemption_id == Redemption.id)
        .where(
            or_(
                func.coalesce(entries.c.held, 0) != held,
                func.coalesce(entries.c.spent, 0) != Redemption.captured,
                func.coalesce(entries.c.restored, 0) != Redemption.restored,
            )
        )
    )


def _by_redemption() -> Subquery:
    return (
        select(
            PointEntry.redemption_id,
            (-_sum_of(EntryKind.HOLD, EntryKind.RELEASE)).label("held"),
            (-_sum_of(EntryKind.REDEEM)).label("spent"),
            _sum_of(EntryKind.RESTORE).label("restored"),
        )
        .where(PointEntry.redemption_id.is_not(None))
        .group_by(PointEntry.redemption_id)
        .subquery()
    )


def _sum_of(*kinds: EntryKind) -> ColumnElement[int]:
    return func.sum(case((PointEntry.kind.in_(kinds), PointEntry.points), else_=0))


def _held() -> Select[Any]:
    open_ones = (
        select(Redemption.member_id, func.sum(Redemption.points).label("points"))
        .where(Redemption.state == State.HELD)
        .group_by(Redemption.member_id)
        .subquery()
    )
    return (
        select(Member.id)
        .outerjoin(open_ones, open_ones.c.member_id == Member.id)
        .where(func.coalesce(open_ones.c.points, 0) != Member.held)
    )
