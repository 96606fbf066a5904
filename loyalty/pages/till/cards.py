"""The customer's card: who it is, its tier, the points and what they are worth, a few facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import func, select

from loyalty.core import clock
from loyalty.core.db import db
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.members.models import Member
from loyalty.pages import formats
from loyalty.pages.till.tags import CardTags, tags_of
from loyalty.points import pending
from loyalty.points.models import PointLot
from loyalty.programme import service as programme
from loyalty.programme.policy import TierBasis
from loyalty.purchases import service as purchases
from loyalty.purchases import tiers
from loyalty.purchases.tiers import Progress

SOON = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Fact:
    label: str
    figure: str
    note: str = ""
    good: bool = False


@dataclass(frozen=True, kw_only=True)
class Way:
    """To the next tier: `reached` of `needed` (minor units or points), what is `missing` in
    words."""

    label: str
    missing: str
    reached: int
    needed: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the card shows, in words; only `points` is still a number."""

    id: int
    name: str | None
    short_name: str
    written: str
    country: str
    since: str
    points: int
    worth: str
    coming: str
    tier: str
    second_line: str
    tags: CardTags
    facts: tuple[Fact, ...]
    way: Way | None


def card_of(member: dict[str, Any], phone: PhoneNumber) -> Card:
    """`member` as `members.service.find_by_phone` gives it."""
    now = clock.now()
    today = formats.local(now).date()
    since = formats.local(member["joined_at"]).strftime("%m/%Y")
    birthday = _birthday(member["birth_date"], today)
    progress = tiers.progress(member["id"], now=now)
    tier = gettext("%(tier)s tier", tier=progress.tier.name) if progress.tier else ""
    way = _way(progress)
    last = () if way else (_last_purchase(member["id"], today),)
    return Card(
        id=member["id"],
        name=member["name"],
        short_name=formats.short_name(member["name"] or ""),
        written=phone.national,
        country=phone.country,
        since=since,
        points=member["points"],
        worth=worth(member["points"]),
        coming=_coming(member["id"]),
        tier=tier,
        second_line=_second_line(birthday, since),
        tags=tags_of(member["id"]),
        facts=(birthday, _expiring(member["id"], now), *last),
        way=way,
    )


def worth(points: int) -> str:
    return formats.money(points * programme.snapshot().point_value(formats.settings().currency))


def _coming(member_id: int) -> str:
    """`20 điểm đang chờ`: earned, and not yet to be spent."""
    points = pending.of_member(member_id)
    return gettext("%(points)s to come", points=formats.points(points)) if points else ""


def _way(progress: Progress) -> Way | None:
    if progress.next is None:
        return None
    by_spend = programme.snapshot().policy.tiering.basis is TierBasis.SPEND
    said = formats.money if by_spend else formats.points
    return Way(
        label=gettext("To %(tier)s", tier=progress.next.name),
        missing=gettext("%(missing)s to go", missing=said(progress.missing)),
        reached=min(progress.measured, progress.next.threshold),
        needed=progress.next.threshold,
    )


def balance_after(member_id: int, earned: int) -> int | None:
    """The balance shown once `earned` points came in, of which a debt takes its part first.

    None for a member that is no more.
    """
    debt = db.session.scalar(select(Member.debt).filter_by(id=member_id, closed_at=None))
    if debt is None:
        return None
    return int(members.get(member_id)["points"]) + earned - min(earned, debt)


def _second_line(birthday: Fact, since: str) -> str:
    if birthday.note:
        return gettext("birthday %(day)s", day=birthday.figure)
    return gettext("customer since %(month)s", month=since)


def _birthday(born: date | None, today: date) -> Fact:
    label = gettext("Birthday")
    if born is None:
        return Fact(label=label, figure="–")
    days = (next_birthday(born, today) - today).days
    note = ""
    if days == 0:
        note = gettext("today")
    elif days <= SOON.days:
        note = ngettext("in %(num)s day", "in %(num)s days", days)
    return Fact(label=label, figure=formats.day_and_month(born), note=note, good=True)


def next_birthday(born: date, today: date) -> date:
    """Today or later; born on 29 February, it is the 28th in other years."""
    years = today.year - born.year
    this_year = clock.add_months(born, 12 * years)
    return this_year if this_year >= today else clock.add_months(born, 12 * (years + 1))


def _expiring(member_id: int, now: datetime) -> Fact:
    points, first = db.session.execute(
        select(func.coalesce(func.sum(PointLot.remaining), 0), func.min(PointLot.expires_at)).where(
            PointLot.member_id == member_id,
            PointLot.remaining > 0,
            PointLot.expires_at > now,
            PointLot.expires_at <= now + SOON,
        )
    ).one()
    label = gettext("Expires within 30 days")
    if first is None:
        return Fact(label=label, figure=gettext("None"))
    # A lot ends with its day: the last day it can be used is the one before that instant.
    last_day = formats.local(first - timedelta(seconds=1)).date()
    note = gettext("from %(day)s", day=formats.day_and_month(last_day))
    return Fact(label=label, figure=formats.points(int(points)), note=note)


def _last_purchase(member_id: int, today: date) -> Fact:
    label = gettext("Last purchase")
    for purchase in purchases.recent_of(member_id, limit=1):
        day = formats.local(purchase["purchased_at"]).date()
        store = programme.snapshot().stores[purchase["store"]].name
        return Fact(label=label, figure=formats.in_lists(day, today), note=store)
    return Fact(label=label, figure="–")
