"""Spending by hand, through the ledger alone: what a redemption does to points, and its row."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import db, in_transaction
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points import spending, taking_back
from loyalty.purchases.models import Purchase
from loyalty.rewards.models import Redemption, State

T = TypeVar("T")


def spend(app: Flask, member_id: int, points: int) -> int:
    """Hold and capture `points`; returns the redemption's id."""
    redemption_id = hold(app, member_id, points)
    capture(app, redemption_id, points)
    return redemption_id


def locked(app: Flask, member_id: int, act: Callable[[LockedMember], T]) -> T:
    """`act` on the locked member, in a transaction of its own."""
    with app.app_context():
        return in_transaction(lambda: act(members.lock([member_id])[member_id]))


def hold(app: Flask, member_id: int, points: int) -> int:
    now = clock.now()

    def act(member: LockedMember) -> int:
        made = _row(member_id, points, now)
        db.session.add(made)
        db.session.flush()
        spending.hold(member, points, redemption_id=made.id, now=now)
        return made.id

    return locked(app, member_id, act)


def capture(app: Flask, redemption_id: int, points: int, *, purchase_id: int | None = None) -> None:
    def act(member: LockedMember, row: Redemption, now: datetime) -> None:
        row.state, row.captured, row.captured_at = State.CAPTURED, points, now
        db.session.flush()
        spending.capture(*(member, points), redemption_id=row.id, purchase_id=purchase_id, now=now)

    _change(app, redemption_id, act)


def release(app: Flask, redemption_id: int, *, ended_at: datetime | None = None) -> None:
    def act(member: LockedMember, row: Redemption, now: datetime) -> None:
        row.state = State.LAPSED if ended_at else State.VOIDED
        db.session.flush()
        spending.release(member, redemption_id=row.id, now=now, ended_at=ended_at)

    _change(app, redemption_id, act)


def restore(app: Flask, redemption_id: int, points: int) -> None:
    def act(member: LockedMember, row: Redemption, now: datetime) -> None:
        already, row.restored = row.restored, row.restored + points
        spending.restore(member, points, redemption_id=row.id, already=already, now=now)

    _change(app, redemption_id, act)


def take_back(app: Flask, bought: dict[str, Any], points: int) -> None:
    """That many points of a purchase (the answer that recorded it) are not due any more."""

    def act(member: LockedMember) -> None:
        purchase = db.session.get_one(Purchase, bought["purchase"]["id"])
        purchase.points_reversed += points
        taking_back.take_back(member, points, purchase_id=purchase.id, now=clock.now())

    locked(app, bought["member"]["id"], act)


def _change(
    app: Flask, redemption_id: int, act: Callable[[LockedMember, Redemption, datetime], None]
) -> None:
    with app.app_context():
        in_transaction(partial(_change_locked, redemption_id, act))


def _change_locked(
    redemption_id: int, act: Callable[[LockedMember, Redemption, datetime], None]
) -> None:
    query = select(Redemption.member_id).filter_by(id=redemption_id)
    member_id = db.session.scalars(query).one()
    member = members.lock([member_id])[member_id]
    act(member, db.session.get_one(Redemption, redemption_id), clock.now())


def _row(member_id: int, points: int, now: datetime) -> Redemption:
    return Redemption(
        member_id=member_id,
        code=secrets.token_hex(8),
        state=State.HELD,
        points=points,
        worth=0,
        expires_at=now + timedelta(minutes=15),
        created_by="system:0",
        created_at=now,
    )
