"""What managers do about receipts that wait: see them, let their points count or refuse them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, func, select, true, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS
from loyalty.core.phone import PhoneNumber
from loyalty.members.of_staff import is_of
from loyalty.members.service import LockedMember
from loyalty.points import pending
from loyalty.points.models import PendingPoints
from loyalty.points.service import earning_of
from loyalty.points.standing import Changes
from loyalty.programme import service as programme
from loyalty.purchases import tiers
from loyalty.purchases.earning_bonuses import first_purchase
from loyalty.purchases.earning_promotions import give_back_uses
from loyalty.purchases.holding import hold
from loyalty.purchases.models import Decision, Purchase, PurchaseFlag
from loyalty.purchases.rules import FLAGS
from loyalty.staff import people
from loyalty.staff.naming import names_of

_flags = table_of(PurchaseFlag)
_purchases = table_of(Purchase)
_pending = table_of(PendingPoints)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """`points` count from now on, or from their day, or are due no more."""

    purchase_id: int
    decision: Decision
    points: int


# -- looking -------------------------------------------------------------------


def open_flags(*, before: int | None = None) -> dict[str, Any]:
    """A page of the receipts of the actor's stores that wait, newest first: `{items, next}`.

    Each `{id, kinds, purchase {id, store, receipt_no, amount, purchased_at, recorded_at},
    member_id, phone, actor, actor_name, flagged_at, points}`: `id` is what `decide` takes, the
    number is masked, the points are those that wait.
    """
    rows = connection().execute(_waiting_receipts(before)).all()
    page = rows[:PAGE_ROWS]
    more = len(rows) > PAGE_ROWS
    return {"items": _views(page), "next": str(page[-1].flag_id) if more else None}


def in_own_stores(store_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Of a store that the actor may see."""
    own = current_actor().store_ids
    return store_id.in_(own) if own else true()


def _waiting_receipts(before: int | None) -> Select[Any]:
    first = func.min(_flags.c.id)
    flagged = (
        select(
            _flags.c.purchase_id,
            first.label("flag_id"),
            func.min(_flags.c.flagged_at).label("flagged_at"),
        )
        .where(_flags.c.decision.is_(None), in_own_stores(_flags.c.store_id))
        .group_by(_flags.c.purchase_id)
        .having(true() if before is None else first < before)
        .order_by(first.desc())
        .limit(PAGE_ROWS + 1)
        .subquery()
    )
    points = (
        select(func.coalesce(func.sum(_pending.c.points), 0))
        .where(_pending.c.purchase_id == _purchases.c.id)
        .scalar_subquery()
    )
    return (
        select(_purchases, flagged.c.flag_id, flagged.c.flagged_at, points.label("waiting"))
        .join(flagged, flagged.c.purchase_id == _purchases.c.id)
        .order_by(flagged.c.flag_id.desc())
    )


