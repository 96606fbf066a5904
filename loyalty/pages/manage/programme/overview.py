"""What is in force, in sentences; each part leads to the form that changes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import get_month_names
from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from loyalty.core import clock
from loyalty.pages import formats
from loyalty.pages.language import language
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.programme import tiers, words
from loyalty.pages.manage.programme.access import CHANGES
from loyalty.pages.manage.programme.promotions import shown_promotions
from loyalty.pages.manage.programme.topics import TOPICS
from loyalty.programme import service as programme
from loyalty.programme import terms
from loyalty.programme.policy import ExpiryMode, Policy
from loyalty.programme.rules import EarningRuleView, Programme, TierView

PAST_PROMOTIONS = 5
"""So many that ended are listed."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some settings in sentences; `name` is that of their topic."""

    name: str
    title: Any
    sentences: list[str]


@blueprint.get("/programme", endpoint="programme")
@CHANGES
def programme_page() -> ResponseReturnValue:
    now = clock.now()
    current = programme.snapshot()
    rule = current.rule_at(now)
    return render_template(
        "pages/manage/programme/page.html",
        rate=words.rate(rule),
        since=_since(rule),
        specials=words.special_rules(rule),
        never=words.never(rule),
        coming=[_coming(each) for each in current.rules if each.valid_from > now],
        promotions=shown_promotions(past=PAST_PROMOTIONS),
        tiers=[_tier(tier) for tier in current.tiers],
        window=tiers.window_in_words(),
        parts=list(_parts(current)),
        terms=_terms(now),
    )


def _since(rule: EarningRuleView) -> str:
    return gettext(
        "Version %(number)s, since %(day)s.", number=rule.version, day=_day(rule.valid_from)
    )


def _coming(rule: EarningRuleView) -> str:
    return gettext("From %(day)s: %(rate)s", day=_day(rule.valid_from), rate=words.rate(rule))


def _tier(tier: TierView) -> dict[str, str]:
    return {
        "slug": tier.slug,
        "name": tier.name,
        "threshold": tiers.threshold_in_words(tier.threshold),
        "times": quantities.shown_times(tier.multiplier_percent),
    }


def _terms(now: datetime) -> str:
    published = next((row for row in terms.versions() if row.valid_from <= now), None)
    if published is None:
        return gettext("Nobody wrote any: customers read the programme in words.")
    day = _day(published.valid_from)
    return gettext("Version %(number)s, since %(day)s.", number=published.version, day=day)


def _parts(current: Programme) -> Iterator[Part]:
    sentences = {
        "value": _value(current),
        "expiry": _expiry(current.policy),
        "bonuses": _bonuses(current.policy),
        "redeeming": _redeeming(current.policy),
        "care": _care(current.policy),
    }
    for name, said in sentences.items():
        yield Part(name=name, title=TOPICS[name].title, sentences=list(said))


def _value(current: Programme) -> Iterator[str]:
    value = formats.money(current.point_value(formats.settings().currency))
    yield gettext("A point is worth %(value)s.", value=value)


def _expiry(policy: Policy) -> Iterator[str]:
    days = policy.pending_days
    if days:
        yield ngettext(
            "Points count a day after the purchase.",
            "Points count %(count)s days after the purchase.",
            days,
            count=formats.count(days),
        )
    else:
        yield gettext("Points count at once.")
    yield _lapse(policy)


def _lapse(policy: Policy) -> str:
    expiry = policy.expiry
    count = formats.count(expiry.months)
    if expiry.mode is ExpiryMode.NEVER:
        return gettext("Points do not expire.")
    if expiry.mode is ExpiryMode.YEARLY:
        month = get_month_names("wide", locale=language())[expiry.month]
        return gettext("Points expire each year on %(day)s.", day=f"{expiry.day} {month}")
    if expiry.mode is ExpiryMode.AFTER_PURCHASE:
        return ngettext(
            "They expire a month after the last purchase.",
            "They expire %(count)s months after the last purchase.",
            expiry.months,
            count=count,
        )
    return ngettext(
        "They expire a month after they were earned.",
        "They expire %(count)s months after they were earned.",
        expiry.months,
        count=count,
    )


def _bonuses(policy: Policy) -> Iterator[str]:
    given = policy.bonuses
    if not (given.sign_up or given.first_purchase or given.birthday):
        yield gettext("None.")
    if given.sign_up:
        yield gettext("%(points)s for joining.", points=formats.points(given.sign_up))
    if given.first_purchase:
        points = formats.points(given.first_purchase)
        yield gettext("%(points)s for the first purchase.", points=points)
    if given.birthday:
        yield gettext("%(points)s for the birthday.", points=formats.points(given.birthday))


def _redeeming(policy: Policy) -> Iterator[str]:
    limits = policy.redeeming
    if limits.min_points:
        yield gettext("From %(points)s on.", points=formats.points(limits.min_points))
    if limits.min_purchases:
        yield ngettext(
            "After a purchase.",
            "After %(count)s purchases.",
            limits.min_purchases,
            count=formats.count(limits.min_purchases),
        )
    yield gettext(
        "On a spoken number %(points)s a day; above it a manager types a PIN.",
        points=formats.points(limits.spoken_phone_points),
    )


def _care(policy: Policy) -> Iterator[str]:
    yield gettext(
        "A manager may add or take %(points)s for one customer in a day.",
        points=formats.points(policy.adjustments.manager),
    )
    cashier = policy.adjustments.cashier
    if cashier:
        yield gettext(
            "A cashier may add or take %(points)s for one customer in a day.",
            points=formats.points(cashier),
        )
    else:
        yield gettext("Cashiers may not.")
    yield ngettext(
        "From the second receipt of a day on, one customer's points wait for a manager.",
        "After %(count)s receipts of a day, one customer's points wait for a manager.",
        policy.receipts_a_day,
        count=formats.count(policy.receipts_a_day),
    )


def _day(moment: datetime) -> str:
    return formats.full_date(formats.local(moment).date())
