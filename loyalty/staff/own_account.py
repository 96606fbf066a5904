"""What people do to their own account, each time with the present password.

Argon2 runs before the transaction, which is opened here: SQLite has one writer, and the tills
would stand still for each hash. So none of this is to be called within a transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loyalty.core import clock, throttle
from loyalty.core.access import Role
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Code, Problem
from loyalty.core.throttle import Limit
from loyalty.staff import passwords, sessions
from loyalty.staff.models import StaffUser
from loyalty.staff.people import record, row_of
from loyalty.staff.rules import SWITCH, check_password, check_pin

PRESENT_PASSWORD = Limit(name="present password", hits=5, seconds=900)
"""Whoever finds an open browser must not find out its password there."""


@dataclass(frozen=True, kw_only=True)
class _Proved:
    """The account as it was when its password was verified."""

    staff_id: int
    login: str
    name: str
    role: Role
    password_hash: str


def change_password(staff_id: int, *, present: str, new: str, keep_token: str | None) -> str:
    """Signs out everywhere but at `keep_token`; returns the new hash. Raises `wrong_password`,
    `weak_password`, `too_many_requests`."""
    own = _prove(staff_id, present)
    check_password(new, login=own.login, name=own.name)
    if new == present:
        raise Problem(Code.WEAK_PASSWORD, field="password")
    fresh = passwords.hashed(new)

    def change(user: StaffUser) -> None:
        user.password_hash = fresh
        user.must_change_password = False
        sessions.end_all(staff_id, now=clock.now(), but=keep_token)
        record("account.password", staff_id)

    _change(own, change)
    return fresh


def set_pin(staff_id: int, *, password: str, pin: str) -> None:
    """Raises `wrong_password`, `weak_pin`, `forbidden` (a role without a till),
    `too_many_requests`."""
    own = _prove(staff_id, password)
    if own.role not in SWITCH.roles:
        raise Problem(Code.FORBIDDEN)
    check_pin(pin)
    fresh = passwords.hashed(pin)

    def change(user: StaffUser) -> None:
        user.pin_hash = fresh
        record("account.pin", staff_id, set=True)

    _change(own, change)


def remove_pin(staff_id: int, *, password: str) -> None:
    """Raises `wrong_password`, `too_many_requests`."""

    def change(user: StaffUser) -> None:
        user.pin_hash = None
        record("account.pin", staff_id, set=False)

    _change(_prove(staff_id, password), change)


def sign_out_everywhere(staff_id: int) -> None:
    """Also here. Runs within the caller's transaction."""
    row_of(staff_id, lock=True)
    sessions.end_all(staff_id, now=clock.now())
    record("account.sign_out_everywhere", staff_id)


def _prove(staff_id: int, password: str) -> _Proved:
    throttle.spend(PRESENT_PASSWORD, str(staff_id))
    with read():
        user = row_of(staff_id)
        own = _Proved(
            staff_id=user.id,
            login=user.login,
            name=user.name,
            role=Role(user.role),
            password_hash=user.password_hash,
        )
    if not passwords.matches(own.password_hash, password):
        raise Problem(Code.WRONG_PASSWORD, field="present")
    throttle.forgive(PRESENT_PASSWORD, str(staff_id))
    return own


def _change(own: _Proved, change: Callable[[StaffUser], None]) -> None:
    """Unless the password was changed since it was verified."""

    def act() -> None:
        user = row_of(own.staff_id, lock=True)
        if user.password_hash != own.password_hash or not user.active:
            raise Problem(Code.WRONG_PASSWORD, field="present")
        change(user)

    in_transaction(act)