def _views(rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    kinds = _kinds_of([row.id for row in rows])
    names = names_of({row.recorded_by for row in rows})
    stores = programme.store_codes()
    return [
        {
            "id": row.flag_id,
            "kinds": kinds[row.id],
            "purchase": {
                "id": row.id,
                "store": stores[row.store_id],
                "receipt_no": row.receipt_no,
                "amount": row.amount,
                "purchased_at": row.purchased_at,
                "recorded_at": row.recorded_at,
            },
            "member_id": row.member_id,
            "phone": _masked(row.reassigned_to or row.phone),
            "actor": row.recorded_by,
            "actor_name": names.get(row.recorded_by),
            "flagged_at": row.flagged_at,
            "points": int(row.waiting),
        }
        for row in rows
    ]


def _kinds_of(purchase_ids: Collection[int]) -> dict[int, list[str]]:
    rows = connection().execute(
        select(_flags.c.purchase_id, _flags.c.kind)
        .where(_flags.c.purchase_id.in_(purchase_ids), _flags.c.decision.is_(None))
        .order_by(_flags.c.id)
    )
    kinds: defaultdict[int, list[str]] = defaultdict(list)
    for purchase_id, kind in rows:
        kinds[purchase_id].append(kind)
    return kinds


def _masked(e164: str | None) -> str | None:
    return PhoneNumber(e164).masked if e164 else None


# -- deciding ------------------------------------------------------------------


def decide(flag_id: int, *, approves: bool) -> Decided:
    """Let the points of a flagged receipt count, or refuse them: for all its open flags at once.

    The same decision again changes nothing. Nobody but the owner decides on a receipt of the own
    hand or phone. Raises `unknown_flag`, `flag_decided`, `not_for_yourself`, `forbidden`.
    """
    now = clock.now()
    purchase, held = hold(_purchase_of(flag_id))
    flag = _flag(flag_id)
    _check_may_decide(purchase, typed_by={purchase.recorded_by, flag.actor})
    decision = Decision.APPROVED if approves else Decision.REFUSED
    if flag.decision not in (None, decision):
        raise Problem(Code.FLAG_DECIDED)
    kinds = _write_decision(purchase, decision, now)
    points = 0
    if kinds:
        act = _approve if approves else _refuse
        points = act(purchase, held[purchase.member_id], now)
        audit.record(
            FLAGS.name,
            "purchase",
            purchase.id,
            store_id=purchase.store_id,
            decision=decision,
            kinds=kinds,
        )
    return Decided(purchase_id=purchase.id, decision=decision, points=points)


def _purchase_of(flag_id: int) -> int:
    query = select(_flags.c.purchase_id).where(_flags.c.id == flag_id)
    purchase_id: int | None = connection().scalar(query)
    if purchase_id is None:
        raise Problem(Code.UNKNOWN_FLAG)
    return purchase_id


def _flag(flag_id: int) -> Any:
    """Asked under the locks: another manager, or who voided the receipt, may have been faster."""
    query = select(_flags.c.decision, _flags.c.actor).where(_flags.c.id == flag_id)
    flag = connection().execute(query).first()
    if flag is None:
        raise Problem(Code.UNKNOWN_FLAG)
    return flag


def _check_may_decide(purchase: Row[Any], *, typed_by: Collection[str]) -> None:
    actor = current_actor()
    if not actor.may_use_store(purchase.store_id):
        raise Problem(Code.FORBIDDEN)
    is_own = actor.label in typed_by or is_of(
        actor, member_id=purchase.member_id, phone=purchase.phone
    )
    if is_own and not people.is_owner(actor):
        raise Problem(
            Code.NOT_FOR_YOURSELF,
            detail=_l("This receipt is of your own hand or phone: another manager decides."),
        )


def _write_decision(purchase: Row[Any], decision: Decision, now: datetime) -> list[str]:
    """Returns the kinds of the flags that were open; none where the same was decided before."""
    kinds = connection().scalars(
        update(_flags)
        .where(_flags.c.purchase_id == purchase.id, _flags.c.decision.is_(None))
        .values(decision=decision, decided_by=current_actor().label, decided_at=now)
        .returning(_flags.c.kind)
    )
    return sorted(kinds)


def _approve(purchase: Row[Any], member: LockedMember, now: datetime) -> int:
    """The points, now or on the day on which they would count anyway, the bonus of a first
    purchase, and what counts towards the tier."""
    current = programme.snapshot()
    zone = current_app.extensions["settings"].time_zone
    kept = purchase.amount - purchase.amount_returned
    until = current.pending_until(purchase.local_date, zone)
    if until is not None and until > now:
        points = pending.wait(purchase.id, until=until)
    else:
        points = pending.activate(member, purchase_id=purchase.id, now=now)
    if kept:
        first_purchase(
            *(member, current.policy.bonuses),
            purchase_id=purchase.id,
            expires_at=current.expires_at(purchase.local_date, zone),
            now=now,
        )
    changes = Changes()
    still_earned = purchase.points_earned - purchase.points_reversed
    changes.add(member, spend=tiers.counted(current.policy, amount=kept, points=still_earned))
    changes.write(now=now)
    tiers.move_up([member], now=now)
    return points


def _refuse(purchase: Row[Any], member: LockedMember, now: datetime) -> int:
    earned = earning_of(purchase.id)
    points = pending.drop(purchase.id, pending.of_purchase(purchase.id))
    connection().execute(
        update(_purchases)
        .where(_purchases.c.id == purchase.id)
        .values(points_reversed=purchase.points_reversed + points)
    )
    give_back_uses(member.id, earned.inputs if earned else None)
    return points
