"""The invariants of the ledger, each as one query that finds what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select

from loyalty.core import clock
from loyalty.core.db import db
from loyalty.members.models import Member, MemberPhone
from loyalty.points.lots import IS_LIVE
from loyalty.points.models import (
    IS_OPEN,
    EntryKind,
    LotAllocation,
    PendingPoints,
    PointEntry,
    PointLot,
)

INVARIANTS = "invariants"
"""Name of the seam: every slice that keeps points right hands in its own."""
SHOWN = 20
"""How many offenders of one invariant are named."""

Invariants = Mapping[str, Select[Any]]
"""What holds, in words -> what breaks it: rows whose first column is an id, with `now` as a
parameter where the time matters."""

_EITHER_WAY = (EntryKind.BONUS, EntryKind.OPENING, EntryKind.ADJUST)
_BRINGING = (EntryKind.EARN, EntryKind.ACTIVATE, *_EITHER_WAY)
"""Kinds that come with a lot where they are above 0."""
_ALL_FROM_LOTS = (EntryKind.HOLD, EntryKind.REDEEM, EntryKind.EXPIRE)
_TAKING_BACK = (EntryKind.REVERSE_EARN, *_EITHER_WAY)
_PUTTING_BACK = (EntryKind.RELEASE, EntryKind.RESTORE)
_HOLDS = (EntryKind.HOLD, EntryKind.RELEASE)
_MERGES = (EntryKind.MERGE_OUT, EntryKind.MERGE_IN)


@dataclass(frozen=True)
class Broken:
    invariant: str
    ids: list[int]


def broken() -> list[Broken]:
    """What is broken of the invariants of every slice."""
    handed_in: Sequence[Callable[[], Invariants]] = current_app.extensions[INVARIANTS]
    return [found for invariants_of in handed_in for found in broken_among(invariants_of())]


def broken_among(given: Invariants) -> list[Broken]:
    """Every broken invariant with the first ids that break it; empty when all hold."""
    now = clock.now()
    found = []
    for invariant, query in given.items():
        if ids := list(db.session.scalars(_first_of(query), {"now": now})):
            found.append(Broken(invariant, ids))
    return found


@cache
def _first_of(query: Select[Any]) -> Select[Any]:
    return query.order_by(*query.selected_columns).limit(SHOWN)


@cache
def invariants() -> Invariants:
    return {**_of_balances(), **_of_lots(), **_of_allocations(), **_of_redemptions(), **_of_ends()}


# -- balances ----------------------------------------------------------------------


def _of_balances() -> Invariants:
    entries = _sum_by(PointEntry.member_id, PointEntry.points)
    left = _sum_by(PointLot.member_id, PointLot.remaining)
    return {
        "a member's balance is the sum of the member's entries": _members_where(
            entries, Member.points
        ),
        "a balance is what lots have left minus debt": _members_where(
            left, Member.points + Member.debt
        ),
        "whoever has a debt has no points to spend": (
            select(Member.id)
            .join(PointLot, PointLot.member_id == Member.id)
            .where(Member.debt > 0, IS_OPEN, IS_LIVE)
            .distinct()
        ),
        "what is held is what holds took and did not release": _held(),
        "a member has at most one opening balance": _two_openings(),
    }


def _held() -> Select[Any]:
    merged = merged_members()
    owner = _owner_of_entry(merged)
    open_holds = (
        select(owner.label("key"), (-func.sum(PointEntry.points)).label("total"))
        .outerjoin(merged, merged.c.id == PointEntry.member_id)
        .where(PointEntry.kind.in_(_HOLDS))
        .group_by(owner)
        .subquery()
    )
    return _members_where(open_holds, Member.held)


def _two_openings() -> Select[Any]:
    """Of one account: those of accounts that were merged stand beside each other."""
    return (
        select(PointEntry.member_id)
        .where(PointEntry.kind == EntryKind.OPENING)
        .group_by(PointEntry.member_id)
        .having(func.sum(case((PointEntry.points > 0, 1), else_=-1)) > 1)
    )


# -- lots --------------------------------------------------------------------------


def _of_lots() -> Invariants:
    taken = _sum_by(LotAllocation.lot_id, LotAllocation.points)
    merged = merged_members()
    brings = and_(PointEntry.kind.in_(_BRINGING), PointEntry.points > 0)
    return {
        "a lot has left what was not taken from it": (
            select(PointLot.entry_id)
            .outerjoin(taken, taken.c.key == PointLot.entry_id)
            .where(PointLot.remaining != PointLot.points - func.coalesce(taken.c.total, 0))
        ),
        "an entry that brings points has a lot of its points and member": (
            select(PointEntry.id)
            .outerjoin(PointLot, PointLot.entry_id == PointEntry.id)
            .outerjoin(merged, merged.c.id == PointEntry.member_id)
            .where(
                brings,
                or_(
                    PointLot.entry_id.is_(None),
                    PointLot.points != PointEntry.points,
                    PointLot.member_id != _owner_of_entry(merged),
                ),
            )
        ),
        "a lot was brought by an entry that brings points": (
            select(PointLot.entry_id)
            .join(PointEntry, PointEntry.id == PointLot.entry_id)
            .where(~brings)
        ),
    }


# -- what entries take from lots ---------------------------------------------------


def _of_allocations() -> Invariants:
    named = _sum_by(LotAllocation.entry_id, LotAllocation.points)
    merged = merged_members()
    from_lots = func.coalesce(named.c.total, 0)
    return {
        "an entry takes from lots, or puts back, what its kind does": (
            select(PointEntry.id)
            .outerjoin(named, named.c.key == PointEntry.id)
            .where(~_fits(PointEntry.kind, PointEntry.points, from_lots))
        ),
        "points are put back by what gives points back alone": (
            select(PointEntry.id)
            .join(LotAllocation, LotAllocation.entry_id == PointEntry.id)
            .where(LotAllocation.points < 0, PointEntry.kind.not_in(_PUTTING_BACK))
        ),
        "an entry takes from lots of its own member": (
            select(PointEntry.id)
            .join(LotAllocation, LotAllocation.entry_id == PointEntry.id)
            .join(PointLot, PointLot.entry_id == LotAllocation.lot_id)
            .outerjoin(merged, merged.c.id == PointEntry.member_id)
            .where(PointLot.member_id != _owner_of_entry(merged))
        ),
        "a debt is repaid from an entry's own lot": (
            select(PointEntry.id)
            .join(LotAllocation, LotAllocation.entry_id == PointEntry.id)
            .where(
                PointEntry.kind.in_(_BRINGING),
                PointEntry.points > 0,
                LotAllocation.lot_id != PointEntry.id,
            )
        ),
    }


def _fits(kind: Any, points: Any, from_lots: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether an entry of `points` may have taken `from_lots` out of lots (below 0: put back).
    What a debit lacks became a debt; what a credit keeps repaid one."""
    up_to_all = from_lots.between(0, func.abs(points))
    return case(
        (kind.in_(_ALL_FROM_LOTS), from_lots == -points),
        (kind.in_(_PUTTING_BACK), from_lots.between(-points, 0)),
        (and_(kind == EntryKind.ADJUST, points < 0), from_lots == -points),
        (kind.in_((*_TAKING_BACK, *_BRINGING)), up_to_all),
        (kind == EntryKind.MERGE_OUT, from_lots == 0),
        else_=from_lots >= 0,
    )


