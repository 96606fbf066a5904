"""The cut points of the RFM scores: frozen by the nightly build, or fixed by the shop where
it has too few buyers for percentiles. Who freezes or sets them opens the transaction.

Source: semantics, Freshness of tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import CTE, BigInteger, Row, Select, Subquery, cast, func, insert, or_, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import connection, db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.money import decimals_of
from loyalty.members.models import Member
from loyalty.purchases.models import Purchase
from loyalty.tags.language import Unit
from loyalty.tags.models import RfmCuts, TagSettings
from loyalty.tags.rfm import (
    FEWEST_BUYERS,
    SCORES,
    WINDOW_DAYS,
    Cuts,
    rank_of_cut,
    scores_out_of_order,
)
from loyalty.tags.windows import moment_before

_members = table_of(Member)
_purchases = table_of(Purchase)
_frozen = table_of(RfmCuts)
_SETTINGS = select(table_of(TagSettings).c.rfm)

RECENCY = (240, 120, 60, 30)
FREQUENCY = (1, 2, 5, 9)
MONETARY = {"VND": (500_000, 1_000_000, 3_000_000, 10_000_000), "THB": (500, 1_000, 3_000, 10_000)}
OTHER_MONETARY = (20, 50, 150, 500)
"""What applies until the shop sets something else: fewer than so many days, more than so many
purchases, more than so much money, in the currency's major unit."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Cut points that were worked out, and of how many buyers."""

    as_of: datetime
    buyers: int
    cuts: Cuts


def current(as_of: datetime) -> Cuts:
    """The cut points in force at a moment: those frozen last, or the fixed ones where none
    were, or too few buyers were there for percentiles."""
    earlier = select(_frozen).where(_frozen.c.as_of <= as_of)
    newest = earlier.order_by(_frozen.c.as_of.desc(), _frozen.c.id.desc()).limit(1)
    row = connection().execute(newest).first()
    if row is None or row.buyers < FEWEST_BUYERS:
        return settings()
    return _as_cuts(row._asdict())


def work_out(as_of: datetime) -> Found:
    """What the cut points are by what was bought in the days before `as_of`: only looks."""
    at_the_cuts = connection().execute(_at_the_cuts(_ranked(as_of))).all()
    buyers = at_the_cuts[0].buyers if at_the_cuts else 0
    cuts = settings() if buyers < FEWEST_BUYERS else _percentiles(at_the_cuts, as_of)
    return Found(as_of=as_of, buyers=buyers, cuts=cuts)


def freeze(found: Found) -> None:
    """From now on they are in force."""
    values = {"as_of": found.as_of, "buyers": found.buyers, "created_at": clock.now()}
    connection().execute(insert(_frozen).values(**values, **asdict(found.cuts)))


# -- the fixed thresholds --------------------------------------------------------


def settings() -> Cuts:
    """The fixed thresholds of the shop."""
    kept = connection().scalar(_SETTINGS)
    if kept:
        return _as_cuts(kept)
    currency: str = current_app.extensions["settings"].currency
    unit = 10 ** decimals_of(currency)
    monetary = tuple(amount * unit for amount in MONETARY.get(currency, OTHER_MONETARY))
    return Cuts(recency=RECENCY, frequency=FREQUENCY, monetary=monetary)


def change_settings(cuts: Cuts) -> None:
    """Set the fixed thresholds; tags follow at their next build. Raises `invalid_request`
    unless each score has four of them, from worst to best."""
    wrong = {
        score: [_l("Must be %(n)s numbers, from worst to best.", n=SCORES - 1)]
        for score in scores_out_of_order(cuts)
    }
    if wrong:
        raise Problem(Code.INVALID_REQUEST, errors=wrong)
    kept = db.session.get(TagSettings, 1) or TagSettings(id=1)
    kept.rfm = asdict(cuts)
    db.session.add(kept)
    # Flush: they are read back in plain SQL.
    db.session.flush()
    audit.record("tag.change", "tag_settings", 1, fields=["rfm"])


def _as_cuts(kept: Mapping[str, Any]) -> Cuts:
    return Cuts(**{each.name: tuple(kept[each.name]) for each in fields(Cuts)})


# -- percentiles -------------------------------------------------------------------


def _percentiles(at_the_cuts: Sequence[Row[Any]], as_of: datetime) -> Cuts:
    today = as_of.astimezone(_zone()).date()
    ranks = [rank_of_cut(k, at_the_cuts[0].buyers) for k in range(1, SCORES)]
    last_day = {row.recency: row.last_day for row in at_the_cuts}
    receipts = {row.frequency: row.receipts for row in at_the_cuts}
    spent = {row.monetary: row.spent for row in at_the_cuts}
    return Cuts(
        recency=tuple((today - last_day[rank]).days for rank in ranks),
        frequency=tuple(receipts[rank] for rank in ranks),
        monetary=tuple(spent[rank] for rank in ranks),
    )


def _at_the_cuts(ranked: Subquery) -> Select[Any]:
    """Only who stands at a cut point: the database ranks, so that memory stays flat."""
    ranks = [rank_of_cut(k, ranked.c.buyers) for k in range(1, SCORES)]
    return select(ranked).where(
        or_(*(ranked.c[score].in_(ranks) for score in ("recency", "frequency", "monetary")))
    )


def _ranked(as_of: datetime) -> Subquery:
    """Every buyer with the rank, from worst to best, in each of the three."""
    buyers = _buyers(as_of)
    by = {"recency": "last_day", "frequency": "receipts", "monetary": "spent"}
    return select(
        *(buyers.c[value] for value in by.values()),
        *(
            func.row_number().over(order_by=buyers.c[value]).label(score)
            for score, value in by.items()
        ),
        func.count().over().label("buyers"),
    ).subquery("ranked")


def _buyers(as_of: datetime) -> CTE:
    """Active members who bought within the window, net of returns: the local day of the last
    purchase, how many, for how much."""
    since = moment_before(as_of, WINDOW_DAYS, Unit.DAY, _zone())
    returned = _purchases.c.amount_returned
    wholly_returned = (_purchases.c.amount > 0) & (returned == _purchases.c.amount)
    spent = cast(func.sum(_purchases.c.amount - returned), BigInteger)
    return (
        select(
            func.max(_purchases.c.local_date).label("last_day"),
            func.count().label("receipts"),
            spent.label("spent"),
        )
        .join(_members, _members.c.id == _purchases.c.member_id)
        .where(
            _members.c.closed_at.is_(None),
            _purchases.c.voided_at.is_(None),
            _purchases.c.purchased_at >= since,
            _purchases.c.purchased_at < as_of,
            ~wholly_returned,
        )
        .group_by(_purchases.c.member_id)
        .cte("buyers")
    )


def _zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.extensions["settings"].time_zone
    return zone
