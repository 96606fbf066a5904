"""Writing receipts that are new: the purchase with its lines, what it earns, what it spends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many, insert_many
from loyalty.core.db import db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members import phones
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points import pending
from loyalty.points.earning import Earning, earn
from loyalty.points.pending import Pending
from loyalty.points.prolonging import prolong
from loyalty.programme import service as programme
from loyalty.programme.earning import Worked
from loyalty.programme.policy import ExpiryMode
from loyalty.programme.rules import Programme
from loyalty.purchases import earning_bonuses, tiers, trust
from loyalty.purchases.earning_promotions import write_uses
from loyalty.purchases.earning_worked import worked_out
from loyalty.purchases.handed_in import redemptions
from loyalty.purchases.models import FlagKind, Purchase, PurchaseLine
from loyalty.purchases.rules import Receipt

_purchases = table_of(Purchase)

IMPORT = "import"
"""Where receipts come from that nobody typed: trust asks nothing of them."""


@dataclass(slots=True, kw_only=True)
class Recorded:
    """A receipt with its row, once that is written. `wait`: why a manager looks at it first."""

    receipt: Receipt
    row: dict[str, Any]
    member: LockedMember
    worked: Worked
    wait: tuple[FlagKind, ...] = ()


def write(
    receipts: Sequence[Receipt], *, source: str, earns: bool, now: datetime
) -> dict[int, Recorded | Problem]:
    """By the `id` of each receipt: how it was recorded, or why what should pay for it cannot.

    Without `earns` (history) nothing is earned, and nothing is asked of whoever typed it.
    """
    refused = _paid_by_strangers(receipts)
    receipts = [receipt for receipt in receipts if id(receipt) not in refused]
    if not receipts:
        return refused
    current = programme.snapshot()
    accounts = members.find_or_create([r.phone for r in receipts], source=source, now=now)
    buyers = [accounts[r.phone.e164] for r in receipts]
    checked = _checked(receipts, buyers, current, earns=earns, now=now)
    if earns and source != IMPORT:
        _ask_trust(checked)
    outcomes = _write_rows(checked, now)
    written = [outcome for outcome in outcomes if isinstance(outcome, Recorded)]
    trust.flag([(each.row, each.wait) for each in written if each.wait], now=now)
    _earn(written, current, now)
    if earns:
        _give_bonuses(written, current, now)
    if current.tiers:
        tiers.move_up(list({each.member.id: each.member for each in written}.values()), now=now)
    _fill_profiles(written)
    return refused | {id(receipt): each for receipt, each in zip(receipts, outcomes, strict=True)}


def _paid_by_strangers(receipts: Sequence[Receipt]) -> dict[int, Recorded | Problem]:
    """A phone that is nobody's has no points to pay with: such a row makes no member."""
    paying = [receipt for receipt in receipts if receipt.redemptions]
    e164s = {receipt.phone.e164 for receipt in paying}
    strangers = {e164 for e164 in e164s if phones.owner_of(e164) is None}
    return {
        id(receipt): Problem(
            Code.UNKNOWN_REDEMPTION,
            field="redemptions",
            extra={"redemption": receipt.redemptions[0]},
        )
        for receipt in paying
        if receipt.phone.e164 in strangers
    }


# -- the rows ------------------------------------------------------------------


def _checked(
    receipts: Sequence[Receipt],
    buyers: Sequence[LockedMember],
    current: Programme,
    *,
    earns: bool,
    now: datetime,
) -> list[Recorded]:
    """With what each is to earn; nothing is written yet."""
    if earns:
        worked = worked_out(receipts, buyers, current)
    else:
        worked = [Worked(points=0, inputs={"amount": receipt.amount}) for receipt in receipts]
    actor = current_actor().label
    return [
        Recorded(
            receipt=receipt,
            row=_purchase_row(receipt, member.id, found.points, actor, now),
            member=member,
            worked=found,
        )
        for receipt, member, found in zip(receipts, buyers, worked, strict=True)
    ]


def _ask_trust(checked: Sequence[Recorded]) -> None:
    pairs = [(each.receipt, each.member) for each in checked]
    for place, kinds in trust.reasons(pairs, actor=current_actor()).items():
        checked[place].wait = kinds


def _write_rows(checked: Sequence[Recorded], now: datetime) -> list[Recorded | Problem]:
    """Purchases and their lines, and what members pay with points; in the order given."""
    plain = [each for each in checked if not each.receipt.redemptions]
    ids = insert_many(_purchases, [each.row for each in plain])
    for each, purchase_id in zip(plain, ids, strict=True):
        each.row["id"] = purchase_id
    _write_lines(plain)
    return [_write_paying(each, now) if each.receipt.redemptions else each for each in checked]


