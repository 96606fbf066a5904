"""Writing a return, and what follows of it for the purchases that its goods are of: what was
spent on them comes back, then what they earned is taken back, down to what is due on what is
kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many, insert_many
from loyalty.core.db import connection, table_of
from loyalty.members import dirty
from loyalty.members.service import LockedMember
from loyalty.points import bonuses
from loyalty.points import service as points
from loyalty.points.taking_back import take_back
from loyalty.programme.earning import due_on
from loyalty.programme.rules import Programme
from loyalty.purchases.earning_bonuses import pass_on_first
from loyalty.purchases.handed_in import redemptions
from loyalty.purchases.left import BackLine, Sold
from loyalty.purchases.models import Purchase, Return, ReturnLine
from loyalty.purchases.return_rules import Slip, of_none

_purchases = table_of(Purchase)
_returns = table_of(Return)
_lines = table_of(ReturnLine)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Goods that a locked member brought back. `purchase_id` is the receipt that the return
    named, `phone` (E.164) the number where it named none; `touched` are the purchases that the
    lines are of, which know of them; `at_rate` points are due back for the others, after the
    `of_none_before` (minor units) that the member brought back of no purchase."""

    member: LockedMember
    slip: Slip
    lines: Sequence[BackLine]
    touched: Sequence[Sold]
    purchase_id: int | None = None
    phone: str | None = None
    at_rate: int = 0
    of_none_before: int = 0
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class DueBack:
    """What a purchase brought and does not any more: `points` that it earned, and the `bonus` for
    a first purchase that came back whole."""

    sold: Sold
    points: int
    rule_version: int | None = None
    due: int = 0
    bonus: int = 0


def due_back(sold: Sold, current: Programme) -> DueBack:
    """By the rule, tier and promotions that the purchase earned by; what was taken back before,
    or never counted, is not taken again."""
    bonus = bonuses.of_purchase(sold.id) if sold.came_back_whole() else 0
    earned = points.earning_of(sold.id) if sold.points_earned > sold.points_reversed else None
    if earned is None or earned.rule_version is None:
        return DueBack(sold=sold, points=0, bonus=bonus)
    version = earned.rule_version
    due = due_on(current, rule_version=version, inputs=earned.inputs, kept=sold.kept())
    more = max(0, sold.points_earned - sold.points_reversed - due)
    return DueBack(sold=sold, points=more, rule_version=version, due=due, bonus=bonus)


def write(taken: Taken, current: Programme, *, now: datetime) -> dict[str, Any]:
    """Returns the row. What comes back is there before anything is taken, so that the order is
    the same wherever points go back."""
    due = [due_back(sold, current) for sold in taken.touched]
    restored = sum(_give_back(taken, sold, now) for sold in taken.touched)
    row = _row(taken, now) | {
        "points_reversed": taken.at_rate + sum(each.points + each.bonus for each in due),
        "points_restored": restored,
    }
    [row["id"]] = insert_many(_returns, [row])
    _write_lines(row["id"], taken.lines)
    if of_none(taken.lines):
        dirty.mark([taken.member.id])
    for each in due:
        _take_back(taken, each, row["id"], now)
    # After all of them: the bonus goes on to none that came back with the first one.
    for bearer in (each.sold.id for each in due if each.bonus):
        pass_on_first(taken.member, purchase_id=bearer, now=now, reason=taken.reason)
    _take_back_at_rate(taken, row["id"], current, now)
    return row


def _row(taken: Taken, now: datetime) -> dict[str, Any]:
    slip = taken.slip
    return {
        "store_id": slip.store.id,
        "register": slip.register,
        "period": slip.period,
        "return_no": slip.return_no,
        "member_id": taken.member.id,
        "purchase_id": taken.purchase_id,
        "phone": taken.phone,
        "amount": sum(line.amount for line in taken.lines),
        "lines_hash": slip.lines_hash,
        "returned_at": slip.returned_at,
        "recorded_at": now,
        "local_date": slip.local_date,
        "reason": taken.reason,
        "recorded_by": current_actor().label,
    }


def _write_lines(return_id: int, lines: Sequence[BackLine]) -> None:
    append_many(
        _lines,
        [
            {"return_id": return_id, "position": position, **line._asdict()}
            for position, line in enumerate(lines, start=1)
        ],
    )


def _give_back(taken: Taken, sold: Sold, now: datetime) -> int:
    returned, amount = sold.came_back()
    return redemptions().give_back(
        *(taken.member, sold.id),
        returned=returned,
        amount=amount,
        now=now,
        reason=taken.reason,
    )


def _take_back(taken: Taken, back: DueBack, return_id: int, now: datetime) -> None:
    sold = back.sold
    take_back(
        *(taken.member, back.points),
        purchase_id=sold.id,
        now=now,
        reason=taken.reason,
        rule_version=back.rule_version,
        inputs={"return": return_id, "kept": sold.amount - sold.amount_returned, "due": back.due},
    )
    connection().execute(
        update(_purchases)
        .where(_purchases.c.id == sold.id)
        .values(
            amount_returned=sold.amount_returned,
            points_reversed=sold.points_reversed + back.points,
        )
    )


def _take_back_at_rate(taken: Taken, return_id: int, current: Programme, now: datetime) -> None:
    take_back(
        *(taken.member, taken.at_rate),
        purchase_id=None,
        now=now,
        reason=taken.reason,
        rule_version=current.rule_at(taken.slip.returned_at).version,
        inputs={
            "return": return_id,
            "amount": of_none(taken.lines),
            "before": taken.of_none_before,
        },
    )
