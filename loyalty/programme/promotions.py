"""The promotions of the programme: begin and end them. What they brought whom:
`purchases.earning_promotions`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import db, lock_name
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PROMOTIONS_AT_ONCE
from loyalty.programme import service as programme
from loyalty.programme.models import Promotion
from loyalty.programme.naming import check_names


def all_promotions() -> list[dict[str, Any]]:
    """As `PromotionSchema` shows them, the newest first."""
    now = clock.now()
    rows = db.session.scalars(select(Promotion).order_by(Promotion.id.desc()))
    return [_view(row, now) for row in rows]


def create(
    *,
    name: str,
    terms: Mapping[str, Any],
    ends_at: datetime,
    starts_at: datetime | None = None,
    budget: int | None = None,
) -> dict[str, Any]:
    """Add a promotion for purchases from `starts_at` (None: now) until before `ends_at`; `terms`
    as `TermsOfPromotionSchema` loads them. Raises `invalid_time`, `invalid_rule`."""
    now = clock.now()
    starts_at = starts_at or now
    if ends_at <= max(starts_at, now):
        raise Problem(Code.INVALID_TIME, field="ends_at")
    check_names({"terms": terms}, programme.snapshot())
    lock_name("programme")
    _check_not_too_many(now)
    added = Promotion(
        name=name,
        terms=dict(terms),
        starts_at=starts_at,
        ends_at=ends_at,
        budget=budget,
        given=0,
        created_by=current_actor().label,
        created_at=now,
    )
    db.session.add(added)
    programme.touch()
    audit.record("promotion.create", "promotion", added.id)
    return _view(added, now)


def end(promotion_id: int) -> dict[str, Any]:
    """End it now: what was bought before earned by it. Raises `unknown_promotion`,
    `promotion_ended`."""
    now = clock.now()
    lock_name("programme")
    promotion = db.session.get(Promotion, promotion_id, populate_existing=True)
    if promotion is None:
        raise Problem(Code.UNKNOWN_PROMOTION)
    if promotion.ends_at <= now:
        raise Problem(Code.PROMOTION_ENDED)
    # One that has not begun lasts the least that a time can say: it was there, and brought nothing.
    promotion.starts_at = min(promotion.starts_at, now - timedelta(microseconds=1))
    promotion.ends_at = now
    programme.touch()
    audit.record("promotion.end", "promotion", promotion_id)
    return _view(promotion, now)


def _check_not_too_many(now: datetime) -> None:
    standing = db.session.scalar(select(func.count()).where(Promotion.ends_at > now)) or 0
    if standing >= PROMOTIONS_AT_ONCE:
        detail = gettext(
            "There are %(most)s promotions already: end some first.", most=PROMOTIONS_AT_ONCE
        )
        raise Problem(Code.INVALID_REQUEST, detail=detail)


def _view(row: Promotion, now: datetime) -> dict[str, Any]:
    state = "coming" if now < row.starts_at else "running" if now < row.ends_at else "ended"
    return {
        "id": row.id,
        "name": row.name,
        "terms": row.terms,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "budget": row.budget,
        "given": None if row.budget is None else row.given,
        "state": state,
    }
