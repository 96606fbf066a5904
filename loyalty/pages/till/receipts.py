"""The list of receipts and returns: the customer's, or what this cashier recorded today."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import func, or_, select

from loyalty.core import clock
from loyalty.core.access import Actor
from loyalty.core.db import db, table_of
from loyalty.core.phone import PhoneNumber
from loyalty.members.models import Member
from loyalty.pages import formats
from loyalty.pages.till.questions import SAME_AGAIN
from loyalty.points.models import PendingPoints
from loyalty.programme import service as programme
from loyalty.programme.rules import StoreView
from loyalty.purchases import service as purchases
from loyalty.purchases.models import Purchase, Return

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Line:
    """`purchase_id` where goods of it may still come back."""

    at: datetime
    when: str
    receipt_no: str
    second: str
    amount: str
    points: str
    tone: str
    purchase_id: int | None = None
    voided: bool = False
    returned: bool = False


@dataclass(frozen=True, kw_only=True)
class Receipts:
    title: str
    note: str
    empty: str
    lines: tuple[Line, ...]


def shown_number(receipt_no: str | None, store_code: str) -> str:
    """As on the slip; of a number that a till made (device, date, counter) the counter."""
    if receipt_no is None:
        return gettext("No receipt no.")
    if programme.snapshot().stores[store_code].prints_receipts:
        return receipt_no
    return f"#{receipt_no.rpartition('-')[2]}"


# -- a customer's ------------------------------------------------------------------


def of_member(member_id: int) -> Receipts:
    """Newest first; receipts that were undone are left out."""
    today = formats.local(clock.now()).date()
    views = purchases.recent_of(member_id, limit=SHOWN)
    waiting = _waiting([view["id"] for view in views])
    bought = [_member_line(view, today, waiting.get(view["id"], 0)) for view in views]
    query = select(Return).where(Return.member_id == member_id)
    newest = query.order_by(Return.returned_at.desc(), Return.id.desc()).limit(SHOWN)
    back = [_returned_to(each, today) for each in db.session.scalars(newest)]
    return Receipts(
        title=gettext("Recent receipts"),
        note="",
        empty=gettext("No receipts yet: this is the first."),
        lines=_newest([*bought, *back]),
    )


def _newest(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:SHOWN])


def _member_line(view: dict[str, Any], today: date, waiting: int) -> Line:
    points, tone = _earned(view, waiting)
    return Line(
        at=view["purchased_at"],
        when=formats.in_lists(formats.local(view["purchased_at"]).date(), today),
        receipt_no=shown_number(view["receipt_no"], view["store"]),
        second=programme.snapshot().stores[view["store"]].name,
        amount=formats.money(view["amount"]),
        points=points,
        tone=tone,
        purchase_id=_if_left(view),
    )


def _earned(view: Mapping[str, Any], waiting: int) -> tuple[str, str]:
    """What came in with the receipt, and its tone. What a return took stands with the return."""
    reversed_ = 0 if view["amount_returned"] else view["points_reversed"]
    earned = view["points_earned"] - reversed_
    if waiting:
        return gettext("%(points)s to come", points=formats.points(waiting)), "second"
    return (formats.signed_points(earned), "accent") if earned else (formats.points(0), "second")


def _if_left(view: Mapping[str, Any]) -> int | None:
    return view["id"] if view["amount_returned"] < view["amount"] else None


def _returned_to(back: Return, today: date) -> Line:
    store = programme.snapshot().store_by_id(back.store_id)
    when = formats.in_lists(formats.local(back.returned_at).date(), today)
    second = gettext("Return, %(store)s", store=store.name)
    return _return_line(back, store, at=back.returned_at, when=when, second=second)


def _return_line(back: Return, store: StoreView, *, at: datetime, when: str, second: str) -> Line:
    points = back.points_restored - back.points_reversed
    return Line(
        at=at,
        when=when,
        receipt_no=shown_number(back.return_no, store.code),
        second=second,
        amount=formats.money(-back.amount),
        points=formats.signed_points(points) if points else formats.points(0),
        tone="danger" if points < 0 else "second",
        returned=True,
    )


def _waiting(purchase_ids: Collection[int]) -> dict[int, int]:
    """Points of purchases that do not count yet."""
    rows = db.session.execute(
        select(PendingPoints.purchase_id, func.sum(PendingPoints.points))
        .where(PendingPoints.purchase_id.in_(purchase_ids))
        .group_by(PendingPoints.purchase_id)
    )
    return {int(purchase_id or 0): int(points) for purchase_id, points in rows}


def waits_for_manager(purchase_id: int) -> bool:
    """Whether its points count only once a manager says so."""
    query = select(PendingPoints.id).filter_by(purchase_id=purchase_id, ends_at=None)
    return db.session.scalar(query.limit(1)) is not None


# -- this cashier's of today ---------------------------------------------------------


def of_today(actor: Actor, store: StoreView) -> Receipts:
    """What this person recorded at this store since local midnight, undone ones marked."""
    midnight = clock.start_of_day(formats.local(clock.now()).date(), formats.settings().time_zone)
    lines = _newest([*_sold(actor, store, midnight), *_taken_back(actor, store, midnight)])
    count = len(lines)
    more = ngettext("%(count)s receipt", "%(count)s receipts", count, count=formats.count(count))
    return Receipts(
        title=gettext("Recorded by you today"),
        note=more if 0 < count < SHOWN else "",
        empty=gettext("The receipts that you record today will stand here."),
        lines=lines,
    )


def _sold(actor: Actor, store: StoreView, midnight: datetime) -> list[Line]:
    rows = db.session.execute(
        select(table_of(Purchase), Member.name)
        .join(Member, Member.id == Purchase.member_id)
        .where(
            Purchase.store_id == store.id,
            Purchase.recorded_by == actor.label,
            Purchase.recorded_at >= midnight,
        )
        .order_by(Purchase.id.desc())
        .limit(SHOWN)
    )
    found = [dict(row) for row in rows.mappings()]
    waiting = _waiting([row["id"] for row in found])
    return [_today_line(row, store, waiting.get(row["id"], 0)) for row in found]


def _today_line(row: Mapping[str, Any], store: StoreView, waiting: int) -> Line:
    undone = row["voided_at"] is not None
    points, tone = (formats.points(0), "second") if undone else _earned(row, waiting)
    state = gettext("cancelled") if undone else ""
    return Line(
        at=row["recorded_at"],
        when=formats.clock_time(row["recorded_at"]),
        receipt_no=shown_number(row["receipt_no"], store.code),
        second=formats.joined([state, *_whose(row["name"], row["reassigned_to"] or row["phone"])]),
        amount=formats.money(row["amount"]),
        points=points,
        tone=tone,
        purchase_id=None if undone else _if_left(row),
        voided=undone,
    )


def _whose(name: str | None, e164: str | None) -> list[str]:
    return [formats.short_name(name or ""), PhoneNumber(e164).masked if e164 else ""]


def _taken_back(actor: Actor, store: StoreView, midnight: datetime) -> list[Line]:
    rows = db.session.execute(
        select(Return, Member.name)
        .join(Member, Member.id == Return.member_id)
        .where(
            Return.store_id == store.id,
            Return.recorded_by == actor.label,
            Return.recorded_at >= midnight,
        )
        .order_by(Return.id.desc())
        .limit(SHOWN)
    )
    return [
        _return_line(
            back,
            store,
            at=back.recorded_at,
            when=formats.clock_time(back.recorded_at),
            second=formats.joined([gettext("Return"), *_whose(name, back.phone)]),
        )
        for back, name in rows
    ]


def same_just_now(
    phone: PhoneNumber, amount: int, store: StoreView, *, but_not: str | None
) -> Purchase | None:
    """The newest purchase of this phone and amount at this store in the last minutes.

    `but_not` is the number of the receipt being recorded: itself again is a replay.
    """
    return db.session.scalar(
        select(Purchase)
        .where(
            Purchase.store_id == store.id,
            or_(Purchase.phone == phone.e164, Purchase.reassigned_to == phone.e164),
            Purchase.amount == amount,
            Purchase.voided_at.is_(None),
            Purchase.recorded_at > clock.now() - SAME_AGAIN,
            Purchase.receipt_no.is_distinct_from(but_not),
        )
        .order_by(Purchase.id.desc())
        .limit(1)
    )
