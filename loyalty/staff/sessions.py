"""Signing in at a browser: a row that can be ended, so that a copied cookie is worth nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import has_request_context, request
from sqlalchemy import ColumnElement, delete, or_, select, update

from loyalty.core.codes import fingerprint, random_secret
from loyalty.core.db import db
from loyalty.staff.models import StaffSession, StaffUser

LONGEST = timedelta(hours=18)
"""A working day: each begins with the password."""
IDLE = timedelta(hours=8)
"""How long a browser may be left alone; when it was last seen stands in its signed cookie."""
_PREFIX = "ses"


@dataclass(frozen=True, kw_only=True)
class OpenSession:
    """One sign-in as its person sees it; `is_this`: at the browser that asks."""

    began_at: datetime
    address: str | None
    by_pin: bool
    is_this: bool


def begin(user: StaffUser, *, now: datetime) -> str:
    """Open a session by password; returns its token, which only the browser keeps."""
    return _add(user, opened_by=user.id, by_pin=False, now=now, expires_at=now + LONGEST)


def take_over(user: StaffUser, here: StaffSession, *, now: datetime) -> str:
    """Open a session by PIN in place of the one at this till, which ends. It lasts no longer
    than that one would have: so each working day begins with a password."""
    here.ended_at = now
    return _add(user, opened_by=here.opened_by, by_pin=True, now=now, expires_at=here.expires_at)


def _add(
    user: StaffUser, *, opened_by: int, by_pin: bool, now: datetime, expires_at: datetime
) -> str:
    token = random_secret(_PREFIX)
    db.session.add(
        StaffSession(
            staff_id=user.id,
            token_hash=fingerprint(token),
            by_pin=by_pin,
            opened_by=opened_by,
            address=request.remote_addr if has_request_context() else None,
            began_at=now,
            expires_at=expires_at,
        )
    )
    user.signed_in_at = now
    return token


def find(token: str, *, now: datetime, lock: bool = False) -> tuple[StaffUser, StaffSession] | None:
    """The person of an open session and the session; None once it ended or expired, or the
    person is no longer active. Locked, it ends for nobody else in the meantime."""
    query = (
        select(StaffUser, StaffSession)
        .join(StaffSession, StaffSession.staff_id == StaffUser.id)
        .where(StaffSession.token_hash == fingerprint(token), *_is_open(now), StaffUser.active)
    )
    if lock:
        query = query.with_for_update(of=StaffSession)
    found = db.session.execute(query).first()
    return None if found is None else (found[0], found[1])


def open_of(staff_id: int, *, token: str | None, now: datetime) -> list[OpenSession]:
    """Where a person is signed in, the newest first; `token` is of the session that asks."""
    rows = db.session.scalars(
        select(StaffSession)
        .where(StaffSession.staff_id == staff_id, *_is_open(now))
        .order_by(StaffSession.id.desc())
    )
    this = fingerprint(token) if token is not None else ""
    return [
        OpenSession(
            began_at=row.began_at,
            address=row.address,
            by_pin=row.by_pin,
            is_this=row.token_hash == this,
        )
        for row in rows
    ]


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return StaffSession.ended_at.is_(None), StaffSession.expires_at > now


def end(token: str, *, now: datetime) -> int | None:
    """End the session; returns whose it was, None where none was open."""
    return db.session.scalar(
        update(StaffSession)
        .where(StaffSession.token_hash == fingerprint(token), StaffSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(StaffSession.staff_id)
    )


def end_all(staff_id: int, *, now: datetime, but: str | None = None) -> None:
    """Sign a person out everywhere; `but` is the token of the session that stays."""
    stays = fingerprint(but) if but is not None else ""
    db.session.execute(
        update(StaffSession)
        .where(
            StaffSession.staff_id == staff_id,
            StaffSession.ended_at.is_(None),
            StaffSession.token_hash != stays,
        )
        .values(ended_at=now)
    )


def forget_old(now: datetime) -> int:
    """Delete sessions that are over; returns how many. Who signed in when is in the log."""
    over = or_(StaffSession.expires_at <= now, StaffSession.ended_at.is_not(None))
    result = db.session.execute(delete(StaffSession).where(over))
    return result.rowcount  # type: ignore[attr-defined]
