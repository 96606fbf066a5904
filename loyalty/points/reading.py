"""The ledger as people and programs read it."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import func, select

from loyalty.core import clock
from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS
from loyalty.members import service as members
from loyalty.members.models import Member
from loyalty.points.models import IS_OPEN, LotAllocation, PointEntry, PointLot
from loyalty.points.rules import balance_shown
from loyalty.programme import service as programme

EXPIRING_SHOWN = 50


def standing(member_id: int) -> dict[str, Any]:
    """`{balance, held, available, debt, expiring}`; raises `unknown_member`."""
    members.get(member_id)
    now = clock.now()
    row = db.session.execute(select(Member.points, Member.debt).filter_by(id=member_id)).one()
    open_lots = select(PointLot).where(PointLot.member_id == member_id, IS_OPEN)
    expired = db.session.scalar(
        select(func.coalesce(func.sum(PointLot.remaining), 0)).where(
            PointLot.member_id == member_id, IS_OPEN, PointLot.expires_at <= now
        )
    )
    balance = balance_shown(row.points, row.debt, int(expired or 0))
    expiring = db.session.execute(
        open_lots.with_only_columns(PointLot.expires_at, func.sum(PointLot.remaining))
        .where(PointLot.expires_at > now)
        .group_by(PointLot.expires_at)
        .order_by(PointLot.expires_at)
        .limit(EXPIRING_SHOWN)
    )
    return {
        "balance": balance,
        "held": 0,
        "available": balance,
        "debt": row.debt,
        "expiring": [{"points": int(points), "expires_at": at} for at, points in expiring],
    }


def entries(member_id: int, *, before: int | None) -> dict[str, Any]:
    """A page of a member's entries, newest first; `before` is the cursor of the last page."""
    members.get(member_id)
    query = select(PointEntry).where(PointEntry.member_id == member_id)
    if before is not None:
        query = query.where(PointEntry.id < before)
    found = db.session.scalars(query.order_by(PointEntry.id.desc()).limit(PAGE_ROWS + 1)).all()
    page = found[:PAGE_ROWS]
    more = len(found) > PAGE_ROWS
    return {"items": page, "next": str(page[-1].id) if more else None}


def entry(entry_id: int) -> dict[str, Any]:
    """One entry with `why`: rule and version, inputs, rounding, lots."""
    found = db.session.get(PointEntry, entry_id)
    if found is None:
        raise Problem(Code.UNKNOWN_ENTRY)
    lot = db.session.get(PointLot, entry_id)
    taken = db.session.execute(
        select(LotAllocation.lot_id, LotAllocation.points)
        .where(LotAllocation.entry_id == entry_id)
        .order_by(LotAllocation.lot_id)
    )
    why = {
        "rule": _rule(found.rule_version),
        "inputs": found.inputs,
        "rounding": "down, once per receipt",
        "lot": lot,
        "taken_from": [{"lot": lot_id, "points": points} for lot_id, points in taken],
    }
    return {"entry": found, "why": why}


def _rule(version: int | None) -> dict[str, Any] | None:
    if version is None:
        return None
    rule = programme.snapshot().rule(version)
    currency = current_app.extensions["settings"].currency
    return {
        "version": version,
        "points": rule.points,
        "per_amount": rule.per_amount,
        "currency": currency,
    }
