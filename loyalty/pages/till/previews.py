"""What an amount will earn: worked out here only, by the rule that will record it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from loyalty.core import clock
from loyalty.pages import formats
from loyalty.pages.till import typed
from loyalty.pages.till.cards import balance_after
from loyalty.pages.till.payments import Payments, to_pay
from loyalty.programme import service as programme
from loyalty.programme.rules import StoreView
from loyalty.purchases.earning_preview import would_earn

NEW_MEMBER = "new"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`150.000 ₫ → 15 điểm`, what stands after it, and what the button then says. `pays` where
    points or vouchers pay a part: `amount` is then what is left."""

    amount: str
    pays: bool
    points_phrase: str
    after: str
    button: str


def preview_of(
    amount: int,
    member: str,
    store: StoreView,
    *,
    paying: Payments | None = None,
    taken_back: int = 0,
) -> Preview:
    """`member` is the id on the card, `new`, or empty while nobody is known; `taken_back`: points
    that go with goods that come back, less those that were used on them. Raises `invalid_amount`
    where more is paid by points than there is to pay."""
    left = to_pay(amount, paying)
    earned = would_earn(left, store=store, member_id=typed.row_id(member))
    used = taken_back + (paying.points if paying else 0)
    pays = paying is not None and bool(paying.chosen)
    return Preview(
        amount=formats.money(left),
        pays=pays,
        points_phrase=formats.points(earned),
        after=_after(member, earned, used),
        button=_button(earned, formats.money(left) if pays else ""),
    )


def _button(earned: int, left: str) -> str:
    phrase = formats.points(earned)
    if left and earned:
        return gettext("Take %(amount)s, earn %(points)s", amount=left, points=phrase)
    if left:
        return gettext("Take %(amount)s", amount=left)
    if earned:
        return gettext("Record and earn %(points)s", points=phrase)
    return gettext("Record purchase")


def _after(member: str, earned: int, used: int) -> str:
    if member == NEW_MEMBER:
        return gettext("first purchase")
    member_id = typed.row_id(member)
    balance = None if member_id is None else balance_after(member_id, earned)
    if balance is None:
        return ""
    return gettext("afterwards: %(points)s", points=formats.count(max(0, balance - used)))


def earning_hint() -> str:
    """`Mỗi 10.000 ₫ được 1 điểm`: the rule in force, where no amount stands yet."""
    rule = programme.snapshot().rule_at(clock.now())
    return gettext(
        "%(points)s for every %(amount)s",
        amount=formats.money(rule.per_amount),
        points=formats.points(rule.points),
    )
