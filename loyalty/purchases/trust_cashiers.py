"""What each person typed, cancelled and adjusted, for managers who look after the tills."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import Select, case, func, select

from loyalty.audit.models import AuditEvent
from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.core.phone import PhoneNumber
from loyalty.members.models import IS_MAIN, MemberPhone
from loyalty.points.rules import ADJUST
from loyalty.purchases.models import FlagKind, Purchase, PurchaseFlag
from loyalty.purchases.rules import VOID
from loyalty.purchases.trust import BY_PEOPLE
from loyalty.purchases.trust_review import in_own_stores
from loyalty.staff.naming import names_of

_purchases = table_of(Purchase)
_flags = table_of(PurchaseFlag)
_log = table_of(AuditEvent)
_phones = table_of(MemberPhone)

TOP_PHONES = 5
SHOWN = 1_000


@dataclass(kw_only=True)
class Cashier:
    """`receipts` typed for these days and standing, and their `amount` (minor units); of two or
    more of one member `top_phones`, most first: {phone, member_id, receipts}, the member's main
    number, and where there is none one that the receipts were for. `flags` are receipts
    that had to wait, `late` those of them that came after 45 days; `voids` and `adjustments` are
    by this person's hand."""

    actor: str
    name: str | None = None
    receipts: int = 0
    amount: int = 0
    top_phones: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 0
    late: int = 0
    voids: int = 0
    adjustments: int = 0


class _Cashiers(dict[str, Cashier]):
    def __missing__(self, actor: str) -> Cashier:
        made = self[actor] = Cashier(actor=actor)
        return made


def of_cashiers(since: date, until: date) -> list[dict[str, Any]]:
    """`Cashier` of everybody who did any of it within these local days, both included, in the
    actor's stores; whoever has most flags first, 1,000 at most."""
    found = _Cashiers()
    for row in connection().execute(_receipts(since, until)):
        found[row.recorded_by].receipts = row.receipts
        found[row.recorded_by].amount = int(row.amount)
    for row in connection().execute(_top_phones(since, until)):
        found[row.recorded_by].top_phones.append(_top_phone(row))
    for row in connection().execute(_flagged(since, until)):
        found[row.actor].flags = row.flags
        found[row.actor].late = row.late
    for row in connection().execute(_logged(since, until)):
        found[row.actor].voids = row.voids
        found[row.actor].adjustments = row.adjustments
    for actor, name in names_of(found).items():
        found[actor].name = name
    return [asdict(each) for each in sorted(found.values(), key=_most_flags)[:SHOWN]]


def _most_flags(cashier: Cashier) -> tuple[int, int, str]:
    return -cashier.flags, -cashier.receipts, cashier.actor


def _top_phone(row: Any) -> dict[str, Any]:
    masked = PhoneNumber(row.shown).masked if row.shown else None
    return {"phone": masked, "member_id": row.member_id, "receipts": row.receipts}


def _typed(since: date, until: date) -> Select[Any]:
    return select(_purchases.c.recorded_by).where(
        _purchases.c.local_date.between(since, until),
        _purchases.c.recorded_by.like(BY_PEOPLE),
        _purchases.c.voided_at.is_(None),
        in_own_stores(_purchases.c.store_id),
    )


def _receipts(since: date, until: date) -> Select[Any]:
    return (
        _typed(since, until)
        .add_columns(func.count().label("receipts"), func.sum(_purchases.c.amount).label("amount"))
        .group_by(_purchases.c.recorded_by)
    )


def _top_phones(since: date, until: date) -> Select[Any]:
    receipts = func.count()
    place = func.row_number().over(
        partition_by=_purchases.c.recorded_by,
        order_by=(receipts.desc(), _purchases.c.member_id),
    )
    by_member = (
        _typed(since, until)
        .add_columns(
            _purchases.c.member_id,
            func.max(func.coalesce(_purchases.c.reassigned_to, _purchases.c.phone)).label("phone"),
            receipts.label("receipts"),
            place.label("place"),
        )
        .group_by(_purchases.c.recorded_by, _purchases.c.member_id)
        .having(receipts > 1)
        .subquery()
    )
    its_main = (_phones.c.member_id == by_member.c.member_id) & IS_MAIN
    return (
        select(by_member, func.coalesce(_phones.c.e164, by_member.c.phone).label("shown"))
        .outerjoin(_phones, its_main)
        .where(by_member.c.place <= TOP_PHONES)
        .order_by(by_member.c.place)
    )


def _flagged(since: date, until: date) -> Select[Any]:
    return (
        select(
            _flags.c.actor,
            func.count(_flags.c.purchase_id.distinct()).label("flags"),
            func.count(case((_flags.c.kind == FlagKind.LATE, 1))).label("late"),
        )
        .where(_within(_flags.c.flagged_at, since, until), in_own_stores(_flags.c.store_id))
        .group_by(_flags.c.actor)
    )


def _logged(since: date, until: date) -> Select[Any]:
    return (
        select(
            _log.c.actor,
            func.count(case((_log.c.action == VOID.name, 1))).label("voids"),
            func.count(case((_log.c.action == ADJUST.name, 1))).label("adjustments"),
        )
        .where(
            _log.c.action.in_((VOID.name, ADJUST.name)),
            _within(_log.c.at, since, until),
            _log.c.actor.like(BY_PEOPLE),
            in_own_stores(_log.c.store_id),
        )
        .group_by(_log.c.actor)
    )


def _within(column: Any, since: date, until: date) -> Any:
    zone = current_app.extensions["settings"].time_zone
    begins, ends = clock.start_of_day(since, zone), clock.end_of_day(until, zone)
    return (column >= begins) & (column < ends)
