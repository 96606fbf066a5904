"""Why an entry of the ledger is what it is: for ever, since it keeps what its rule was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import select

from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.points.models import EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.programme import service as programme
from loyalty.staff.naming import names_of

_MERGES = (EntryKind.MERGE_OUT, EntryKind.MERGE_IN)


def entry(entry_id: int) -> dict[str, Any]:
    """One entry with `why`; raises `unknown_entry`."""
    found = db.session.get(PointEntry, entry_id)
    if found is None:
        raise Problem(Code.UNKNOWN_ENTRY)
    return {"entry": found, "why": _by_rule(found) | _in_lots(found) | {"by": _by(found.actor)}}


def _by_rule(found: PointEntry) -> dict[str, Any]:
    """The rule that counted, and what it was given."""
    inputs = found.inputs or {}
    return {
        "rule": _rule(found.rule_version),
        "special_rule": _special(found.rule_version, inputs.get("rule")),
        "inputs": found.inputs,
        "rounding": "down, once per receipt" if found.rule_version else None,
        "tier": inputs.get("tier"),
        "promotions": _promotions(inputs.get("promotions", ())),
        "bonus": inputs.get("bonus"),
        "return_id": inputs.get("return"),
    }


def _rule(version: int | None) -> dict[str, Any] | None:
    if version is None:
        return None
    rule = programme.snapshot().rule(version)
    return {
        "version": version,
        "points": rule.points,
        "per_amount": rule.per_amount,
        "currency": current_app.extensions["settings"].currency,
    }


def _special(version: int | None, place: int | None) -> Mapping[str, Any] | None:
    """The rule beside the basic one that applied, as it was written."""
    if version is None or place is None:
        return None
    written = programme.snapshot().rule(version).special or {}
    special: Mapping[str, Any] = written["rules"][place]
    return special


def _promotions(used: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    current = programme.snapshot()
    return [
        {"id": each["id"], "name": current.promotion(each["id"]).name, "points": each["points"]}
        for each in used
    ]


def _in_lots(found: PointEntry) -> dict[str, Any]:
    """The lot that it brought, what it took from lots or put back, and what a debt had of it."""
    lot = db.session.get(PointLot, found.id)
    parts = db.session.execute(
        select(LotAllocation.lot_id, LotAllocation.points)
        .where(LotAllocation.entry_id == found.id)
        .order_by(LotAllocation.lot_id)
    ).all()
    brought = lot.points if lot else 0
    into_lots = brought - sum(part.points for part in parts)
    more_debt = 0 if found.kind in _MERGES else into_lots - found.points
    return {
        "lot": lot,
        "taken_from": [_part(part.lot_id, part.points) for part in parts if part.points > 0],
        "put_back": [_part(part.lot_id, -part.points) for part in parts if part.points < 0],
        "debt_made": max(0, more_debt),
        "debt_repaid": max(0, -more_debt),
    }


def _part(lot_id: int, points: int) -> dict[str, int]:
    return {"lot": lot_id, "points": points}


def _by(actor: str) -> dict[str, Any]:
    return {"actor": actor, "name": names_of([actor]).get(actor)}
