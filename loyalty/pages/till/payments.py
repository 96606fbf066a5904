"""What pays for the receipt being typed beside money: points that are held for it, and vouchers.

The page carries their ids; what they are worth, and what is left to pay, is worked out here only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.pages import formats
from loyalty.pages.till import typed
from loyalty.points import reading
from loyalty.programme import service as programme
from loyalty.rewards import service as rewards
from loyalty.rewards.models import Redemption, RewardKind, State
from loyalty.rewards.rules import PAYMENT

View = dict[str, Any]
"""A redemption as rewards shows it."""

ROUND_CHOICES = 2
"""How many round numbers of points are offered below all of them."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """`worth` in minor units; `points` are held for it, 0 for a voucher."""

    id: int
    label: str
    worth: int
    points: int

    @property
    def minus(self) -> str:
        return formats.money(-self.worth)


@dataclass(frozen=True, kw_only=True)
class Payments:
    """`available` points of a member may be used; `chosen` pay already."""

    member_id: int
    available: int
    chosen: tuple[Payment, ...] = ()

    @property
    def ids(self) -> list[int]:
        return [payment.id for payment in self.chosen]

    @property
    def points(self) -> int:
        return sum(payment.points for payment in self.chosen)

    @property
    def worth(self) -> int:
        return sum(payment.worth for payment in self.chosen)

    @property
    def minus(self) -> str:
        return formats.money(-self.worth)

    @property
    def offers_points(self) -> bool:
        return self.available > 0 and not self.points

    @property
    def most(self) -> str:
        """What all points are worth."""
        return formats.money(worth_of(self.available))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """So many points, and what they are worth."""

    points: int
    phrase: str
    worth: str


def worth_of(number: int) -> int:
    return number * programme.snapshot().point_value(formats.settings().currency)


def of(member_id: int, redemption_ids: Sequence[int]) -> Payments:
    """`redemption_ids` as the page carries them: those of another member are left out, and what
    pays no more."""
    views = _payments_of(member_id, redemption_ids)
    return _payments(member_id, [view for view in views if _still_pays(view)])


def _payments(member_id: int, views: Sequence[View]) -> Payments:
    return Payments(
        member_id=member_id,
        available=int(reading.standing(member_id)["available"]),
        chosen=tuple(_payment(view) for view in views),
    )


def _payments_of(member_id: int, redemption_ids: Sequence[int]) -> list[View]:
    """The member's own among them; a gift is none."""
    if not redemption_ids:
        return []
    rows = db.session.scalars(
        select(Redemption.id).where(
            Redemption.id.in_(redemption_ids), Redemption.member_id == member_id
        )
    )
    own = set(rows)
    views = [rewards.get(each) for each in redemption_ids if each in own]
    return [view for view in views if view["kind"] != RewardKind.GIFT]


def _still_pays(view: View) -> bool:
    """Points while they are on hold, a voucher until it is used or over."""
    if view["kind"] == PAYMENT:
        return bool(view["state"] == State.HELD)
    return why_not_usable(view) is None


def why_not_usable(view: View) -> Code | None:
    """What a receipt with this as its voucher would be refused for."""
    if view["used_at"] is not None:
        return Code.VOUCHER_USED
    if view["kind"] != RewardKind.VOUCHER or view["state"] != State.CAPTURED:
        return Code.REDEMPTION_ENDED
    until = view["voucher_until"]
    return Code.VOUCHER_LAPSED if until is not None and until <= clock.now() else None


def _payment(view: View) -> Payment:
    is_points = view["reward"] is None
    label = formats.points(view["points"]) if is_points else view["reward"]["name"]
    return Payment(
        id=view["id"],
        label=label,
        worth=view["worth"],
        points=view["points"] if is_points else 0,
    )


def to_pay(amount: int, payments: Payments | None) -> int:
    """What is left of an amount (minor units) in money: a voucher may be worth more than it,
    points are never used for nothing. Raises `invalid_amount`."""
    if payments is None:
        return amount
    vouchers = sum(payment.worth for payment in payments.chosen if not payment.points)
    by_points = payments.worth - vouchers
    left = max(0, amount - vouchers)
    if by_points > left:
        raise Problem(Code.INVALID_AMOUNT, field="amount", detail=_too_many(by_points))
    return left - by_points


def _too_many(by_points: int) -> str:
    return gettext(
        "Points worth %(worth)s are used, more than there is to pay: take them off.",
        worth=formats.money(by_points),
    )


def most_points(amount: int, payments: Payments) -> int:
    """As many points as the member has, and the rest of the amount is worth."""
    value = programme.snapshot().point_value(formats.settings().currency)
    return min(payments.available, to_pay(amount, payments) // value)


def choices(most: int) -> tuple[Choice, ...]:
    """All that can be used, and the largest round numbers below."""
    numbers = [most, *_round_below(most)]
    return tuple(
        Choice(
            points=number,
            phrase=formats.points(number),
            worth=formats.money(worth_of(number)),
        )
        for number in numbers
    )


def _round_below(most: int) -> list[int]:
    """1,000 and 500 below 1,284."""
    steps = [step * 10**power for power in range(len(str(most))) for step in (1, 2, 5)]
    return sorted((step for step in steps if step < most), reverse=True)[:ROUND_CHOICES]


def lost(member_id: int, chosen: Sequence[int]) -> Sequence[int]:
    """What this person holds of the member and no page knows of: an answer that never arrived
    left it behind."""
    return db.session.scalars(
        select(Redemption.id).where(
            Redemption.member_id == member_id,
            Redemption.reward_id.is_(None),
            Redemption.state == State.HELD,
            Redemption.created_by == current_actor().label,
            Redemption.id.not_in(chosen),
        )
    ).all()


def of_form(form: MultiDict[str, str]) -> Payments | None:
    """What still pays of what the page chose, of the customer on the card; None where nothing
    is chosen."""
    chosen, member_id = typed.redemptions(form), typed.member_id(form)
    return of(member_id, chosen) if chosen and member_id is not None else None


def named(form: MultiDict[str, str]) -> Payments | None:
    """The same with what pays no more, for a receipt that is recorded: it is refused with what
    the cashier did not see end, and pressed twice it is the same again."""
    chosen, member_id = typed.redemptions(form), typed.member_id(form)
    if not chosen or member_id is None:
        return None
    return _payments(member_id, _payments_of(member_id, chosen))
