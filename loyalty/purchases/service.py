"""Use cases of purchases: record one, record many, find, void, reassign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import LostRace, db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.members.reasons import impersonal
from loyalty.members.service import LockedMember
from loyalty.points import service as points
from loyalty.points import standing
from loyalty.points.earning import Earning, earn
from loyalty.points.models import PointEntry
from loyalty.programme import service as programme
from loyalty.purchases import recording
from loyalty.purchases.models import Purchase
from loyalty.purchases.recording import Outcome, Rejected, Replayed
from loyalty.purchases.rules import REASSIGN, VOID, Surroundings, check, check_may_change

Loaded = Mapping[str, Any]
"""A purchase as `PurchaseSchema` loads it."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One purchase and its member, as the API shows them."""

    purchase: dict[str, Any]
    member: dict[str, Any]
    replayed: bool = False

    def as_answer(self) -> dict[str, Any]:
        return {"purchase": self.purchase, "member": self.member}


def record(given: Loaded, *, has_idempotency_key: bool = False, source: str = "purchase") -> Result:
    """Record one purchase; raises the problem that rejects it."""
    now = clock.now()
    receipt = check(given, _surroundings(now, has_idempotency_key=has_idempotency_key))
    [outcome] = recording.record([receipt], source=source, earns=True, now=now)
    if isinstance(outcome, Rejected):
        raise outcome.problem
    if isinstance(outcome, Replayed):
        purchase = view(outcome.purchase._asdict())
        member_id = outcome.purchase.member_id
        # Held, so that an answer kept under a key does not outlive an erasure.
        members.lock([member_id])
        return Result(purchase=purchase, member=_member_now(member_id), replayed=True)
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
    around = _surroundings(now, has_idempotency_key=has_idempotency_key)
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


def void(purchase_id: int, *, reason: str | None) -> Result:
    """The receipt was a mistake: its points go back, its number is free again.

    Voiding twice changes nothing more.
    """
    now = clock.now()
    purchase, [member] = _hold(purchase_id)
    _check_may_change(purchase, now)
    if purchase.voided_at is None:
        reason = impersonal(reason, about=[member.id])
        purchase.points_reversed += points.reverse_purchase(
            member, purchase.id, reason=reason, now=now
        )
        purchase.voided_at = now
        purchase.void_reason = reason
        audit.record(VOID.name, "purchase", purchase.id, reason=reason, store_id=purchase.store_id)
        # Flush: the answer is read back in plain SQL.
        db.session.flush()
    return _result(purchase)


def reassign(purchase_id: int, phone: PhoneNumber, *, reason: str | None) -> Result:
    """The phone was a mistake: the purchase moves to another phone with its points.

    A member that only the mistake made is closed. Repeating it changes nothing.
    """
    now = clock.now()
    target_id = members.resolve(phone, source="purchase", now=now)
    purchase, held = _hold(purchase_id, also=target_id)
    _check_may_change(purchase, now)
    if purchase.voided_at is not None:
        raise Problem(Code.PURCHASE_VOIDED)
    if purchase.member_id == target_id:
        return _result(purchase)
    by_id = {member.id: member for member in held}
    reason = impersonal(reason, about=by_id)
    _move(purchase, by_id[purchase.member_id], by_id[target_id], phone, reason, now)
    return _result(purchase)


def may_change(purchase: Purchase) -> bool:
    """Whether who acts now may void or reassign it: asked before it is offered."""
    try:
        _check_may_change(purchase, clock.now())
    except Problem:
        return False
    return True


def _move(
    purchase: Purchase,
    origin: LockedMember,
    target: LockedMember,
    phone: PhoneNumber,
    reason: str | None,
    now: datetime,
) -> None:
    current = programme.snapshot()
    earned = points.earning_of(purchase.id, origin.id)
    points.reverse_purchase(origin, purchase.id, reason=reason, now=now)
    if earned is not None:
        zone = current_app.extensions["settings"].time_zone
        moved = Earning(
            member=target,
            purchase_id=purchase.id,
            points=earned.points,
            rule_version=earned.rule_version,
            inputs=earned.inputs,
            occurred_at=purchase.purchased_at,
            expires_at=current.expires_at(purchase.local_date, zone),
        )
        earn([moved], now=now)
    purchase.member_id = target.id
    purchase.reassigned_to = phone.e164
    # Flush: whether the origin did anything else is asked of the table.
    db.session.flush()
    audit.record(REASSIGN.name, "purchase", purchase.id, reason=reason, store_id=purchase.store_id)
    if _only_a_mistake(origin, purchase.id):
        members.close(origin.id, now=now)


