"""What the business decided: read as one cached snapshot, changed version by version."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app, g
from sqlalchemy import Select, func, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import db, lock_name
from loyalty.core.errors import Code, Problem
from loyalty.programme.models import (
    EarningRule,
    ProgrammeSettings,
    Promotion,
    ReceiptPeriod,
    Receipts,
    Store,
    Tier,
)
from loyalty.programme.naming import check_names
from loyalty.programme.policy import read_policy
from loyalty.programme.rules import (
    EarningRuleView,
    Programme,
    PromotionView,
    StoreView,
    TierView,
    default_earning,
)


def revision_query() -> Select[Any]:
    """For the statement that authenticates: it brings the revision along (`note_revision`)."""
    return select(ProgrammeSettings.revision)


def note_revision(revision: str | None) -> None:
    """Spare this request the statement that would ask for the revision."""
    g.programme_revision = revision


def snapshot() -> Programme:
    """The programme as it is now; loaded again only when its revision changed."""
    revision = g.get("programme_revision") or db.session.scalar(revision_query()) or ""
    kept: Programme | None = current_app.extensions.get("programme")
    if kept is None or kept.revision != revision:
        kept = current_app.extensions["programme"] = _load()
    return kept


def store(code: str) -> StoreView:
    found = snapshot().stores.get(code)
    if found is None:
        raise Problem(Code.UNKNOWN_STORE, field="store")
    return found


def store_codes() -> dict[int, str]:
    """The code of every store by its id."""
    return {store.id: store.code for store in snapshot().stores.values()}


def tier_slug(tier_id: int | None) -> str | None:
    """What a member's tier is called in answers; None where there is none, or it ended."""
    tier = None if tier_id is None else snapshot().tier(tier_id)
    return tier.slug if tier else None


def set_up(*, shop_name: str, now: datetime) -> None:
    """Make the programme with its defaults; does nothing where there is one."""
    lock_name("programme")
    if db.session.get(ProgrammeSettings, 1) is not None:
        return
    points, per_amount = default_earning(current_app.extensions["settings"].currency)
    db.session.add(
        ProgrammeSettings(
            id=1,
            revision="",
            shop_name=shop_name,
            started_at=now,
        )
    )
    _add_rule(version=1, points=points, per_amount=per_amount, valid_from=now, now=now)
    touch()


def rename_shop(name: str) -> None:
    db.session.get_one(ProgrammeSettings, 1).shop_name = name
    touch()


def create_store(
    *, code: str, name: str, receipt_period: str = "forever", receipts: str = "required"
) -> Store:
    """Add a store; raises `store_exists`. `code` is what receipts and files name it by."""
    now = clock.now()
    set_up(shop_name=name, now=now)
    if db.session.scalar(select(Store.id).filter_by(code=code)) is not None:
        raise Problem(Code.STORE_EXISTS, field="code")
    added = Store(
        code=code,
        name=name,
        receipt_period=ReceiptPeriod(receipt_period),
        receipts=Receipts(receipts),
        created_at=now,
    )
    db.session.add(added)
    touch()
    audit.record("store.create", "store", code, store_id=added.id)
    return added


def rename_store(code: str, name: str) -> None:
    """What people call the store; its code stays. Raises `unknown_store`."""
    row = db.session.scalar(select(Store).filter_by(code=code).with_for_update())
    if row is None:
        raise Problem(Code.UNKNOWN_STORE, field="store")
    if row.name != name:
        row.name = name
        touch()
        audit.record("store.rename", "store", code, store_id=row.id)


def earning_rules() -> list[dict[str, Any]]:
    """Every version as `RuleViewSchema` shows it, the newest first."""
    current = snapshot()
    in_force = current.rule_at(clock.now()).version
    names = ("version", "points", "per_amount", "special", "valid_from")
    return [
        {**{name: getattr(rule, name) for name in names}, "in_force": rule.version == in_force}
        for rule in reversed(current.rules)
    ]


