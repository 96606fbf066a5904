"""The ledger: every change of a member's points is an entry, and every point has a lot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    bindparam,
    func,
    literal,
    select,
    type_coerce,
    update,
)

from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many, insert_many, values_table
from loyalty.core.db import UtcDateTime, connection, db, table_of
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.points.models import IS_OPEN, EntryKind, LotAllocation, PointEntry, PointLot
from loyalty.points.rules import OpenLot, balance_shown, repay, take


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """Points that one purchase brings."""

    member: LockedMember
    purchase_id: int
    points: int
    rule_version: int
    inputs: dict[str, Any]
    occurred_at: datetime
    expires_at: datetime | None


def earn(earnings: Sequence[Earning], *, now: datetime) -> None:
    """Write the entries and lots of purchases; debts are repaid first.

    The members are locked by the caller and carry their new standing afterwards.
    A purchase that earns 0 has no entry.
    """
    earnings = [earning for earning in earnings if earning.points]
    if not earnings:
        return
    actor = current_actor().label
    entry_ids = insert_many(
        table_of(PointEntry), [_earn_entry(earning, actor, now) for earning in earnings]
    )
    lots: list[dict[str, Any]] = []
    repaid: list[dict[str, Any]] = []
    changes: dict[int, tuple[LockedMember, int, int]] = {}
    for entry_id, earning in zip(entry_ids, earnings, strict=True):
        member = earning.member
        to_debt = repay(earning.points, member.debt)
        member.points += earning.points
        member.debt -= to_debt
        lots.append(_lot(entry_id, earning, earning.points - to_debt))
        if to_debt:
            repaid.append({"entry_id": entry_id, "lot_id": entry_id, "points": to_debt})
        _, points, debt = changes.get(member.id, (member, 0, 0))
        changes[member.id] = (member, points + earning.points, debt - to_debt)
    append_many(table_of(PointLot), lots)
    append_many(table_of(LotAllocation), repaid)
    _change_standing(changes, now)


def earning_of(purchase_id: int, member_id: int) -> Row[Any] | None:
    """The entry (points, rule_version, inputs) by which a member holds a purchase's points."""
    return db.session.execute(
        select(PointEntry.points, PointEntry.rule_version, PointEntry.inputs)
        .filter_by(purchase_id=purchase_id, member_id=member_id, kind=EntryKind.EARN)
        .order_by(PointEntry.id.desc())
        .limit(1)
    ).first()


def reverse_purchase(
    member: LockedMember, purchase_id: int, *, reason: str | None, now: datetime
) -> int:
    """Take back what a purchase earned its member; returns how many points.

    From the purchase's own lot first, then other lots, soonest expiry first;
    what is missing becomes debt. The caller holds the member's lock.
    """
    entries = db.session.execute(
        select(PointEntry.id, PointEntry.points, PointEntry.rule_version)
        .filter_by(purchase_id=purchase_id, member_id=member.id)
        .order_by(PointEntry.id)
    ).all()
    points = sum(entry.points for entry in entries)
    if points == 0:
        return 0
    own = [entry.id for entry in entries if entry.points > 0]
    taken, missing = take(points, _open_lots(member.id, own))
    [entry_id] = insert_many(
        table_of(PointEntry),
        [
            {
                "member_id": member.id,
                "kind": EntryKind.REVERSE_EARN,
                "points": -points,
                "purchase_id": purchase_id,
                "rule_version": entries[-1].rule_version,
                "reason": reason,
                "actor": current_actor().label,
                "occurred_at": now,
                "recorded_at": now,
            }
        ],
    )
    for part in taken:
        db.session.execute(
            update(PointLot)
            .where(PointLot.entry_id == part.lot_id)
            .values(remaining=PointLot.remaining - part.points)
        )
    append_many(
        table_of(LotAllocation),
        [{"entry_id": entry_id, "lot_id": part.lot_id, "points": part.points} for part in taken],
    )
    member.points -= points
    member.debt += missing
    _change_standing({member.id: (member, -points, missing)}, now)
    return points


def shown(member: LockedMember, *, now: datetime) -> int:
    """The balance of a locked member as people see it."""
    if member.shown is None:
        query = _EXPIRED.where(_lots.c.member_id == member.id)
        expired = connection().scalar(query, {"now": now}) or 0
        member.shown = balance_shown(member.points, member.debt, int(expired))
    return member.shown


def shown_points(now: datetime) -> ColumnElement[int]:
    """The balance shown as SQL beside `members`; below 0 reads as 0."""
    return _shown_column(literal(now, UtcDateTime))


_lots = table_of(PointLot)
_members = table_of(Member)
_EXPIRED = select(func.coalesce(func.sum(_lots.c.remaining), 0)).where(
    IS_OPEN, _lots.c.expires_at <= bindparam("now")
)


def _shown_column(now: ColumnElement[datetime]) -> ColumnElement[int]:
    expired = (
        select(func.coalesce(func.sum(_lots.c.remaining), 0))
        .where(
            _lots.c.member_id == _members.c.id,
            IS_OPEN,
            _lots.c.expires_at <= now,
        )
        .correlate(_members)
        .scalar_subquery()
    )
    return _members.c.points + _members.c.debt - type_coerce(expired, BigInteger)


_CHANGE_ONE = (
    update(_members)
    .where(_members.c.id == bindparam("member_id"))
    .values(
        points=_members.c.points + bindparam("add_points"),
        debt=_members.c.debt + bindparam("add_debt"),
    )
    .returning(_shown_column(bindparam("now", type_=UtcDateTime)))
)


def _earn_entry(earning: Earning, actor: str, now: datetime) -> dict[str, Any]:
    return {
        "member_id": earning.member.id,
        "kind": EntryKind.EARN,
        "points": earning.points,
        "purchase_id": earning.purchase_id,
        "rule_version": earning.rule_version,
        "inputs": earning.inputs,
        "actor": actor,
        "occurred_at": earning.occurred_at,
        "recorded_at": now,
    }


def _lot(entry_id: int, earning: Earning, remaining: int) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "member_id": earning.member.id,
        "points": earning.points,
        "remaining": remaining,
        "expires_at": earning.expires_at,
    }


def _open_lots(member_id: int, first: Sequence[int]) -> list[OpenLot]:
    """Lots with something left: `first`, then soonest expiry, then oldest."""
    rows = db.session.execute(
        select(PointLot.entry_id, PointLot.remaining, PointLot.expires_at)
        .where(PointLot.member_id == member_id, IS_OPEN)
        .order_by(
            PointLot.entry_id.in_(first).desc(),
            PointLot.expires_at.asc().nulls_last(),
            PointLot.entry_id,
        )
    )
    return [OpenLot(row.entry_id, row.remaining) for row in rows]


def _change_standing(changes: Mapping[int, tuple[LockedMember, int, int]], now: datetime) -> None:
    """Add (points, debt) to members, in one statement; one member learns its balance."""
    if len(changes) == 1:
        [(member, points, debt)] = changes.values()
        shown = connection().scalar(
            _CHANGE_ONE,
            {"member_id": member.id, "add_points": points, "add_debt": debt, "now": now},
        )
        member.shown = max(0, int(shown or 0))
        return
    change = values_table(
        "change",
        {"member_id": Integer(), "points": BigInteger(), "debt": BigInteger()},
        [(member_id, points, debt) for member_id, (_, points, debt) in changes.items()],
    )
    connection().execute(
        update(_members)
        .where(_members.c.id == change.c.member_id)
        .values(points=_members.c.points + change.c.points, debt=_members.c.debt + change.c.debt)
    )
