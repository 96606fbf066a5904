"""The customer's card: who it is, the points and what they are worth, and a few facts."""

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
from loyalty.points.models import PointLot
from loyalty.programme import service as programme
from loyalty.programme.rules import default_point_value
from loyalty.purchases import service as purchases

SOON = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Fact:
    label: str
    figure: str
    note: str = ""
    good: bool = False


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
    second_line: str
    tags: CardTags
    facts: tuple[Fact, ...]


def card_of(member: dict[str, Any], phone: PhoneNumber) -> Card:
    """`member` as `members.service.find_by_phone` gives it."""
    now = clock.now()
    today = formats.local(now).date()
    since = formats.local(member["joined_at"]).strftime("%m/%Y")
    birthday = _birthday(member["birth_date"], today)
    return Card(
        id=member["id"],
        name=member["name"],
        short_name=formats.short_name(member["name"] or ""),
        written=phone.national,
        country=phone.country,
        since=since,
        points=member["points"],
        worth=worth(member["points"]),
        second_line=_second_line(birthday, since),
        tags=tags_of(member["id"]),
        facts=(birthday, _expiring(member["id"], now), _last_purchase(member["id"], today)),
    )


def worth(points: int) -> str:
    return formats.money(points * default_point_value(formats.settings().currency))


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
