"""Earning: an entry and a lot for each purchase, and the member's new balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, insert, select

from loyalty.core.access import current_actor
from loyalty.core.bulk import insert_many
from loyalty.core.db import connection, is_postgresql, table_of
from loyalty.members.service import LockedMember
from loyalty.points.crediting import credit
from loyalty.points.models import EntryKind, PointEntry, PointLot
from loyalty.points.standing import CHANGE_ONE, Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """Points that come in: by a purchase, or (`kind`) otherwise. `spend` counts towards the
    tier."""

    member: LockedMember
    points: int
    occurred_at: datetime
    expires_at: datetime | None
    kind: EntryKind = EntryKind.EARN
    purchase_id: int | None = None
    rule_version: int | None = None
    inputs: dict[str, Any] | None = None
    reason: str | None = None
    spend: int = 0


def earn(earnings: Sequence[Earning], *, now: datetime) -> None:
    """Write the entries and lots of purchases; debts are repaid first.

    The members are locked by the caller and carry their new standing afterwards.
    A purchase that earns 0 has no entry, and counts towards the tier all the same.
    """
    _count_spend([earning for earning in earnings if not earning.points], now=now)
    earnings = [earning for earning in earnings if earning.points]
    if not earnings:
        return
    actor = current_actor().label
    if len(earnings) == 1 and not earnings[0].member.debt and is_postgresql():
        _earn_at_once(earnings[0], actor, now)
        return
    entry_ids = insert_many(
        table_of(PointEntry), [_earn_entry(earning, actor, now) for earning in earnings]
    )
    credit(entry_ids, earnings, now=now)


def _count_spend(earnings: Sequence[Earning], *, now: datetime) -> None:
    changes = Changes()
    for earning in earnings:
        if earning.spend:
            changes.add(earning.member, spend=earning.spend)
    changes.write(now=now)


def _earn_entry(earning: Earning, actor: str, now: datetime) -> dict[str, Any]:
    return {
        "member_id": earning.member.id,
        "kind": earning.kind,
        "points": earning.points,
        "purchase_id": earning.purchase_id,
        "rule_version": earning.rule_version,
        "inputs": earning.inputs,
        "reason": earning.reason,
        "actor": actor,
        "occurred_at": earning.occurred_at,
        "recorded_at": now,
    }


def _earn_at_once(earning: Earning, actor: str, now: datetime) -> None:
    """The same for one purchase of a member without debt, in one round trip: the till and
    the POS wait for it. Only PostgreSQL lets one statement write three tables."""
    member = earning.member
    shown = connection().scalar(
        _EARN_AT_ONCE,
        {
            **_earn_entry(earning, actor, now),
            "expires_at": earning.expires_at,
            "add_points": earning.points,
            "add_debt": 0,
            "add_held": 0,
            "add_tier_spend": earning.spend,
            "now": now,
        },
    )
    # The statement does not see the lot it writes, which history brings in expired.
    lapsed = earning.expires_at is not None and earning.expires_at <= now
    member.points += earning.points
    member.tier_spend += earning.spend
    member.shown = max(0, int(shown or 0) - (earning.points if lapsed else 0))


_ENTRY_COLUMNS = (
    *("member_id", "kind", "points", "purchase_id", "rule_version", "inputs", "reason"),
    *("actor", "occurred_at", "recorded_at"),
)


def _earning_statement() -> Select[int]:
    entries, lots = table_of(PointEntry), table_of(PointLot)
    given = {name: bindparam(name, type_=entries.c[name].type) for name in _ENTRY_COLUMNS}
    entry = insert(entries).values(given).returning(entries.c.id).cte("entry")
    lot = (
        insert(lots)
        .values(
            entry_id=select(entry.c.id).scalar_subquery(),
            member_id=bindparam("member_id"),
            points=bindparam("points"),
            remaining=bindparam("points"),
            expires_at=bindparam("expires_at"),
        )
        .cte("lot")
    )
    change = CHANGE_ONE.cte("change")
    return select(change.c.shown).add_cte(entry, lot)


_EARN_AT_ONCE = _earning_statement()
