"""Signing in with a password: counted first, checked without a write lock, then opened.

Guesses are counted before they are checked, so that parallel ones do not slip through; who
turns out to be right gets the try back. A stranger's guesses fill the stranger's windows
only; a browser that the person signed in at before has a window of its own (`devices`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.codes import fingerprint
from loyalty.core.db import db, in_transaction, read
from loyalty.core.errors import Code, Problem
from loyalty.core.throttle import Limit, forgive, give_back, neighbourhood, spend
from loyalty.staff import passwords, sessions
from loyalty.staff.devices import Device
from loyalty.staff.models import StaffUser
from loyalty.staff.people import actor_of, record, row_of
from loyalty.staff.rules import normal_login

_MINUTES = 60
PER_LOGIN_AND_ADDRESS = Limit(name="sign-in as one by address", hits=5, seconds=15 * _MINUTES)
PER_ADDRESS = Limit(name="sign-in by address", hits=20, seconds=15 * _MINUTES)
PER_LOGIN = Limit(name="sign-in as one", hits=300, seconds=60 * _MINUTES)
PER_DEVICE = Limit(name="sign-in as one by known browser", hits=10, seconds=15 * _MINUTES)

Known = Row[int, str, bool]
Windows = tuple[tuple[Limit, str], ...]


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A session that was opened; `password_hash` marks the browser as known."""

    staff_id: int
    token: str
    password_hash: str


def sign_in(
    login: str, password: str, *, address: str, device: Device | None, instead_of: str | None
) -> SignedIn:
    """Open a session for the person with this login and password, and end that of the token
    `instead_of`. Not to be called within a transaction.

    Raises `wrong_login` for either being wrong, alike in words and time, and
    `too_many_requests`. A failure is in the audit log; what was typed is not.
    """
    name = _name_of(login)
    known = _known(name)
    windows = _windows(name, address, known, device)
    # In this order: whoever is refused by the narrowest uses up nothing that others share.
    full = [limit.name for limit, subject in windows if spend(limit, subject) == 0]
    is_right = passwords.matches(known.password_hash if known else None, password)
    if known is None or not known.active or not is_right:
        in_transaction(lambda: _note_failure(known, full))
        raise Problem(Code.WRONG_LOGIN)
    fresh = passwords.hashed(password) if passwords.is_outdated(known.password_hash) else None
    signed_in = in_transaction(lambda: _open(known, fresh, instead_of))
    _pay_back(windows)
    return signed_in


def _name_of(login: str) -> str:
    """What guesses at a login are counted under, whether it exists or not."""
    try:
        return normal_login(login)
    except Problem:
        return f"no login {fingerprint(login.encode(errors='replace'))}"


def _known(name: str) -> Known | None:
    with read():
        return db.session.execute(
            select(StaffUser.id, StaffUser.password_hash, StaffUser.active).where(
                StaffUser.login == name
            )
        ).first()


def _windows(name: str, address: str, known: Known | None, device: Device | None) -> Windows:
    if known and device and device.knows(known.id, known.password_hash):
        return ((PER_DEVICE, f"{device.id} {known.id}"),)
    place = neighbourhood(address)
    return (
        (PER_LOGIN_AND_ADDRESS, f"{name} {place}"),
        (PER_ADDRESS, place),
        (PER_LOGIN, name),
    )


def _pay_back(windows: Windows) -> None:
    """The first window, of this person at this place, begins again. Of those that others share
    this one try alone comes back: else whoever has an account of their own could sign in to
    it after every 19 guesses at others, and guess for ever."""
    (limit, subject), *shared = windows
    forgive(limit, subject)
    for limit, subject in shared:
        give_back(limit, subject)


def _note_failure(known: Known | None, full: list[str]) -> None:
    """One event a try, and one more by the try that fills a window: what is refused unchecked
    from then on writes nothing, so the log cannot be flooded."""
    _note("account.sign_in_failed", known)
    if full:
        _note("account.sign_in_blocked", known, by=full)


def _note(action: str, known: Known | None, **details: Any) -> None:
    if known is None:
        audit.record(action, "staff", "unknown", **details)
    else:
        record(action, known.id, **details)


def _open(known: Known, fresh: str | None, instead_of: str | None) -> SignedIn:
    """The row is locked and looked at again: a reset that came between ends this sign-in too."""
    user = row_of(known.id, lock=True)
    if not user.active or user.password_hash != known.password_hash:
        raise Problem(Code.WRONG_LOGIN)
    if fresh is not None:
        user.password_hash = fresh
    now = clock.now()
    if instead_of is not None:
        sessions.end(instead_of, now=now)
    token = sessions.begin(user, now=now)
    record("account.sign_in", user.id, actor=actor_of(user).label)
    return SignedIn(staff_id=user.id, token=token, password_hash=user.password_hash)
