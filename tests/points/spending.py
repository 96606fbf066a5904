"""Spending by hand: an entry and what it took from each lot, as a redemption will write it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select, update

from loyalty.core import clock
from loyalty.core.bulk import append_many, insert_many
from loyalty.core.db import db, table_of, transaction
from loyalty.members import service as members
from loyalty.members.models import Member
from loyalty.points.models import LotAllocation, PointEntry, PointLot
from loyalty.points.rules import OpenLot, take


def spend(app: Flask, member_id: int, amount: int) -> None:
    """Take `amount` points from the member's lots, soonest expiry first."""
    now = clock.now()
    with app.app_context(), transaction():
        members.lock([member_id])
        lots = db.session.execute(
            select(PointLot.entry_id, PointLot.remaining)
            .where(PointLot.member_id == member_id, PointLot.remaining > 0)
            .order_by(PointLot.expires_at.asc().nulls_last(), PointLot.entry_id)
        )
        taken, missing = take(amount, [OpenLot(*lot) for lot in lots])
        assert missing == 0, "more than there is"
        [entry_id] = insert_many(
            table_of(PointEntry),
            [
                {
                    "member_id": member_id,
                    "kind": "redeem",
                    "points": -amount,
                    "actor": "system:0",
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
            [{"entry_id": entry_id, "lot_id": p.lot_id, "points": p.points} for p in taken],
        )
        db.session.execute(
            update(Member).where(Member.id == member_id).values(points=Member.points - amount)
        )