# -- redemptions and ends ----------------------------------------------------------


def _of_redemptions() -> Invariants:
    held, released = _of_kind(EntryKind.HOLD), _of_kind(EntryKind.RELEASE)
    spent, restored = _of_kind(EntryKind.REDEEM), _of_kind(EntryKind.RESTORE)
    return {
        "a redemption is held once, released whole and spends no more": (
            select(PointEntry.redemption_id)
            .where(PointEntry.redemption_id.is_not(None))
            .group_by(PointEntry.redemption_id)
            .having(
                or_(
                    _count(EntryKind.HOLD) != 1,
                    _count(EntryKind.RELEASE) > 1,
                    and_(_count(EntryKind.RELEASE) == 1, released != -held),
                    and_(spent != 0, released == 0),
                    spent < held,
                    restored > -spent,
                )
            )
        ),
        "what is held or spent names its redemption": (
            select(PointEntry.id).where(
                PointEntry.kind.in_((*_HOLDS, EntryKind.REDEEM)),
                PointEntry.redemption_id.is_(None),
            )
        ),
    }


def _of_kind(kind: EntryKind) -> ColumnElement[int]:
    return func.sum(case((PointEntry.kind == kind, PointEntry.points), else_=0))


def _count(kind: EntryKind) -> ColumnElement[int]:
    return func.sum(case((PointEntry.kind == kind, 1), else_=0))


def _of_ends() -> Invariants:
    survivor = merged_members()
    merged = merged_members()
    owner = _owner_of_entry(merged)
    has_something = or_(Member.points != 0, Member.debt != 0, Member.held != 0)
    return {
        "a closed member has no points and no phone": (
            select(Member.id)
            .outerjoin(
                MemberPhone,
                (MemberPhone.member_id == Member.id) & MemberPhone.active_until.is_(None),
            )
            .where(Member.closed_at.is_not(None), or_(has_something, MemberPhone.id.is_not(None)))
        ),
        "a closed member has nothing pending": (
            select(PendingPoints.member_id)
            .join(Member, Member.id == PendingPoints.member_id)
            .where(Member.closed_at.is_not(None))
        ),
        "a merged member is closed, and one step from who carries the account on": (
            select(Member.id)
            .outerjoin(survivor, survivor.c.id == Member.merged_into)
            .where(
                Member.merged_into.is_not(None),
                or_(
                    Member.closed_at.is_(None),
                    survivor.c.id.is_not(None),
                    Member.merged_into == Member.id,
                ),
            )
        ),
        "what a merge takes from one account it brings to another": (
            select(owner)
            .select_from(PointEntry)
            .outerjoin(merged, merged.c.id == PointEntry.member_id)
            .where(PointEntry.kind.in_(_MERGES))
            .group_by(owner)
            .having(func.sum(PointEntry.points) != 0)
        ),
    }


# -- shared ------------------------------------------------------------------------


def merged_members() -> Subquery:
    """Members whose account another one carries on, and who that is."""
    query = select(Member.id, Member.merged_into).where(Member.merged_into.is_not(None))
    return query.subquery()


def _owner_of_entry(merged: Subquery) -> ColumnElement[int]:
    return func.coalesce(merged.c.merged_into, PointEntry.member_id)


def _sum_by(key: Any, amount: Any) -> Any:
    return select(key.label("key"), func.sum(amount).label("total")).group_by(key).subquery()


def _members_where(sums: Any, expected: Any) -> Select[Any]:
    total = case((sums.c.total.is_(None), 0), else_=sums.c.total)
    return select(Member.id).outerjoin(sums, sums.c.key == Member.id).where(total != expected)
