"""Use cases of purchases: record one, record many, find, void, reassign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points import standing
from loyalty.programme import service as programme
from loyalty.purchases import recording
from loyalty.purchases.changing import may_change, reassign, void
from loyalty.purchases.models import Purchase
from loyalty.purchases.recording import Outcome, Rejected, Replayed
from loyalty.purchases.rules import Surroundings, check
from loyalty.purchases.surroundings import surroundings
from loyalty.purchases.views import Result, member_now, view

__all__ = [
    "Loaded",
    "Result",
    "find",
    "may_change",
    "reassign",
    "recent_of",
    "record",
    "record_many",
    "view",
    "void",
]

Loaded = Mapping[str, Any]
"""A purchase as `PurchaseSchema` loads it."""


def record(given: Loaded, *, has_idempotency_key: bool = False, source: str = "purchase") -> Result:
    """Record one purchase; raises the problem that rejects it."""
    now = clock.now()
    receipt = check(given, surroundings(now, has_idempotency_key=has_idempotency_key))
    [outcome] = recording.record([receipt], source=source, earns=True, now=now)
    if isinstance(outcome, Rejected):
        raise outcome.problem
    if isinstance(outcome, Replayed):
        purchase = view(outcome.purchase._asdict())
        member_id = outcome.purchase.member_id
        # Held, so that an answer kept under a key does not outlive an erasure.
        members.lock([member_id])
        return Result(purchase=purchase, member=member_now(member_id), replayed=True)
    return Result(purchase=view(outcome.row), member=_member_view(outcome.member, receipt, now))


def record_many(
    given: Sequence[Loaded | Problem],
    *,
    has_idempotency_key: bool = False,
    source: str = "purchase",
    earns: bool = True,
) -> list[Outcome]:
    """Record a batch; rows that are wrong in themselves are rejected, the rest is one effect."""
    now = clock.now()
    around = surroundings(now, has_idempotency_key=has_idempotency_key)
    receipts = [row if isinstance(row, Problem) else _check_row(row, around) for row in given]
    return recording.record(receipts, source=source, earns=earns, now=now)


def find(*, store: str, receipt_no: str) -> list[dict[str, Any]]:
    """Purchases with this number at a store, voided ones too, newest first."""
    store_id = programme.store(store).id
    if not current_actor().may_use_store(store_id):
        raise Problem(Code.FORBIDDEN)
    rows = db.session.execute(
        select(table_of(Purchase))
        .where(Purchase.store_id == store_id, Purchase.receipt_no == receipt_no)
        .order_by(Purchase.id.desc())
        .limit(100)
    )
    return [view(row._asdict()) for row in rows]


def recent_of(member_id: int, *, limit: int) -> list[dict[str, Any]]:
    """A member's newest purchases, voided ones left out."""
    rows = db.session.execute(
        select(table_of(Purchase))
        .where(Purchase.member_id == member_id, Purchase.voided_at.is_(None))
        .order_by(Purchase.purchased_at.desc(), Purchase.id.desc())
        .limit(limit)
    )
    return [view(row._asdict()) for row in rows]


def _check_row(row: Loaded, around: Surroundings) -> Any:
    try:
        return check(row, around)
    except Problem as problem:
        return problem


def _member_view(member: LockedMember, receipt: Any, now: datetime) -> dict[str, Any]:
    return {
        "id": member.id,
        "phone": receipt.phone.e164,
        "name": member.name or receipt.profile.get("name"),
        "points": standing.shown(member, now=now),
        "tier": programme.tier_slug(member.tier_id),
        "created": member.created,
    }
