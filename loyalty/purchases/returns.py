"""Use cases of returns: of a purchase that is named, of goods that a member brings, of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext
from sqlalchemy import Integer, Row, RowMapping, String, and_, case, select
from sqlalchemy.types import TypeEngine

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.bulk import values_table
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.members.reasons import impersonal
from loyalty.members.service import LockedMember
from loyalty.programme import service as programme
from loyalty.purchases import earning_bonuses, taking_goods
from loyalty.purchases.handed_in import redemptions
from loyalty.purchases.holding import hold
from loyalty.purchases.models import Purchase, Return
from loyalty.purchases.return_rules import (
    Goods,
    ReturnKey,
    Slip,
    at_base_rate,
    check,
    goods_of,
    is_replay,
    of_none,
    take_from,
    take_from_any,
)
from loyalty.purchases.return_views import ReturnResult, views_of
from loyalty.purchases.rules import AHEAD, RETURN, Surroundings
from loyalty.purchases.sold import bought_before, brought_of_none, left_of, sold
from loyalty.purchases.surroundings import surroundings
from loyalty.purchases.taking_goods import Taken
from loyalty.purchases.views import member_now

__all__ = ["left_of", "record", "record_unnamed", "would_take_back"]

_returns = table_of(Return)
_purchases = table_of(Purchase)

Loaded = Mapping[str, Any]
"""A return as `ReturnSchema`, or `UnnamedReturnSchema`, loads it."""


def record(purchase_id: int, given: Loaded) -> ReturnResult:
    """Goods of this purchase came back. Raises `return_exceeds_purchase` with what is left, and
    `receipt_conflict` where the number stands for another return."""
    around = surroundings(clock.now())
    purchase, held = hold(purchase_id)
    slip = check(given, around, store=around.programme.store_by_id(purchase.store_id))
    before = recorded_before([slip]).get(slip.key)
    if before is not None:
        return _again(before, slip, purchase_id=purchase.id, phone=None)
    _check_purchase(purchase, slip)
    [its] = sold([purchase.id])
    lines = take_from(its, slip)
    taken = Taken(
        member=held[purchase.member_id],
        slip=slip,
        lines=lines,
        touched=[its],
        purchase_id=purchase.id,
        reason=impersonal(given.get("reason"), about=[purchase.member_id]),
    )
    return _write(taken, around)


def record_unnamed(given: Loaded) -> ReturnResult:
    """Goods that a member brought back: of the receipt that is named by its number, else of the
    newest purchases that fit, else of none, at the basic rate."""
    around = surroundings(clock.now())
    slip = check(given, around, store=None)
    before = recorded_before([slip]).get(slip.key)
    if given.get("receipt_no") is not None:
        return record(_named(given, slip, before), given)
    phone: PhoneNumber = given["phone"]
    if before is not None:
        return _again(before, slip, purchase_id=None, phone=phone)
    member = members.find_or_create([phone], source="purchase", now=around.now)[phone.e164]
    if member.created:
        earning_bonuses.sign_up(member, now=around.now)
    reason = impersonal(given.get("reason"), about=[member.id])
    return _write(matched(member, slip, phone, around, reason=reason), around)


def would_take_back(purchase_id: int, given: Loaded) -> tuple[int, int, int]:
    """What a return of this (`amount` or `lines`) would be: its amount, how many points it would
    take back, and how many that were used would come back. Raises as `record` does."""
    found = sold([purchase_id])
    if not found:
        raise Problem(Code.UNKNOWN_PURCHASE)
    lines = take_from(found[0], Goods(**goods_of(given)))
    back = taking_goods.due_back(found[0], programme.snapshot())
    returned, amount = found[0].came_back()
    restored = redemptions().would_give_back(purchase_id, returned=returned, amount=amount)
    return sum(line.amount for line in lines), back.points + back.bonus, restored


def _check_purchase(purchase: Row[Any], slip: Slip) -> None:
    if purchase.voided_at is not None:
        raise Problem(Code.PURCHASE_VOIDED)
    if slip.returned_at < purchase.purchased_at - AHEAD:
        detail = gettext("The goods were bought later than this.")
        raise Problem(Code.INVALID_TIME, detail=detail, field="returned_at")


def matched(
    member: LockedMember,
    slip: Slip,
    phone: PhoneNumber,
    around: Surroundings,
    *,
    earns: bool = True,
    reason: str | None = None,
) -> Taken:
    """Each line of the newest earlier purchase that fits, else of none. Without `earns` (history)
    what is of none takes no points back."""
    skus = {line.sku for line in slip.lines}
    bought = bought_before(member.id, skus, before=slip.returned_at) if skus else []
    lines = take_from_any(bought, slip)
    touched = {line.purchase_id for line in lines}
    at_rate = earns and of_none(lines) > 0
    before = brought_of_none(member.id) if at_rate else 0
    return Taken(
        member=member,
        slip=slip,
        lines=lines,
        touched=[each for each in bought if each.id in touched],
        phone=phone.e164,
        at_rate=at_base_rate(around.programme, slip, lines, before=before) if at_rate else 0,
        of_none_before=before,
        reason=reason,
    )


def _write(taken: Taken, around: Surroundings) -> ReturnResult:
    row = taking_goods.write(taken, around.programme, now=around.now)
    store_id = taken.slip.store.id
    audit.record(RETURN.name, "return", row["id"], reason=taken.reason, store_id=store_id)
    return ReturnResult(returned=views_of([row])[0], member=member_now(taken.member.id))


def _named(given: Loaded, slip: Slip, before: Loaded | None) -> int:
    """The purchase of this member with this receipt number: where numbers start again the one of
    the return that is recorded, else the newest of that time. Raises `unknown_purchase`."""
    recorded = before["purchase_id"] if before is not None else None
    member = members.find_by_phone(given["phone"])
    found = connection().scalar(
        select(_purchases.c.id)
        .where(
            _purchases.c.store_id == slip.store.id,
            _purchases.c.register == slip.register,
            _purchases.c.receipt_no == given["receipt_no"],
            _purchases.c.member_id == (member["id"] if member else None),
            _purchases.c.voided_at.is_(None),
            _purchases.c.purchased_at <= slip.returned_at + AHEAD,
        )
        .order_by(case((_purchases.c.id == recorded, 0), else_=1), _purchases.c.purchased_at.desc())
        .limit(1)
    )
    if found is None:
        raise Problem(Code.UNKNOWN_PURCHASE, field="receipt_no")
    return int(found)


# -- again ---------------------------------------------------------------------


def recorded_before(slips: Sequence[Slip]) -> dict[ReturnKey, Loaded]:
    given = values_table("given", _KEY, list({slip.key for slip in slips}))
    same = and_(*(_returns.c[name] == given.c[name] for name in _KEY))
    rows = connection().execute(select(_returns).join(given, same)).mappings() if slips else ()
    return {_key_of(row): dict(row) for row in rows}


def _key_of(row: RowMapping) -> ReturnKey:
    return (row["store_id"], row["register"], row["period"], row["return_no"])


_KEY: dict[str, TypeEngine[Any]] = {
    "store_id": Integer(),
    "register": String(),
    "period": String(),
    "return_no": String(),
}


def _again(
    before: Loaded, slip: Slip, *, purchase_id: int | None, phone: PhoneNumber | None
) -> ReturnResult:
    if not is_again(before, slip, purchase_id=purchase_id, phone=phone):
        raise conflict(before)
    # Held, so that an answer kept under a key does not outlive an erasure.
    members.lock([before["member_id"]])
    member = member_now(before["member_id"])
    return ReturnResult(returned=views_of([before])[0], member=member, replayed=True)


def is_again(
    before: Loaded, slip: Slip, *, purchase_id: int | None, phone: PhoneNumber | None
) -> bool:
    """After an erasure there is no phone to compare."""
    same_phone = before["phone"] is None or (phone is not None and phone.e164 == before["phone"])
    return same_phone and before["purchase_id"] == purchase_id and is_replay(before, slip)


def conflict(before: Loaded) -> Problem:
    known = {
        "id": before["id"],
        "purchase_id": before["purchase_id"],
        "amount": before["amount"],
        "returned_at": before["returned_at"].isoformat().replace("+00:00", "Z"),
    }
    return Problem(Code.RECEIPT_CONFLICT, field="return_no", extra={"recorded": known})
