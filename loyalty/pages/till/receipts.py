"""The list of receipts: the customer's, or what this cashier recorded today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import or_, select

from loyalty.core import clock
from loyalty.core.access import Actor
from loyalty.core.db import db
from loyalty.core.phone import PhoneNumber
from loyalty.members.models import Member
from loyalty.pages import formats
from loyalty.pages.till.questions import SAME_AGAIN
from loyalty.programme import service as programme
from loyalty.programme.rules import StoreView
from loyalty.purchases import service as purchases
from loyalty.purchases.models import Purchase

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Line:
    when: str
    receipt_no: str
    second: str
    amount: str
    points: str
    tone: str
    voided: bool = False


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


def of_member(member_id: int) -> Receipts:
    """Newest first; receipts that were undone are left out."""
    today = formats.local(clock.now()).date()
    lines = tuple(_member_line(view, today) for view in purchases.recent_of(member_id, limit=SHOWN))
    return Receipts(
        title=gettext("Recent receipts"),
        note="",
        empty=gettext("No receipts yet: this is the first."),
        lines=lines,
    )


def _member_line(view: dict[str, Any], today: date) -> Line:
    earned = view["points_earned"] - view["points_reversed"]
    return Line(
        when=formats.in_lists(formats.local(view["purchased_at"]).date(), today),
        receipt_no=shown_number(view["receipt_no"], view["store"]),
        second=programme.snapshot().stores[view["store"]].name,
        amount=formats.money(view["amount"] - view["amount_returned"]),
        points=formats.signed_points(earned),
        tone="accent" if earned > 0 else "second",
    )


def of_today(actor: Actor, store: StoreView) -> Receipts:
    """What this person recorded at this store since local midnight, undone ones marked."""
    zone = formats.settings().time_zone
    today = formats.local(clock.now()).date()
    rows = db.session.execute(
        select(Purchase, Member.name)
        .join(Member, Member.id == Purchase.member_id)
        .where(
            Purchase.store_id == store.id,
            Purchase.recorded_by == actor.label,
            Purchase.recorded_at >= clock.start_of_day(today, zone),
        )
        .order_by(Purchase.id.desc())
        .limit(SHOWN)
    ).all()
    count = len(rows)
    more = ngettext("%(count)s receipt", "%(count)s receipts", count, count=formats.count(count))
    return Receipts(
        title=gettext("Recorded by you today"),
        note=more if 0 < count < SHOWN else "",
        empty=gettext("The receipts that you record today will stand here."),
        lines=tuple(_today_line(purchase, name, store) for purchase, name in rows),
    )


def _today_line(purchase: Purchase, name: str | None, store: StoreView) -> Line:
    undone = purchase.voided_at is not None
    earned = 0 if undone else purchase.points_earned - purchase.points_reversed
    e164 = purchase.reassigned_to or purchase.phone
    phone = PhoneNumber(e164).masked if e164 else ""
    state = gettext("cancelled") if undone else ""
    return Line(
        when=formats.clock_time(purchase.recorded_at),
        receipt_no=shown_number(purchase.receipt_no, store.code),
        second=formats.joined([state, formats.short_name(name or ""), phone]),
        amount=formats.money(purchase.amount),
        points=formats.signed_points(earned) if earned else formats.points(0),
        tone="accent" if earned > 0 else "second",
        voided=undone,
    )


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
