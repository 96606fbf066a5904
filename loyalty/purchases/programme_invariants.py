"""What must hold of what guards the programme: bounds of tiers, caps of promotions, bonuses that
are given once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CompoundSelect,
    FromClause,
    Select,
    Subquery,
    cast,
    column,
    exists,
    func,
    select,
    union_all,
)

from loyalty.core import clock
from loyalty.core.db import is_postgresql
from loyalty.jobs import service as jobs
from loyalty.jobs.models import JobState
from loyalty.members.models import Member
from loyalty.points.bonuses import Bonus
from loyalty.points.invariants import Invariants, merged_members
from loyalty.points.models import BonusGiven, EntryKind, PendingPoints, PointEntry
from loyalty.programme import service as programme
from loyalty.programme.policy import TierBasis
from loyalty.programme.tier_review import REVIEW_TIERS
from loyalty.purchases.models import Decision, PromotionUse, Purchase, PurchaseFlag
from loyalty.purchases.tiers_measured import PARTS, window_begins


def invariants() -> Invariants:
    return {**_of_bonuses(), **_of_promotions(by_postgresql=is_postgresql()), **_of_tiers()}


# -- tiers -------------------------------------------------------------------------


def _of_tiers() -> Invariants:
    """None before a review made the bounds what tiers, basis and window ask for."""
    current = programme.snapshot()
    if not current.tiers or jobs.last_state(REVIEW_TIERS) != JobState.DONE:
        return {}
    since = window_begins(current.policy, clock.now())
    return _bounds(current.policy.tiering.basis, since)


@lru_cache(maxsize=4)
def _bounds(basis: TierBasis, since: datetime) -> Invariants:
    kept_by, _ = PARTS[basis]
    theirs = select(Member.id).where(Member.closed_at.is_(None))
    parts = kept_by(theirs, since).subquery()
    kept = (
        select(parts.c.member_id, func.sum(parts.c.counted).label("total"))
        .group_by(parts.c.member_id)
        .subquery()
    )
    return {
        "no more counts towards a tier than the member's bound": (
            select(Member.id)
            .join(kept, kept.c.member_id == Member.id)
            .where(kept.c.total > Member.tier_spend)
        )
    }


# -- promotions --------------------------------------------------------------------


@cache
def _of_promotions(*, by_postgresql: bool) -> Invariants:
    worked = _worked_out().subquery()
    elements: Callable[[Any], FromClause] = _elements_of if by_postgresql else _each_of
    used = elements(worked.c.inputs)
    promotion_id = used.c.value["id"].as_integer()
    brought = (
        select(
            promotion_id.label("promotion_id"),
            Purchase.member_id.label("member_id"),
            func.sum(cast(used.c.value["points"].as_string(), BigInteger)).label("points"),
        )
        .select_from(worked)
        .join(Purchase, Purchase.id == worked.c.purchase_id)
        .join(used, used.c.value.is_not(None))
        .where(Purchase.voided_at.is_(None), ~_is_refused())
        .group_by(promotion_id, Purchase.member_id)
        .subquery()
    )
    is_its_use = (PromotionUse.promotion_id == brought.c.promotion_id) & (
        PromotionUse.member_id == brought.c.member_id
    )
    return {
        "what a promotion brought a member counts against its cap": (
            select(brought.c.promotion_id)
            .outerjoin(PromotionUse, is_its_use)
            .where(brought.c.points > func.coalesce(PromotionUse.points, 0))
        )
    }


def _elements_of(inputs: Any) -> FromClause:
    used = func.json_array_elements(inputs["promotions"])
    return used.table_valued(column("value", JSON)).lateral()


def _each_of(inputs: Any) -> FromClause:
    return func.json_each(inputs, "$.promotions").table_valued(column("value", JSON))


def _worked_out() -> CompoundSelect[Any]:
    """By what purchases earn, whoever has them now: what waits, else the newest entry."""
    waiting = select(PendingPoints.purchase_id, PendingPoints.inputs).where(
        PendingPoints.purchase_id.is_not(None)
    )
    newest = (
        select(func.max(PointEntry.id))
        .where(
            PointEntry.purchase_id.is_not(None),
            PointEntry.kind.in_((EntryKind.EARN, EntryKind.ACTIVATE)),
        )
        .group_by(PointEntry.purchase_id)
    )
    waits = exists().where(PendingPoints.purchase_id == PointEntry.purchase_id)
    counts = select(PointEntry.purchase_id, PointEntry.inputs).where(
        PointEntry.id.in_(newest), ~waits
    )
    return union_all(waiting, counts)


def _is_refused() -> Any:
    return exists().where(
        PurchaseFlag.purchase_id == Purchase.id, PurchaseFlag.decision == Decision.REFUSED
    )


# -- bonuses -----------------------------------------------------------------------


@cache
def _of_bonuses() -> Invariants:
    merged = merged_members()
    owner = func.coalesce(merged.c.merged_into, PointEntry.member_id)
    kind = PointEntry.inputs["bonus"].as_string()
    first = _by_first_purchase()
    return {
        "a bonus that was given is marked": (
            select(PointEntry.id)
            .outerjoin(merged, merged.c.id == PointEntry.member_id)
            .outerjoin(BonusGiven, (BonusGiven.member_id == owner) & (BonusGiven.kind == kind))
            .where(
                PointEntry.kind == EntryKind.BONUS,
                PointEntry.points > 0,
                PointEntry.purchase_id.is_(None),
                kind.is_not(None),
                BonusGiven.member_id.is_(None),
            )
        ),
        "the bonus of a first purchase is marked": _unmarked(first),
    }


def _by_first_purchase() -> Subquery:
    return (
        select(PointEntry.purchase_id)
        .where(PointEntry.kind == EntryKind.BONUS, PointEntry.purchase_id.is_not(None))
        .group_by(PointEntry.purchase_id)
        .having(func.sum(PointEntry.points) > 0)
        .subquery()
    )


def _unmarked(first: Subquery) -> Select[Any]:
    is_marked = (BonusGiven.member_id == Purchase.member_id) & (
        BonusGiven.kind == Bonus.FIRST_PURCHASE
    )
    return (
        select(Purchase.id)
        .join(first, first.c.purchase_id == Purchase.id)
        .outerjoin(BonusGiven, is_marked)
        .where(BonusGiven.member_id.is_(None))
    )
