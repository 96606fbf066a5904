"""Receipts whose points wait until a manager has looked at them (semantics, Cashiers and trust):
of those that people type, never of what keys, batches and imports send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import delete, func, select

from loyalty.core import clock
from loyalty.core.access import Actor
from loyalty.core.bulk import append_many
from loyalty.core.db import connection, table_of
from loyalty.members.of_staff import is_of
from loyalty.members.service import LockedMember
from loyalty.programme import service as programme
from loyalty.purchases.models import Decision, FlagKind, Purchase, PurchaseFlag
from loyalty.purchases.rules import Receipt

_purchases = table_of(Purchase)
_flags = table_of(PurchaseFlag)

BY_PEOPLE = "person:%"
"""What `Actor.label` looks like of whoever types, for LIKE."""

Kinds = tuple[FlagKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A receipt as somebody types it for a member; `phone` is E.164. `purchase_id`: one that
    stands already and is moved to the member."""

    member_id: int
    phone: str
    store_id: int
    local_date: date
    is_late: bool
    purchase_id: int | None = None


def reasons(receipts: Sequence[tuple[Receipt, LockedMember]], *, actor: Actor) -> dict[int, Kinds]:
    """Why receipts wait for a manager, by their place; those that do not wait are left out.

    Their members are locked, their rows not written yet.
    """
    if actor.kind != "person":
        return {}
    found = {
        place: reasons_of(_typed(receipt, member), actor=actor)
        for place, (receipt, member) in enumerate(receipts)
    }
    return {place: kinds for place, kinds in found.items() if kinds}


def reasons_of(typed: Typed, *, actor: Actor) -> Kinds:
    """Of one receipt that is to become the member's, in the order of `FlagKind`."""
    if actor.kind != "person":
        return ()
    unquestioned = programme.snapshot().policy.receipts_a_day
    wait = {
        FlagKind.OWN_PHONE: is_of(actor, member_id=typed.member_id, phone=typed.phone),
        FlagKind.MANY_RECEIPTS: _typed_that_day(typed) >= unquestioned,
        FlagKind.LATE: typed.is_late,
    }
    return tuple(kind for kind, waits in wait.items() if waits)


def flag(flagged: Iterable[tuple[Mapping[str, Any], Kinds]], *, now: datetime) -> None:
    """Remember why purchases wait: each a row (id, store_id, recorded_by) with its reasons."""
    append_many(
        _flags,
        [
            {
                "purchase_id": row["id"],
                "store_id": row["store_id"],
                "kind": kind,
                "actor": row["recorded_by"],
                "flagged_at": now,
            }
            for row, kinds in flagged
            for kind in kinds
        ],
    )


def flag_again(row: Mapping[str, Any], kinds: Kinds, *, now: datetime) -> None:
    """A purchase was moved and waits for these reasons: what was approved of them before was so
    for another member. Rows as of `flag`."""
    its_own = _flags.c.purchase_id == row["id"]
    connection().execute(delete(_flags).where(its_own, _flags.c.kind.in_(kinds)))
    flag([(row, kinds)], now=now)


def clear(purchase_id: int) -> None:
    """A purchase was voided or moved: nobody need look at it any more. What was decided stays."""
    is_open = _flags.c.decision.is_(None)
    connection().execute(delete(_flags).where(_flags.c.purchase_id == purchase_id, is_open))


def is_refused(purchase_id: int) -> bool:
    """Whether a manager refused its points: it earns nothing, whoever's it becomes."""
    query = select(_flags.c.id).where(
        _flags.c.purchase_id == purchase_id, _flags.c.decision == Decision.REFUSED
    )
    return connection().scalar(query.limit(1)) is not None


def _typed(receipt: Receipt, member: LockedMember) -> Typed:
    return Typed(
        member_id=member.id,
        phone=receipt.phone.e164,
        store_id=receipt.store.id,
        local_date=receipt.local.date(),
        is_late=receipt.late,
    )


def _typed_that_day(typed: Typed) -> int:
    """How many receipts of the member people typed in that store, for that local day."""
    zone = current_app.extensions["settings"].time_zone
    day = typed.local_date
    query = select(func.count()).where(
        _purchases.c.member_id == typed.member_id,
        # The day as times: the index of a member's purchases is by time.
        _purchases.c.purchased_at >= clock.start_of_day(day, zone),
        _purchases.c.purchased_at < clock.end_of_day(day, zone),
        _purchases.c.store_id == typed.store_id,
        _purchases.c.recorded_by.like(BY_PEOPLE),
        _purchases.c.voided_at.is_(None),
        _purchases.c.id.is_distinct_from(typed.purchase_id),
    )
    return connection().scalar(query) or 0
