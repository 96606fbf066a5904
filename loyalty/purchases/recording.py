"""Recording receipts: one, a batch of thousands and an import take the same path.

Every receipt ends as recorded, replayed or rejected; what is recorded earns once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import Integer, Row, String, and_, bindparam, select

from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many, insert_many, values_table
from loyalty.core.db import connection, is_first_attempt, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.money import format_money
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points.earning import Earning, earn
from loyalty.programme import service as programme
from loyalty.programme.rules import EarningRuleView, Programme
from loyalty.purchases.models import Purchase, PurchaseLine
from loyalty.purchases.rules import Receipt, ReceiptKey, is_replay

_purchases = table_of(Purchase)


@dataclass(slots=True)
class Recorded:
    receipt: Receipt
    row: dict[str, Any]
    member: LockedMember


@dataclass(slots=True)
class Replayed:
    purchase: Any
    """The recorded purchase: a row, or `Recorded` when it stands in the same batch."""


@dataclass(slots=True)
class Rejected:
    problem: Problem


Outcome = Recorded | Replayed | Rejected


def record(
    receipts: Sequence[Receipt | Problem], *, source: str, earns: bool, now: datetime
) -> list[Outcome]:
    """Record checked receipts in the caller's transaction; a problem stays a rejection.

    `source` is where members made here come from; without `earns` (history) no
    points are written. The outcomes stand in the order of `receipts`.
    """
    # One receipt is mostly new: it is inserted without looking, and where its number is
    # taken the transaction begins again and looks.
    look = len(receipts) > 1 or not is_first_attempt()
    known = _recorded_before([r for r in receipts if isinstance(r, Receipt)]) if look else {}
    fresh: dict[ReceiptKey, Receipt] = {}
    new: list[Receipt] = []
    verdicts: list[Receipt | Replayed | Rejected] = []
    for receipt in receipts:
        if isinstance(receipt, Problem):
            verdicts.append(Rejected(receipt))
            continue
        key = receipt.key
        if key is not None and key in known:
            verdicts.append(_again(known[key], receipt))
        elif key is not None and key in fresh:
            verdicts.append(_again_in_batch(fresh[key], receipt))
        else:
            if key is not None:
                fresh[key] = receipt
            new.append(receipt)
            verdicts.append(receipt)
    written = _write(new, source=source, earns=earns, now=now)
    return [written[id(v)] if isinstance(v, Receipt) else v for v in verdicts]


_KEY = ("store_id", "register", "period", "receipt_no")
_BEFORE = select(_purchases).where(_purchases.c.voided_at.is_(None))
_ONE_BEFORE = _BEFORE.where(*(_purchases.c[name] == bindparam(name) for name in _KEY))


def _recorded_before(receipts: Sequence[Receipt]) -> dict[ReceiptKey, Row[Any]]:
    keys = list({receipt.key for receipt in receipts if receipt.key is not None})
    if not keys:
        return {}
    if len(keys) == 1:
        rows = connection().execute(_ONE_BEFORE, dict(zip(_KEY, keys[0], strict=True)))
    else:
        given = values_table(
            "given",
            dict(zip(_KEY, (Integer(), String(), String(), String()), strict=True)),
            keys,
        )
        same = and_(*(_purchases.c[name] == given.c[name] for name in _KEY))
        rows = connection().execute(_BEFORE.join(given, same))
    return {(row.store_id, row.register, row.period, row.receipt_no): row for row in rows}


def _again(recorded: Row[Any], receipt: Receipt) -> Replayed | Rejected:
    if is_replay(recorded, receipt):
        return Replayed(recorded)
    e164 = recorded.reassigned_to or recorded.phone
    return Rejected(conflict(recorded, e164=e164, purchase_id=recorded.id))


def _again_in_batch(first: Receipt, receipt: Receipt) -> Replayed | Rejected:
    same = (first.phone, first.amount) == (receipt.phone, receipt.amount)
    both = first.lines_hash is not None and receipt.lines_hash is not None
    if same and not (both and first.lines_hash != receipt.lines_hash):
        return Replayed(first)
    return Rejected(conflict(first, e164=first.phone.e164, purchase_id=None))


def conflict(recorded: Any, *, e164: str | None, purchase_id: int | None) -> Problem:
    """409 whose detail holds time, amount and the masked phone of the one recorded: a row,
    or an earlier receipt of the same batch, which has no id yet."""
    settings = current_app.extensions["settings"]
    masked = PhoneNumber(e164).masked if e164 else "•••"
    local = recorded.purchased_at.astimezone(settings.time_zone)
    detail = gettext(
        "This receipt number was recorded already: %(time)s, %(amount)s, phone %(phone)s.",
        time=local.strftime("%Y-%m-%d %H:%M"),
        amount=format_money(recorded.amount, settings.currency, "en"),
        phone=masked,
    )
    known = {
        "id": purchase_id,
        "amount": recorded.amount,
        "phone": masked,
        "purchased_at": recorded.purchased_at.isoformat().replace("+00:00", "Z"),
    }
    return Problem(
        Code.RECEIPT_CONFLICT, detail=detail, field="receipt_no", extra={"recorded": known}
    )


def _write(
    receipts: Sequence[Receipt], *, source: str, earns: bool, now: datetime
) -> dict[int, Recorded]:
    if not receipts:
        return {}
    current = programme.snapshot()
    accounts = members.find_or_create([r.phone for r in receipts], source=source, now=now)
    actor = current_actor().label
    written = []
    for receipt in receipts:
        rule = current.rule_at(receipt.purchased_at)
        member = accounts[receipt.phone.e164]
        earned = rule.points_for(receipt.amount) if earns else 0
        row = _purchase_row(receipt, member.id, earned, actor, now)
        written.append(Recorded(receipt, row, member))
    ids = insert_many(_purchases, [recorded.row for recorded in written])
    for recorded, purchase_id in zip(written, ids, strict=True):
        recorded.row["id"] = purchase_id
    _write_lines(written)
    earn([_earning(r, current) for r in written], now=now)
    _fill_profiles(written)
    return {id(recorded.receipt): recorded for recorded in written}


def _purchase_row(
    receipt: Receipt, member_id: int, earned: int, actor: str, now: datetime
) -> dict[str, Any]:
    return {
        "store_id": receipt.store.id,
        "register": receipt.register,
        "period": receipt.period,
        "receipt_no": receipt.receipt_no,
        "member_id": member_id,
        "phone": receipt.phone.e164,
        "amount": receipt.amount,
        "quantity": receipt.quantity,
        "channel": receipt.channel,
        "lines_hash": receipt.lines_hash,
        "purchased_at": receipt.purchased_at,
        "recorded_at": now,
        "local_date": receipt.local.date(),
        "local_hour": receipt.local.hour,
        "local_weekday": receipt.local.isoweekday(),
        "late": receipt.late,
        "points_earned": earned,
        "recorded_by": actor,
    }


def _write_lines(written: Sequence[Recorded]) -> None:
    append_many(
        table_of(PurchaseLine),
        [
            {
                "purchase_id": recorded.row["id"],
                "position": position,
                "sku": line["sku"],
                "name": line.get("name"),
                "category": line.get("category"),
                "quantity": line["quantity"],
                "amount": line["amount"],
            }
            for recorded in written
            for position, line in enumerate(recorded.receipt.lines, start=1)
        ],
    )


def _earning(recorded: Recorded, current: Programme) -> Earning:
    receipt = recorded.receipt
    rule: EarningRuleView = current.rule_at(receipt.purchased_at)
    zone = current_app.extensions["settings"].time_zone
    return Earning(
        member=recorded.member,
        purchase_id=recorded.row["id"],
        points=recorded.row["points_earned"],
        rule_version=rule.version,
        inputs={"amount": receipt.amount},
        occurred_at=receipt.purchased_at,
        expires_at=current.expires_at(receipt.local.date(), zone),
    )


def _fill_profiles(written: Sequence[Recorded]) -> None:
    profiles: dict[int, dict[str, Any]] = {}
    for recorded in written:
        for name, value in recorded.receipt.profile.items():
            profiles.setdefault(recorded.member.id, {}).setdefault(name, value)
    members.fill_blanks(profiles)