def _write_paying(recorded: Recorded, now: datetime) -> Recorded | Problem:
    """In a batch, one whose hold has lapsed is refused alone."""
    row, receipt = recorded.row, recorded.receipt
    try:
        with db.session.begin_nested():
            [row["id"]] = insert_many(_purchases, [row])
            _write_lines([recorded])
            redemptions().capture(
                *(recorded.member, receipt.redemptions),
                purchase_id=row["id"],
                store_id=receipt.store.id,
                now=now,
            )
    except Problem as problem:
        return problem
    return recorded


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


# -- what they bring -----------------------------------------------------------


def _earn(written: Sequence[Recorded], current: Programme, now: datetime) -> None:
    """Points that count at once, and those that wait: for their day, or for a manager."""
    if current.policy.expiry.mode is ExpiryMode.AFTER_PURCHASE:
        _prolong(written, current, now)
    earnings, waiting = [], []
    for each in written:
        earning = _earning(each, current)
        waits, until = _waits(each, current, now)
        each.row["points_pending"] = earning.points if waits else 0
        if waits and earning.points:
            waiting.append(as_pending(earning, until))
            earning = replace(earning, points=0)
        earnings.append(earning)
    earn(earnings, now=now)
    pending.add(waiting, now=now)
    write_uses([(each.member.id, each.worked.uses) for each in written], current)


def _waits(each: Recorded, current: Programme, now: datetime) -> tuple[bool, datetime | None]:
    """Whether its points wait, and until when; None: until a manager has looked at it."""
    if each.wait:
        return True, None
    until = current.pending_until(each.receipt.local.date(), _zone())
    return until is not None and until > now, until


def _earning(recorded: Recorded, current: Programme) -> Earning:
    receipt, worked = recorded.receipt, recorded.worked
    return Earning(
        member=recorded.member,
        purchase_id=recorded.row["id"],
        points=worked.points,
        rule_version=current.rule_at(receipt.purchased_at).version,
        inputs=worked.inputs,
        occurred_at=receipt.purchased_at,
        expires_at=_expires_at(receipt, current),
        spend=tiers.counted(current.policy, amount=receipt.amount, points=worked.points),
    )


def as_pending(earning: Earning, until: datetime | None) -> Pending:
    return Pending(
        member=earning.member,
        points=earning.points,
        purchase_id=earning.purchase_id,
        rule_version=earning.rule_version,
        inputs=earning.inputs,
        occurred_at=earning.occurred_at,
        expires_at=earning.expires_at,
        ends_at=until,
    )


def _prolong(written: Sequence[Recorded], current: Programme, now: datetime) -> None:
    """By day of purchase; from long ago nothing moves on."""
    by_instant: dict[datetime, dict[int, LockedMember]] = {}
    for each in written:
        until = _expires_at(each.receipt, current)
        if until is not None and until > now:
            by_instant.setdefault(until, {})[each.member.id] = each.member
    for until, theirs in sorted(by_instant.items()):
        prolong(list(theirs.values()), until=until, now=now)


def _give_bonuses(written: Sequence[Recorded], current: Programme, now: datetime) -> None:
    """The first purchase's comes with its points: when a manager approved them, if they wait."""
    for each in written:
        if each.member.created:
            earning_bonuses.sign_up(each.member, now=now)
    if not current.policy.bonuses.first_purchase:
        return
    together: dict[int, list[Recorded]] = {}
    for each in sorted(written, key=lambda each: each.receipt.purchased_at):
        if each.receipt.amount and not each.wait:
            together.setdefault(each.member.id, []).append(each)
    for earliest, *later in together.values():
        earning_bonuses.first_purchase(
            *(earliest.member, current.policy.bonuses),
            purchase_id=earliest.row["id"],
            beside=[each.row["id"] for each in later],
            expires_at=_expires_at(earliest.receipt, current),
            now=now,
        )


def _expires_at(receipt: Receipt, current: Programme) -> datetime | None:
    return current.expires_at(receipt.local.date(), _zone())


def _zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.extensions["settings"].time_zone
    return zone


def _fill_profiles(written: Sequence[Recorded]) -> None:
    profiles: dict[int, dict[str, Any]] = {}
    for recorded in written:
        for name, value in recorded.receipt.profile.items():
            profiles.setdefault(recorded.member.id, {}).setdefault(name, value)
    members.fill_blanks(profiles)
