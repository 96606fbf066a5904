"""Recording receipts: one, a batch of thousands and an import take the same path.

Every receipt ends as recorded, replayed or rejected; what is recorded earns once (`writing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import Integer, Row, String, and_, bindparam, select

from loyalty.core.bulk import values_table
from loyalty.core.db import connection, is_first_attempt, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.money import format_money
from loyalty.core.phone import PhoneNumber
from loyalty.purchases.models import Purchase
from loyalty.purchases.rules import Receipt, ReceiptKey, is_replay
from loyalty.purchases.writing import Recorded, write

__all__ = ["Outcome", "Recorded", "Rejected", "Replayed", "conflict", "record"]

_purchases = table_of(Purchase)


@dataclass(slots=True)
class Replayed:
    purchase: Any
    """The recorded purchase: a row, or a receipt that stands in the same batch."""


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
    written = write(new, source=source, earns=earns, now=now)
    return [_outcome(verdict, written) for verdict in verdicts]


def _outcome(verdict: Any, written: Mapping[int, Recorded | Problem]) -> Outcome:
    """What became of a receipt or verdict; a replay of one of the same batch shares its refusal."""
    first = verdict.purchase if isinstance(verdict, Replayed) else verdict
    became = written[id(first)] if isinstance(first, Receipt) else None
    if isinstance(became, Problem):
        return Rejected(became)
    return verdict if became is None or isinstance(verdict, Replayed) else became


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
