"""What an amount will earn: worked out here only, by the rule that will record it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from loyalty.core import clock
from loyalty.pages import formats
from loyalty.pages.till.cards import balance_after
from loyalty.programme import service as programme

NEW_MEMBER = "new"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`150.000 ₫ → 15 điểm`, what stands after it, and what the button then says."""

    amount: str
    points_phrase: str
    after: str
    button: str


def preview_of(amount: int, member: str) -> Preview:
    """`member` is the id on the card, `new`, or empty while nobody is known."""
    earned = programme.snapshot().rule_at(clock.now()).points_for(amount)
    phrase = formats.points(earned)
    button = gettext("Record purchase")
    if earned:
        button = gettext("Record and earn %(points)s", points=phrase)
    return Preview(
        amount=formats.money(amount),
        points_phrase=phrase,
        after=_after(member, earned),
        button=button,
    )


def _after(member: str, earned: int) -> str:
    if member == NEW_MEMBER:
        return gettext("first purchase")
    if not (member.isascii() and member.isdigit()):
        return ""
    balance = balance_after(int(member[:10]), earned)
    if balance is None:
        return ""
    return gettext("afterwards: %(points)s", points=formats.count(balance))


def earning_hint() -> str:
    """`Mỗi 10.000 ₫ được 1 điểm`: the rule in force, where no amount stands yet."""
    rule = programme.snapshot().rule_at(clock.now())
    return gettext(
        "%(points)s for every %(amount)s",
        amount=formats.money(rule.per_amount),
        points=formats.points(rule.points),
    )
