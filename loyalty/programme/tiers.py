"""The tiers of the programme: add, change and end them. Who is in which: `purchases.tiers`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import db, lock_name
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import TIERS
from loyalty.programme import service as programme
from loyalty.programme.conditions import Conditions
from loyalty.programme.models import Tier
from loyalty.programme.rules import TierView
from loyalty.programme.tier_review import queue_review

IS_NEEDED = "tier_is_needed"
"""Name of the seam: rewards hand in whether one that is offered is for a tier (an id)."""


def all_tiers() -> list[dict[str, Any]]:
    """`{slug, name, threshold, multiplier_percent}`, from the lowest to the highest."""
    return [_view(tier) for tier in programme.snapshot().tiers]


def get(slug: str) -> dict[str, Any]:
    """Raises `unknown_tier`."""
    for tier in programme.snapshot().tiers:
        if tier.slug == slug:
            return _view(tier)
    raise Problem(Code.UNKNOWN_TIER)


def create(*, slug: str, name: str, threshold: int, multiplier_percent: int) -> dict[str, Any]:
    """Add a tier. Raises `tier_exists` where slug or threshold is another one's."""
    now = clock.now()
    standing = _standing()
    if slug in standing:
        raise Problem(Code.TIER_EXISTS, field="slug")
    if len(standing) >= TIERS:
        detail = gettext("There are %(most)s tiers already: delete some first.", most=TIERS)
        raise Problem(Code.INVALID_REQUEST, detail=detail)
    _check_threshold(threshold, standing.values())
    db.session.add(
        Tier(
            slug=slug,
            name=name,
            threshold=threshold,
            multiplier_percent=multiplier_percent,
            created_at=now,
        )
    )
    _changed("tier.create", slug)
    queue_review(now)
    return get(slug)


def change(slug: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Another name, threshold or multiplier; the slug stays. Raises `unknown_tier`,
    `tier_exists`."""
    standing = _standing()
    tier = standing.pop(slug, None)
    if tier is None:
        raise Problem(Code.UNKNOWN_TIER)
    fields = sorted(name for name, value in changes.items() if getattr(tier, name) != value)
    if "threshold" in fields:
        _check_threshold(changes["threshold"], standing.values())
    for name in fields:
        setattr(tier, name, changes[name])
    if fields:
        _changed("tier.change", slug, fields=fields)
    if "threshold" in fields:
        queue_review(clock.now())
    return get(slug)


def delete(slug: str) -> None:
    """End a tier: its members are in the one that they reach after a review. Its row stays, for
    what is told of the past. Raises `unknown_tier`, `tier_in_use`."""
    now = clock.now()
    tier = _standing().get(slug)
    if tier is None:
        raise Problem(Code.UNKNOWN_TIER)
    is_needed: Callable[[int], bool] = current_app.extensions[IS_NEEDED]
    if is_needed(tier.id) or any(slug in each.tiers for each in _conditions(now)):
        raise Problem(Code.TIER_IN_USE)
    tier.ended_at = now
    _changed("tier.delete", slug)
    queue_review(now)


def _standing() -> dict[str, Tier]:
    """By slug; the programme is held, so that no two people change its tiers at once."""
    lock_name("programme")
    rows = db.session.scalars(
        select(Tier).where(Tier.ended_at.is_(None)).execution_options(populate_existing=True)
    )
    return {tier.slug: tier for tier in rows}


def _check_threshold(threshold: int, others: Iterable[Tier]) -> None:
    if any(tier.threshold == threshold for tier in others):
        raise Problem(Code.TIER_EXISTS, field="threshold")


def _conditions(now: datetime) -> Iterator[Conditions]:
    """Those of the earning rules and promotions that are in force or to come."""
    current = programme.snapshot()
    oldest = current.rule_at(now).version
    for rule in current.rules:
        if rule.version >= oldest:
            yield from (special.when for special in rule.beside.rules)
    for promotion in current.promotions:
        if promotion.ends_at > now:
            yield promotion.read.when


def _changed(action: str, slug: str, **details: Any) -> None:
    programme.touch()
    audit.record(action, "tier", slug, **details)


def _view(tier: TierView) -> dict[str, Any]:
    return {name: value for name, value in asdict(tier).items() if name != "id"}