def _only_a_mistake(origin: LockedMember, purchase_id: int) -> bool:
    bought = db.session.scalar(select(Purchase.id).filter_by(member_id=origin.id).limit(1))
    other_entry = db.session.scalar(
        select(PointEntry.id)
        .where(
            PointEntry.member_id == origin.id,
            PointEntry.purchase_id.is_distinct_from(purchase_id),
        )
        .limit(1)
    )
    return bought is None and other_entry is None and members.is_untouched(origin.id)


def _hold(purchase_id: int, *, also: int | None = None) -> tuple[Purchase, list[LockedMember]]:
    """The purchase with its member (and another) locked: members first, ascending id."""
    member_id = db.session.scalar(select(Purchase.member_id).filter_by(id=purchase_id))
    if member_id is None:
        raise Problem(Code.UNKNOWN_PURCHASE)
    held = members.lock([member_id] if also is None else [member_id, also])
    purchase = db.session.get_one(
        Purchase, purchase_id, populate_existing=True, with_for_update=True
    )
    if not held.keys() >= {purchase.member_id, also or purchase.member_id}:
        if purchase.member_id not in held and members.is_erased(purchase.member_id):
            raise Problem(Code.MEMBER_ERASED)
        # Another reassign was faster: the locks are on the wrong person.
        raise LostRace
    return purchase, list(held.values())


def _check_may_change(purchase: Purchase, now: datetime) -> None:
    check_may_change(
        current_actor(),
        store_id=purchase.store_id,
        recorded_by=purchase.recorded_by,
        recorded_at=purchase.recorded_at,
        around=_surroundings(now),
    )


def _surroundings(now: datetime, *, has_idempotency_key: bool = False) -> Surroundings:
    return Surroundings(
        programme=programme.snapshot(),
        actor=current_actor(),
        now=now,
        zone=current_app.extensions["settings"].time_zone,
        has_idempotency_key=has_idempotency_key,
    )


def _check_row(row: Loaded, around: Surroundings) -> Any:
    try:
        return check(row, around)
    except Problem as problem:
        return problem


def view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A purchase as `PurchaseViewSchema` shows it."""
    store = programme.snapshot().store_by_id(row["store_id"])
    return {
        "id": row["id"],
        "store": store.code,
        "register": row["register"],
        "receipt_no": row["receipt_no"],
        "member_id": row["member_id"],
        "amount": row["amount"],
        "quantity": row["quantity"],
        "channel": row["channel"],
        "purchased_at": row["purchased_at"],
        "recorded_at": row["recorded_at"],
        "late": row["late"],
        "points_earned": row["points_earned"],
        "points_reversed": row.get("points_reversed", 0),
        "amount_returned": row.get("amount_returned", 0),
        "voided": row.get("voided_at") is not None,
    }


def _result(purchase: Purchase) -> Result:
    row = {column.key: getattr(purchase, column.key) for column in table_of(Purchase).columns}
    return Result(purchase=view(row), member=_member_now(purchase.member_id))


def _member_now(member_id: int) -> dict[str, Any]:
    """Of an erased member its id alone is left."""
    nobody = {"id": member_id, "phone": None, "name": None, "points": 0, "tier": None}
    found = nobody if members.is_erased(member_id) else members.get(member_id)
    return {**{name: found[name] for name in nobody}, "created": False}


def _member_view(member: LockedMember, receipt: Any, now: datetime) -> dict[str, Any]:
    return {
        "id": member.id,
        "phone": receipt.phone.e164,
        "name": member.name or receipt.profile.get("name"),
        "points": standing.shown(member, now=now),
        "tier": None,
        "created": member.created,
    }