def create_earning_rule(
    *,
    points: int,
    per_amount: int,
    valid_from: datetime,
    special: Mapping[str, Any] | None = None,
) -> int:
    """Add the next version of the earning rule; returns its number. `special` as
    `SpecialSchema` loads it.

    Versions follow one another in time: one that would begin before its
    predecessor is refused. Raises `invalid_rule` where it names what is not there.
    """
    check_names({"special": special}, snapshot())
    lock_name("programme")
    last = db.session.scalar(select(func.max(EarningRule.version))) or 0
    latest = db.session.get(EarningRule, last)
    if latest is not None and valid_from < latest.valid_from:
        raise Problem(Code.INVALID_TIME, field="valid_from")
    version = last + 1
    _add_rule(
        version=version,
        points=points,
        per_amount=per_amount,
        special=dict(special) if special else None,
        valid_from=valid_from,
        now=clock.now(),
    )
    touch()
    audit.record("earning_rule.create", "earning_rule", version)
    return version


def _add_rule(
    *,
    version: int,
    points: int,
    per_amount: int,
    valid_from: datetime,
    now: datetime,
    special: dict[str, Any] | None = None,
) -> None:
    db.session.add(
        EarningRule(
            version=version,
            points=points,
            per_amount=per_amount,
            special=special,
            valid_from=valid_from,
            created_at=now,
            created_by=current_actor().label,
        )
    )


def touch() -> None:
    """A new revision, random so that no two histories share one."""
    # Flush: the settings row may have been added in this very transaction.
    db.session.flush()
    settings = db.session.get_one(ProgrammeSettings, 1)
    settings.revision = secrets.token_hex(16)
    db.session.flush()
    g.pop("programme_revision", None)


_STANDING_TIERS = select(Tier).where(Tier.ended_at.is_(None)).order_by(Tier.threshold)


def _load() -> Programme:
    settings = db.session.get(ProgrammeSettings, 1, populate_existing=True)
    if settings is None:
        return _not_set_up()
    stores = db.session.scalars(select(Store)).all()
    rules = db.session.scalars(select(EarningRule).order_by(EarningRule.version)).all()
    return Programme(
        revision=settings.revision,
        shop_name=settings.shop_name,
        started_at=settings.started_at,
        stores={row.code: _store_view(row) for row in stores},
        rules=tuple(
            EarningRuleView(
                version=row.version,
                points=row.points,
                per_amount=row.per_amount,
                valid_from=row.valid_from,
                special=row.special,
            )
            for row in rules
        ),
        policy=read_policy(settings.settings),
        tiers=tuple(map(_tier_view, db.session.scalars(_STANDING_TIERS))),
        promotions=tuple(
            map(_promotion_view, db.session.scalars(select(Promotion).order_by(Promotion.id)))
        ),
    )


def _tier_view(row: Tier) -> TierView:
    return TierView(
        id=row.id,
        slug=row.slug,
        name=row.name,
        threshold=row.threshold,
        multiplier_percent=row.multiplier_percent,
    )


def _promotion_view(row: Promotion) -> PromotionView:
    return PromotionView(
        id=row.id,
        name=row.name,
        terms=row.terms,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        budget=row.budget,
    )


def _not_set_up() -> Programme:
    """Before the first store: no store to buy at, and the default rule."""
    points, per_amount = default_earning(current_app.extensions["settings"].currency)
    now = clock.now()
    rule = EarningRuleView(version=1, points=points, per_amount=per_amount, valid_from=now)
    return Programme(
        revision="",
        shop_name="",
        started_at=now,
        stores={},
        rules=(rule,),
    )


def _store_view(row: Store) -> StoreView:
    return StoreView(
        id=row.id,
        code=row.code,
        name=row.name,
        receipt_period=ReceiptPeriod(row.receipt_period),
        prints_receipts=row.receipts == Receipts.REQUIRED,
    )
