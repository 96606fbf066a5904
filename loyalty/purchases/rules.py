"""What a receipt must be, when two are the same, and who may change one. No database here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from flask_babel import lazy_gettext as _l

from loyalty.core.access import Actor, Role, action
from loyalty.core.codes import fingerprint
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.programme.rules import Programme, StoreView

RECORD = action(
    "purchase.record", Role.CASHIER, Role.MANAGER, says=_l("Record purchases in the own stores")
)
FIND = action(
    "purchase.find", Role.CASHIER, Role.MANAGER, says=_l("Find a receipt of the own stores")
)
VOID = action(
    "purchase.void",
    Role.CASHIER,
    Role.MANAGER,
    says=_l("Cancel a receipt: cashiers their own of today"),
)
REASSIGN = action(
    "purchase.reassign",
    Role.CASHIER,
    Role.MANAGER,
    says=_l("Move a receipt to another phone: cashiers their own of today"),
)
RETURN = action(
    "purchase.return",
    Role.CASHIER,
    Role.MANAGER,
    says=_l("Take goods back in the own stores"),
)
FLAGS = action(
    "purchase.flags",
    Role.MANAGER,
    says=_l("Look through flagged receipts and let their points count"),
)

AHEAD = timedelta(minutes=5)
LATE = timedelta(days=45)
CHANGEABLE = timedelta(days=45)
CASHIER_LOOKS_BACK = timedelta(days=7)

ReceiptKey = tuple[int, str, str, str]
"""(store id, register, period, receipt number): unique among purchases not void."""


@dataclass(slots=True, kw_only=True)
class Receipt:
    """A receipt that may be recorded: everything about it is checked."""

    phone: PhoneNumber
    store: StoreView
    register: str
    period: str
    receipt_no: str | None
    amount: int
    quantity: int | None
    channel: str
    purchased_at: datetime
    local: datetime
    late: bool
    lines: Sequence[Mapping[str, Any]]
    lines_hash: str | None
    profile: Mapping[str, Any]
    redemptions: Sequence[int] = ()
    """The holds and vouchers that it is paid with."""

    @property
    def key(self) -> ReceiptKey | None:
        if self.receipt_no is None:
            return None
        return (self.store.id, self.register, self.period, self.receipt_no)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a receipt is checked against; one frozen `now` for a whole batch."""

    programme: Programme
    actor: Actor
    now: datetime
    zone: ZoneInfo
    has_idempotency_key: bool = False


def check(given: Mapping[str, Any], around: Surroundings) -> Receipt:
    """The receipt of a loaded `PurchaseSchema`; raises `Problem` with the field."""
    store = around.programme.stores.get(given["store"])
    if store is None:
        raise Problem(Code.UNKNOWN_STORE, field="store")
    if not around.actor.may_use_store(store.id):
        raise Problem(Code.FORBIDDEN)
    purchased_at = given.get("purchased_at") or around.now
    _check_time(purchased_at, around)
    receipt_no = given.get("receipt_no")
    _check_receipt_no(receipt_no, store, around)
    lines = given.get("lines") or ()
    if lines and sum(line["amount"] for line in lines) != given["amount"]:
        raise Problem(Code.LINES_DO_NOT_ADD_UP, field="lines")
    local = purchased_at.astimezone(around.zone)
    return Receipt(
        phone=given["phone"],
        store=store,
        register=given.get("register") or "",
        period=store.period_of(local.date()),
        receipt_no=receipt_no,
        amount=given["amount"],
        quantity=given.get("quantity"),
        channel=given.get("channel") or "store",
        purchased_at=purchased_at,
        local=local,
        late=around.now - purchased_at > LATE,
        lines=lines,
        lines_hash=hash_of(lines) if lines else None,
        profile=given.get("member") or {},
        redemptions=given.get("redemptions") or (),
    )


def _check_time(purchased_at: datetime, around: Surroundings) -> None:
    if purchased_at > around.now + AHEAD:
        raise Problem(Code.IN_THE_FUTURE, field="purchased_at")
    types_it_in = around.actor.kind == "person" and around.actor.role is Role.CASHIER
    if types_it_in and around.now - purchased_at > CASHIER_LOOKS_BACK:
        raise Problem(Code.TOO_OLD, field="purchased_at")


def _check_receipt_no(receipt_no: str | None, store: StoreView, around: Surroundings) -> None:
    if receipt_no is not None:
        return
    if store.prints_receipts:
        raise Problem(Code.RECEIPT_NO_REQUIRED, field="receipt_no")
    if not around.has_idempotency_key:
        raise Problem(Code.IDEMPOTENCY_KEY_REQUIRED)


def hash_of(lines: Sequence[Mapping[str, Any]]) -> str:
    """Lines in any order, compared by what they sold."""
    sold = sorted(
        [line["sku"], line["quantity"], line["amount"], line.get("category") or ""]
        for line in lines
    )
    return fingerprint(orjson.dumps(sold))


def is_replay(recorded: Any, given: Receipt) -> bool:
    """Whether `given` is the recorded purchase again: same amount, phone and lines.

    The phone is compared as it was then, or as a reassign corrected it; after an
    erasure there is none to compare. Lines are compared where both have them.
    """
    same_phone = recorded.phone is None or given.phone.e164 in (
        recorded.phone,
        recorded.reassigned_to,
    )
    both = recorded.lines_hash is not None and given.lines_hash is not None
    same_lines = not both or recorded.lines_hash == given.lines_hash
    return same_phone and same_lines and bool(recorded.amount == given.amount)


def check_may_change(
    actor: Actor, *, store_id: int, recorded_by: str, recorded_at: datetime, around: Surroundings
) -> None:
    """Cashier: own receipts until local midnight; manager: 45 days (semantics, Receipts)."""
    if actor.kind == "system":
        return
    if not actor.may_use_store(store_id):
        raise Problem(Code.FORBIDDEN)
    if actor.is_manager:
        if around.now - recorded_at > CHANGEABLE:
            raise Problem(Code.TOO_LATE_TO_CHANGE)
        return
    same_day = _local_day(recorded_at, around) == _local_day(around.now, around)
    if recorded_by != actor.label or not same_day:
        raise Problem(Code.NOT_YOUR_RECEIPT)


def _local_day(moment: datetime, around: Surroundings) -> date:
    return moment.astimezone(around.zone).date()
