"""What counts towards members' tiers: what they kept of the purchases of the window, in money or
in points, less what came back of no purchase that is known.

A purchase that waits for a manager counts once it is approved.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Integer, Select, case, exists, func, or_, select, union_all

from loyalty.core import clock
from loyalty.core.bulk import values_table
from loyalty.core.db import connection, table_of
from loyalty.members.models import Member
from loyalty.points.models import EntryKind, PointEntry
from loyalty.programme.policy import Policy, TierBasis
from loyalty.purchases.models import Decision, Purchase, PurchaseFlag, Return, ReturnLine

_members = table_of(Member)
_purchases = table_of(Purchase)
_flags = table_of(PurchaseFlag)
_returns = table_of(Return)
_lines = table_of(ReturnLine)
_entries = table_of(PointEntry)

Ids = Select[int]
"""Of the members who are asked for."""


def window_begins(policy: Policy, now: datetime) -> datetime:
    """With the local day so many months ago, so that it stands still for a day."""
    zone = current_app.extensions["settings"].time_zone
    today = now.astimezone(zone).date()
    return clock.start_of_day(clock.add_months(today, -policy.tiering.window_months), zone)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`counted`: what counts now, never below 0. `kept`: without what came back of no purchase.
    That may leave the window before the purchases do, so that `kept` alone is never gone over
    while nothing is bought."""

    kept: int = 0
    counted: int = 0


NOTHING = Measured()


def measured(member_ids: Collection[int], policy: Policy, *, now: datetime) -> dict[int, Measured]:
    """By member id; whoever bought nothing in the window may be left out."""
    since = window_begins(policy, now)
    wanted = values_table("wanted", {"id": Integer()}, [[id_] for id_ in member_ids])
    theirs = select(wanted.c.id)
    kept, came_back = PARTS[policy.tiering.basis]
    parts = union_all(kept(theirs, since), came_back(theirs, since)).subquery()
    is_kept = case((parts.c.counted > 0, parts.c.counted), else_=0)
    rows = connection().execute(
        select(parts.c.member_id, func.sum(is_kept), func.sum(parts.c.counted)).group_by(
            parts.c.member_id
        )
    )
    return {
        member_id: Measured(kept=int(kept), counted=max(0, int(counted)))
        for member_id, kept, counted in rows
    }


def _kept(amount: ColumnElement[int], theirs: Ids, since: datetime) -> Select[Any]:
    waits = exists().where(
        _flags.c.purchase_id == _purchases.c.id,
        _flags.c.decision.is_distinct_from(Decision.APPROVED),
    )
    return select(_purchases.c.member_id, amount.label("counted")).where(
        _purchases.c.member_id.in_(theirs),
        _purchases.c.purchased_at >= since,
        _purchases.c.voided_at.is_(None),
        ~waits,
    )


def _kept_money(theirs: Ids, since: datetime) -> Select[Any]:
    return _kept(_purchases.c.amount - _purchases.c.amount_returned, theirs, since)


def _kept_points(theirs: Ids, since: datetime) -> Select[Any]:
    return _kept(_purchases.c.points_earned - _purchases.c.points_reversed, theirs, since)


def _money_of_no_purchase(theirs: Ids, since: datetime) -> Select[Any]:
    return (
        select(_returns.c.member_id, (-_lines.c.amount).label("counted"))
        .join(_lines, _lines.c.return_id == _returns.c.id)
        .where(
            _returns.c.member_id.in_(theirs),
            _returns.c.returned_at >= since,
            _lines.c.purchase_id.is_(None),
        )
    )


def _points_of_no_purchase(theirs: Ids, since: datetime) -> Select[Any]:
    """Entries stay with the account that they were written for: one that was merged too."""
    carried_on = func.coalesce(_members.c.merged_into, _members.c.id).label("member_id")
    return (
        select(carried_on, _entries.c.points.label("counted"))
        .join(_members, _members.c.id == _entries.c.member_id)
        .where(
            or_(_members.c.id.in_(theirs), _members.c.merged_into.in_(theirs)),
            _entries.c.kind == EntryKind.REVERSE_EARN,
            _entries.c.purchase_id.is_(None),
            _entries.c.occurred_at >= since,
        )
    )


PARTS = {
    TierBasis.SPEND: (_kept_money, _money_of_no_purchase),
    TierBasis.POINTS: (_kept_points, _points_of_no_purchase),
}
