"""Points that are earned and do not count yet: no entry stands for them before they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, true, update

from loyalty.core.access import current_actor
from loyalty.core.bulk import insert_many
from loyalty.core.db import connection, in_transaction, table_of
from loyalty.core.limits import BATCH_ROWS
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points.earning import Earning, earn
from loyalty.points.models import EntryKind, PendingPoints

_pending = table_of(PendingPoints)

Report = Callable[[int], None]
"""Told how many are done so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Points (at least 1) that a purchase, or a bonus, earned at `occurred_at`. They count from
    `ends_at` on; None: when a manager says so."""

    member: LockedMember
    points: int
    purchase_id: int | None
    rule_version: int | None
    inputs: dict[str, Any] | None
    occurred_at: datetime
    expires_at: datetime | None
    ends_at: datetime | None


def add(rows: Sequence[Pending], *, now: datetime) -> None:
    """The members are locked by the caller; their balances stay as they are."""
    actor = current_actor().label
    insert_many(_pending, [_row(each, actor, now) for each in rows])


def _row(each: Pending, actor: str, now: datetime) -> dict[str, Any]:
    return {
        "member_id": each.member.id,
        "purchase_id": each.purchase_id,
        "points": each.points,
        "rule_version": each.rule_version,
        "inputs": each.inputs,
        "occurred_at": each.occurred_at,
        "expires_at": each.expires_at,
        "ends_at": each.ends_at,
        "actor": actor,
        "created_at": now,
    }


def of_member(member_id: int) -> int:
    """What a member has pending."""
    return _sum(_pending.c.member_id == member_id)


def of_purchase(purchase_id: int) -> int:
    """What a purchase has pending."""
    return _sum(_pending.c.purchase_id == purchase_id)


def _sum(which: ColumnElement[bool]) -> int:
    points = connection().scalar(select(func.sum(_pending.c.points)).where(which))
    return int(points or 0)


def drop(purchase_id: int, points: int) -> int:
    """Of what a purchase has pending, up to `points` are due no more; returns how many went. The
    caller holds the member's lock."""
    dropped = 0
    rows = connection().execute(
        select(_pending.c.id, _pending.c.points)
        .where(_pending.c.purchase_id == purchase_id)
        .order_by(_pending.c.id.desc())
    )
    for row in rows.all():
        part = min(points - dropped, row.points)
        if part:
            _lower(row.id, by=part, of=row.points)
            dropped += part
    return dropped


def _lower(pending_id: int, *, by: int, of: int) -> None:
    its_row = _pending.c.id == pending_id
    if by == of:
        connection().execute(delete(_pending).where(its_row))
    else:
        connection().execute(update(_pending).where(its_row).values(points=of - by))


def wait(purchase_id: int, *, until: datetime) -> int:
    """What a purchase has pending counts from then on; returns how many points. The caller holds
    the member's lock."""
    its_own = _pending.c.purchase_id == purchase_id
    connection().execute(update(_pending).where(its_own).values(ends_at=until))
    return of_purchase(purchase_id)


def activate(member: LockedMember, *, purchase_id: int, now: datetime) -> int:
    """What a purchase has pending counts from now on; returns how many points. The caller holds
    the member's lock."""
    return _activate_of(member, _pending.c.purchase_id == purchase_id, now=now)


def activate_all(member: LockedMember, *, now: datetime) -> int:
    """The same for everything that a locked member has pending."""
    return _activate_of(member, true(), now=now)


def _activate_of(member: LockedMember, which: ColumnElement[bool], *, now: datetime) -> int:
    its_own = select(_pending).where(_pending.c.member_id == member.id, which)
    rows = connection().execute(its_own.order_by(_pending.c.id)).all()
    _bring_in(rows, {member.id: member}, now=now)
    return sum(row.points for row in rows)


def activate_due(now: datetime, *, report: Report | None = None) -> int:
    """Whatever was pending until now counts; returns how many rows. Opens a transaction for each
    step; safe to repeat, and to break off."""
    done, after = 0, 0
    while True:
        activated, last = in_transaction(partial(_activate_step, now=now, after=after))
        if last is None:
            return done
        done, after = done + activated, last
        if report is not None:
            report(done)


def _activate_step(*, now: datetime, after: int) -> tuple[int, int | None]:
    """How many were activated, and the last row that was looked at."""
    is_due = _pending.c.ends_at <= now
    found = connection().execute(
        select(_pending.c.id, _pending.c.member_id)
        .where(is_due, _pending.c.id > after)
        .order_by(_pending.c.id)
        .limit(BATCH_ROWS)
    )
    whose = {row.id: row.member_id for row in found}
    if not whose:
        return 0, None
    locked = members.lock(sorted(set(whose.values())))
    # Read again under the locks: a return may have dropped some, a merge moved others.
    mine = _pending.c.id.in_(whose) & _pending.c.member_id.in_(locked)
    rows = connection().execute(select(_pending).where(mine, is_due).order_by(_pending.c.id)).all()
    _bring_in(rows, locked, now=now)
    return len(rows), max(whose)


def _bring_in(rows: Sequence[Row[Any]], locked: dict[int, LockedMember], *, now: datetime) -> None:
    if not rows:
        return
    connection().execute(delete(_pending).where(_pending.c.id.in_([row.id for row in rows])))
    earn([_activation(row, locked[row.member_id], now) for row in rows], now=now)


def _activation(row: Row[Any], member: LockedMember, now: datetime) -> Earning:
    """Towards the tier it counted when it was bought."""
    return Earning(
        member=member,
        points=row.points,
        kind=EntryKind.ACTIVATE,
        purchase_id=row.purchase_id,
        rule_version=row.rule_version,
        inputs=row.inputs,
        occurred_at=now,
        expires_at=row.expires_at,
    )
