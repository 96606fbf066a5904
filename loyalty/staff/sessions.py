"""Signing in at a browser: a row that can be ended, so that a copied cookie is worth nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import has_request_context, request
from sqlalchemy import select, update

from loyalty.core.codes import fingerprint, random_secret
from loyalty.core.db import db
from loyalty.staff.models import StaffSession, StaffUser

LONGEST = timedelta(hours=18)
"""A working day: each begins with the password."""
IDLE = timedelta(hours=8)
_PREFIX = "ses"


def begin(user: StaffUser, *, by_pin: bool = False, now: datetime) -> str:
    """Open a session; returns its token, which only the browser keeps."""
    token = random_secret(_PREFIX)
    db.session.add(
        StaffSession(
            staff_id=user.id,
            token_hash=fingerprint(token),
            by_pin=by_pin,
            address=request.remote_addr if has_request_context() else None,
            began_at=now,
            expires_at=now + LONGEST,
        )
    )
    user.signed_in_at = now
    return token


def find(token: str, *, now: datetime) -> tuple[StaffUser, StaffSession] | None:
    """The person of an open session and the session; None once it ended or expired, or the
    person is no longer active."""
    found = db.session.execute(
        select(StaffUser, StaffSession)
        .join(StaffSession, StaffSession.staff_id == StaffUser.id)
        .where(
            StaffSession.token_hash == fingerprint(token),
            StaffSession.ended_at.is_(None),
            StaffSession.expires_at > now,
            StaffUser.active,
        )
    ).first()
    return None if found is None else (found[0], found[1])


def end(token: str, *, now: datetime) -> None:
    db.session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == fingerprint(token), StaffSession.ended_at.is_(None))
        .values(ended_at=now)
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
