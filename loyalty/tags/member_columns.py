"""The fields of a member as SQL beside `members`: plain columns, and derived tables of one
row per member for what lies elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import FromClause, Select, String, Subquery, case, cast, func, null, select

from loyalty.core.db import is_postgresql, table_of
from loyalty.members import consents
from loyalty.members.consent_rules import CHANNELS, MARKETING
from loyalty.members.models import IS_MAIN, Member, MemberPhone
from loyalty.members.rules import every_province
from loyalty.points.models import IS_OPEN, PointLot
from loyalty.programme import service as programme
from loyalty.tags.comparing import Column, Only, is_one_of
from loyalty.tags.fields import EXPIRING_DAYS
from loyalty.tags.language import FieldTest, PurchaseTest
from loyalty.tags.purchase_totals import (
    FREQUENCY,
    RECENCY,
    RFM_YEAR,
    TOTALS_OF_FIELDS,
    ZERO_FOR_NOBODY,
    Which,
    bought_by,
    purchases,
    totals_table,
    totals_wanted,
)
from loyalty.tags.rfm import SEGMENTS
from loyalty.tags.surroundings import Surroundings

members = table_of(Member)
_phones = table_of(MemberPhone)
_lots = table_of(PointLot)

Leaf = FieldTest | PurchaseTest


class Joined:
    """`members` and what rules made join to it, each derived table once. A statement of
    SQLite holds 64 tables: what could be many (attributes) has to share one."""

    def __init__(
        self, around: Surroundings, only: Only, leaves: Sequence[Leaf], *, are_few: bool
    ) -> None:
        """`are_few`: `only` keeps to members that are named one by one."""
        self.around = around
        self.only = only
        self._are_few = are_few
        self.leaves = leaves
        self.source: FromClause = members
        self._totals = totals_wanted(leaves)
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def table(self, key: Hashable, make: Callable[[], Select[Any]]) -> Subquery:
        """A select with a `member_id`, one row at most for each."""
        table: Subquery = self.once(key, lambda: self._join(make().subquery()))
        return table

    def _join(self, table: Subquery) -> Subquery:
        self.source = self.source.outerjoin(table, table.c.member_id == members.c.id)
        return table

    def total(self, which: Which, name: str) -> Column:
        names = self._totals[which]
        bought = self._bought()
        table = self.table(which, lambda: totals_table(which, names, self.around, bought))
        column = table.c[name]
        return func.coalesce(column, 0) if name in ZERO_FOR_NOBODY else column

    def _bought(self) -> FromClause:
        """Of a few members everything is read once, whatever is asked of it; else every
        question is a pass of its own."""
        found: FromClause = purchases
        if self._are_few:
            found = self.once("bought", lambda: bought_by(self.only))
        return found


def column_of(field: str, joined: Joined) -> Column:
    """A field, NULL where it is missing."""
    if field in _ELSEWHERE:
        return _ELSEWHERE[field](joined)
    if field in TOTALS_OF_FIELDS:
        which, (name,) = TOTALS_OF_FIELDS[field]
        return joined.total(which, name)
    return members.c[field]


def _phone_type(joined: Joined) -> Column:
    """Of the main phone: a member has one at most."""

    def kinds() -> Select[Any]:
        return (
            select(_phones.c.member_id, func.min(_phones.c.kind).label("kind"))
            .where(IS_MAIN, joined.only(_phones.c.member_id))
            .group_by(_phones.c.member_id)
        )

    return joined.table("phone_type", kinds).c.kind


def _province(_: Joined) -> Column:
    return members.c.province_list + ":" + members.c.province


def _region(joined: Joined) -> Column:
    by_region: dict[str, list[str]] = {}
    for one in every_province():
        by_region.setdefault(one.region, []).append(f"{one.list}:{one.code}")
    province = _province(joined)
    return case(
        *(
            (is_one_of(province, provinces, String()), region)
            for region, provinces in by_region.items()
        )
    )


def _tier(_: Joined) -> Column:
    """By slug; one that ended is none."""
    slugs = {tier.id: tier.slug for tier in programme.snapshot().tiers}
    standing = case(slugs, value=members.c.tier_id) if slugs else null()
    return cast(standing, String)


def _points(joined: Joined) -> Column:
    """The balance shown (`points.rules.balance_shown`) of everybody in one pass."""
    recorded = members.c.points + members.c.debt + members.c.held
    shown = recorded - func.coalesce(_lapsing(joined).expired, 0)
    return (func.greatest if is_postgresql() else func.max)(shown, 0)


def _points_expiring(joined: Joined) -> Column:
    return func.coalesce(_lapsing(joined).expiring, 0)


def _lapsing(joined: Joined) -> Any:
    """What is left of lots that are past their expiry at `as_of`, and that will soon be."""
    now, ends, left = joined.around.as_of, _lots.c.expires_at, _lots.c.remaining

    def lots() -> Select[Any]:
        return (
            select(
                _lots.c.member_id,
                func.sum(case((ends <= now, left), else_=0)).label("expired"),
                func.sum(case((ends > now, left), else_=0)).label("expiring"),
            )
            .where(
                IS_OPEN,
                ends <= now + timedelta(days=EXPIRING_DAYS),
                joined.only(_lots.c.member_id),
            )
            .group_by(_lots.c.member_id)
        )

    return joined.table("lapsing", lots).c


def _consent(channel: str, joined: Joined) -> Column:
    """Never missing: silence is no."""

    def counting() -> Select[Any]:
        agreed = consents.counting(channel, MARKETING, now=joined.around.as_of)
        return select(agreed.where(joined.only(members.c.id)).subquery().c.id.label("member_id"))

    return joined.table(("consent", channel), counting).c.member_id.is_not(None)


def _segment(joined: Joined) -> Column:
    recency, frequency = (joined.total(RFM_YEAR, score) for score in (RECENCY, FREQUENCY))
    return case(
        *(
            (recency.between(*r) & frequency.between(*f), segment)
            for segment, (r, f) in SEGMENTS.items()
        )
    )


_ELSEWHERE: Mapping[str, Callable[[Joined], Column]] = {
    "phone_type": _phone_type,
    "province": _province,
    "region": _region,
    "tier": _tier,
    "points": _points,
    "points_expiring": _points_expiring,
    "rfm_segment": _segment,
    **{f"consent_{channel}": partial(_consent, channel) for channel in CHANNELS},
}
