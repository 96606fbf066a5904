"""The programme in words, for its public terms. No database here."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from flask_babel import force_locale, gettext, ngettext

from loyalty.core.money import format_money
from loyalty.programme.policy import Expiry, ExpiryMode, Policy, TierBasis
from loyalty.programme.rules import EarningRuleView, Programme, TierView

Money = Callable[[int], str]
"""Minor units as people read them."""


def default_text(current: Programme, rule: EarningRuleView, *, currency: str, language: str) -> str:
    """Paragraphs with a blank line between; `rule` is the one in force."""

    def money(amount: int) -> str:
        return format_money(amount, currency, language)

    with force_locale(language):
        return "\n\n".join(_paragraphs(current, rule, money, currency, language))


def _paragraphs(
    current: Programme, rule: EarningRuleView, money: Money, currency: str, language: str
) -> Iterator[str]:
    policy = current.policy
    yield gettext("Terms of the points programme of %(shop)s.", shop=current.shop_name)
    yield gettext("Your account is your phone number: give it when you pay, and you get points.")
    yield from _earning(rule, money, language)
    for tier in current.tiers:
        yield _tier(tier, policy, money, language)
    yield from _bonuses(policy, language)
    if policy.pending_days:
        yield ngettext(
            "Points count a day after the purchase.",
            "Points count %(count)s days after the purchase.",
            policy.pending_days,
            count=policy.pending_days,
        )
    value = money(current.point_value(currency))
    yield gettext("A point is worth %(value)s when you pay with it.", value=value)
    if policy.redeeming.min_points:
        least = _points(policy.redeeming.min_points, language)
        yield gettext("You can use points once you have %(points)s.", points=least)
    yield _expiry(policy, language)
    yield gettext(
        "When goods come back, the points that they brought go back too, and points that you used"
        " for them are yours again."
    )
    yield gettext("When these terms change, the new ones stand here.")


def _earning(rule: EarningRuleView, money: Money, language: str) -> Iterator[str]:
    if rule.points:
        yield gettext(
            "You get %(points)s for every %(amount)s that you pay, rounded down once per receipt.",
            points=_points(rule.points, language),
            amount=money(rule.per_amount),
        )
    if rule.beside.rules:
        yield gettext("Some goods, stores or hours bring more: what brings you most applies.")
    if never := sorted(rule.beside.never.categories | rule.beside.never.skus):
        yield gettext("These goods bring no points: %(goods)s.", goods=", ".join(never))


def _tier(tier: TierView, policy: Policy, money: Money, language: str) -> str:
    months = policy.tiering.window_months
    by_spend = policy.tiering.basis is TierBasis.SPEND
    return ngettext(
        "%(tier)s: from %(least)s within %(count)s month; points times %(times)s.",
        "%(tier)s: from %(least)s within %(count)s months; points times %(times)s.",
        months,
        tier=tier.name,
        least=money(tier.threshold) if by_spend else _points(tier.threshold, language),
        count=months,
        times=format_decimal(tier.multiplier_percent / 100, locale=language),
    )


def _bonuses(policy: Policy, language: str) -> Iterator[str]:
    bonuses = policy.bonuses
    if bonuses.sign_up:
        points = _points(bonuses.sign_up, language)
        yield gettext("For joining you get %(points)s.", points=points)
    if bonuses.first_purchase:
        points = _points(bonuses.first_purchase, language)
        yield gettext("For your first purchase you get %(points)s.", points=points)
    if bonuses.birthday:
        points = _points(bonuses.birthday, language)
        yield gettext("For your birthday you get %(points)s each year.", points=points)


def _expiry(policy: Policy, language: str) -> str:
    expiry = policy.expiry
    if expiry.mode is ExpiryMode.NEVER:
        return gettext("Points do not expire.")
    if expiry.mode is ExpiryMode.YEARLY:
        return gettext("Points expire each year on %(day)s.", day=_day(expiry, language))
    if expiry.mode is ExpiryMode.AFTER_PURCHASE:
        return ngettext(
            "Points expire a month after your last purchase.",
            "Points expire %(count)s months after your last purchase.",
            expiry.months,
            count=expiry.months,
        )
    return ngettext(
        "Points expire a month after you got them.",
        "Points expire %(count)s months after you got them.",
        expiry.months,
        count=expiry.months,
    )


def _day(expiry: Expiry, language: str) -> str:
    leap_year = 2028
    last = monthrange(leap_year, expiry.month)[1]
    day = date(leap_year, expiry.month, min(expiry.day, last))
    return format_skeleton("MMMMd", day, locale=language)


def _points(count: int, language: str) -> str:
    written = format_decimal(count, locale=language)
    return ngettext("%(count)s point", "%(count)s points", count, count=written)
