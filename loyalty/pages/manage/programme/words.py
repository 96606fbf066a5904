"""What the programme does, in sentences for whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator

from babel.dates import get_day_names
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.pages import formats
from loyalty.pages.language import language
from loyalty.pages.manage.quantities import shown_times
from loyalty.pages.manage.stores import named
from loyalty.programme import service as programme
from loyalty.programme.conditions import Conditions, Goods, Hours, Per, SpecialRule, Terms
from loyalty.programme.rules import EarningRuleView

CHANNELS = {
    "store": _l("in a store"),
    "online": _l("online"),
    "self_service": _l("self-service"),
}


def rate(rule: EarningRuleView) -> str:
    if not rule.points:
        return gettext("Purchases bring no points by themselves.")
    return gettext(
        "%(points)s for every %(amount)s.",
        points=formats.points(rule.points),
        amount=formats.money(rule.per_amount),
    )


def special_rules(rule: EarningRuleView) -> list[str]:
    return [special_rule(each) for each in rule.beside.rules]


def special_rule(rule: SpecialRule) -> str:
    """`2 points for every 10,000 ₫ · Tuesday · from 100,000 ₫`."""
    return formats.joined([_brings(rule), *conditions(rule.when)])


def never(rule: EarningRuleView) -> str:
    """Empty where all goods earn."""
    goods = rule.beside.never
    return gettext("No points for %(goods)s.", goods=_listed(goods)) if goods else ""


def promotion(terms: Terms) -> str:
    return formats.joined([_more(terms), *conditions(terms.when)])


def caps(terms: Terms) -> str:
    """Empty where there is none."""
    said = []
    if terms.cap_receipt is not None:
        most = formats.points(terms.cap_receipt)
        said.append(gettext("at most %(points)s a receipt", points=most))
    if terms.cap_member is not None:
        most = formats.points(terms.cap_member)
        said.append(gettext("at most %(points)s a customer", points=most))
    return formats.begun(", ".join(said))


def conditions(when: Conditions) -> Iterator[str]:
    """Nothing where it always holds."""
    if when.stores:
        yield named(when.stores)
    if when.channels:
        yield ", ".join(str(CHANNELS[each]) for each in sorted(when.channels))
    if when.weekdays:
        yield ", ".join(weekday(each) for each in sorted(when.weekdays))
    if when.hours:
        yield _hours(when.hours)
    if when.tiers:
        yield gettext("tier %(names)s", names=_tiers(when.tiers))
    if when.tag:
        yield gettext("tag %(name)s", name=when.tag)
    if when.goods:
        yield gettext("goods %(names)s", names=_listed(when.goods))
    if when.min_amount:
        yield gettext("from %(amount)s", amount=formats.money(when.min_amount))


def weekday(number: int) -> str:
    """1 is Monday."""
    return formats.begun(get_day_names("wide", locale=language())[number - 1])


def _brings(rule: SpecialRule) -> str:
    points = formats.points(rule.points)
    if rule.per is Per.AMOUNT:
        amount = formats.money(rule.per_amount)
        return gettext("%(points)s for every %(amount)s", points=points, amount=amount)
    if rule.per is Per.ITEM:
        return gettext("%(points)s for each item", points=points)
    return gettext("%(points)s for a visit", points=points)


def _more(terms: Terms) -> str:
    if terms.points:
        return gettext("%(points)s more a receipt", points=formats.points(terms.points))
    return gettext("points times %(times)s", times=shown_times(terms.times_percent))


def _hours(hours: Hours) -> str:
    return f"{hours.since:02d}:00–{hours.until:02d}:00"


def _tiers(slugs: frozenset[str]) -> str:
    known = {tier.slug: tier.name for tier in programme.snapshot().tiers}
    return ", ".join(sorted(known.get(slug, slug) for slug in slugs))


def _listed(goods: Goods) -> str:
    return ", ".join([*sorted(goods.categories), *sorted(goods.skus)])
