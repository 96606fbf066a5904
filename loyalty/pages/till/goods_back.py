"""Goods that come back at the till: the receipt they were on, what is left of it, and what their
return will do, worked out by the very use case that records it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext
from sqlalchemy import select

from loyalty.core.access import current_actor
from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.pages import formats
from loyalty.pages.till import typed
from loyalty.pages.till.receipts import shown_number
from loyalty.programme import service as programme
from loyalty.programme.rules import StoreView
from loyalty.purchases import returns
from loyalty.purchases.models import Purchase
from loyalty.purchases.return_views import ReturnResult

FOUND = 10


@dataclass(frozen=True, kw_only=True)
class Goods:
    """A line of the receipt of which `left` pieces may come back."""

    place: int
    sku: str
    name: str
    left: int
    worth: str


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The receipt whose goods come back. Without `lines` an amount comes back, up to `left`."""

    purchase_id: int
    member_id: int
    number: str
    about: str
    whose: str
    left: str
    lines: tuple[Goods, ...]


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """What recording the return would do: `amount` in minor units, points in words."""

    amount: int
    points: int
    restored: int = 0

    @property
    def money(self) -> str:
        return formats.money(-self.amount)

    @property
    def points_phrase(self) -> str:
        return formats.signed_points(-self.points) if self.points else formats.points(0)

    @property
    def restored_phrase(self) -> str:
        return formats.points(self.restored) if self.restored else ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A receipt of the number that was typed, or of the customer on the card."""

    purchase_id: int
    number: str
    about: str
    amount: str


# -- finding -----------------------------------------------------------------------


def with_number(receipt_no: str) -> list[Found]:
    """Receipts of the own stores with this number of which something is left, newest first."""
    rows = db.session.scalars(
        select(Purchase)
        .where(
            Purchase.receipt_no == receipt_no,
            Purchase.voided_at.is_(None),
            Purchase.amount_returned < Purchase.amount,
            Purchase.store_id.in_(_own_stores()),
        )
        .order_by(Purchase.id.desc())
        .limit(FOUND)
    )
    return [_found(purchase) for purchase in rows]


def of_member(member_id: int) -> list[Found]:
    """The newest receipts of a customer of which something is left."""
    rows = db.session.scalars(
        select(Purchase)
        .where(
            Purchase.member_id == member_id,
            Purchase.voided_at.is_(None),
            Purchase.amount_returned < Purchase.amount,
            Purchase.store_id.in_(_own_stores()),
        )
        .order_by(Purchase.purchased_at.desc(), Purchase.id.desc())
        .limit(FOUND)
    )
    return [_found(purchase) for purchase in rows]


def _own_stores() -> Sequence[int]:
    actor = current_actor()
    every = programme.snapshot().stores.values()
    return [store.id for store in every if actor.may_use_store(store.id)]


def _found(purchase: Purchase) -> Found:
    store = programme.snapshot().store_by_id(purchase.store_id)
    return Found(
        purchase_id=purchase.id,
        number=shown_number(purchase.receipt_no, store.code),
        about=_when_and_where(purchase.purchased_at, store),
        amount=formats.money(purchase.amount - purchase.amount_returned),
    )


def _when_and_where(moment: datetime, store: StoreView) -> str:
    return formats.joined([formats.full_date(formats.local(moment).date()), store.name])


def opened(purchase_id: int) -> Opened:
    """Raises `unknown_purchase`, also for what is of no own store, and `purchase_voided`."""
    purchase = _own(purchase_id)
    if purchase.voided_at is not None:
        raise Problem(Code.PURCHASE_VOIDED)
    left = returns.left_of(purchase_id)
    store = programme.snapshot().store_by_id(purchase.store_id)
    member = members.get(purchase.member_id)
    return Opened(
        purchase_id=purchase.id,
        member_id=member["id"],
        number=shown_number(purchase.receipt_no, store.code),
        about=_when_and_where(purchase.purchased_at, store),
        whose=_whose(member),
        left=formats.money(left.amount),
        lines=tuple(_goods(place, line) for place, line in enumerate(left.lines)),
    )


def _own(purchase_id: int) -> Purchase:
    purchase = db.session.get(Purchase, purchase_id)
    if purchase is None or purchase.store_id not in _own_stores():
        raise Problem(Code.UNKNOWN_PURCHASE)
    return purchase


def _whose(member: Mapping[str, Any]) -> str:
    phone = PhoneNumber(member["phone"]).masked if member["phone"] else ""
    return formats.joined([member["name"] or "", phone])


def _goods(place: int, line: Any) -> Goods:
    return Goods(
        place=place,
        sku=line.sku,
        name=line.name or line.sku,
        left=line.quantity,
        worth=formats.money(line.amount),
    )


# -- what is typed -------------------------------------------------------------------


def typed_return(*, return_no: str, store: StoreView) -> dict[str, Any] | None:
    """What comes back, as returns take it; None while nothing is chosen.

    Raises `invalid_amount` and `return_exceeds_purchase` with the field.
    """
    given: dict[str, Any] = {"return_no": return_no, "store": store.code}
    lines = typed.goods(request.form)
    if lines:
        return {**given, "lines": lines}
    if typed.is_blank(request.form, "back_amount"):
        return None
    return {**given, "amount": typed.amount(request.form, "back_amount")}


def reckon(purchase_id: int, given: dict[str, Any]) -> Reckoned:
    """What recording it would do, worked out as it is recorded."""
    _own(purchase_id)
    try:
        amount, points, restored = returns.would_take_back(purchase_id, given)
    except Problem as problem:
        raise _beside_the_goods(problem) from None
    return Reckoned(amount=amount, points=points, restored=restored)


def take(purchase_id: int, given: dict[str, Any]) -> ReturnResult:
    """Record the return."""
    _own(purchase_id)
    try:
        return returns.record(purchase_id, given)
    except Problem as problem:
        raise _beside_the_goods(problem) from None


def _beside_the_goods(problem: Problem) -> Problem:
    """What is too much is said where it was typed."""
    if problem.code is Code.RETURN_EXCEEDS_PURCHASE:
        return Problem(problem.code, field="back")
    return problem


def nothing_chosen() -> str:
    return gettext("Choose what comes back.")
