"""The ledger: every change of a member's points is an entry, and every point has a lot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from loyalty.core.db import connection, table_of
from loyalty.members.service import LockedMember
from loyalty.points.earning import Earning, earn
from loyalty.points.entries import allocate, write_entry
from loyalty.points.models import IS_OPEN, EntryKind, PendingPoints, PointEntry, PointLot
from loyalty.points.standing import Changes

_entries = table_of(PointEntry)
_pending = table_of(PendingPoints)


@dataclass(frozen=True, kw_only=True)
class Earned:
    """By what a purchase earned. `ends_at`: until when its points wait, if they do and it is
    known."""

    rule_version: int | None
    inputs: dict[str, Any]
    ends_at: datetime | None = None


def earning_of(purchase_id: int) -> Earned | None:
    """By what the purchase earned whoever has it now; None where it brought nothing."""
    in_ledger = (
        select(_entries.c.rule_version, _entries.c.inputs)
        .where(
            _entries.c.purchase_id == purchase_id,
            _entries.c.kind.in_((EntryKind.EARN, EntryKind.ACTIVATE)),
        )
        .order_by(_entries.c.id.desc())
    )
    waiting = select(_pending.c.rule_version, _pending.c.inputs, _pending.c.ends_at).where(
        _pending.c.purchase_id == purchase_id
    )
    for query in (waiting, in_ledger):
        row = connection().execute(query.limit(1)).first()
        if row is not None:
            return Earned(**row._asdict())
    return None


def end_account(member: LockedMember, *, reason: str, now: datetime) -> None:
    """Bring a member to nothing: what lots have left expires, debt is forgiven.

    `reason` is a code such as `erased`. The caller holds the member's lock, and has ended its
    holds and what is pending.
    """
    left = {
        row.entry_id: row.remaining for row in connection().execute(_OPEN, {"member_id": member.id})
    }
    lost = sum(left.values())
    if lost:
        entry_id = write_entry(member.id, EntryKind.EXPIRE, -lost, now=now, reason=reason)
        allocate(entry_id, left)
        changes = Changes()
        changes.add(member, points=-lost)
        changes.write(now=now)
    _forgive(member, reason=reason, now=now)


def _forgive(member: LockedMember, *, reason: str, now: datetime) -> None:
    """Points as many as the debt come in, and repay it."""
    debt = Earning(
        member=member,
        points=member.debt,
        kind=EntryKind.ADJUST,
        reason=reason,
        occurred_at=now,
        expires_at=None,
    )
    earn([debt], now=now)


_lots = table_of(PointLot)
_OPEN = select(_lots.c.entry_id, _lots.c.remaining).where(
    _lots.c.member_id == bindparam("member_id"), IS_OPEN
)
