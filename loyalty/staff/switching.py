"""Taking over a till by PIN: short and quick, so worth something only where a colleague began
the day with a password, and only for a cashier's work."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import Role, current_actor
from loyalty.core.db import db, in_transaction, read
from loyalty.core.errors import Code, Problem
from loyalty.core.throttle import Limit, forgive, give_back, spend
from loyalty.staff import passwords, sessions
from loyalty.staff.models import StaffSession, StaffStore, StaffUser
from loyalty.staff.people import actor_of, row_of
from loyalty.staff.rules import SWITCH

_MINUTES = 60
PER_PERSON_AND_TILL = Limit(name="pin at a till", hits=5, seconds=15 * _MINUTES)
"""The till is known by who opened it with a password: switching to and fro wins no tries."""
PER_PERSON = Limit(name="pin", hits=30, seconds=24 * 60 * _MINUTES)
"""A colleague could go on for weeks: then only the password helps for a day."""


@dataclass(frozen=True, kw_only=True)
class AtTill:
    """Somebody who may take over this till."""

    id: int
    name: str


def people_of(store_id: int, *, roles: Collection[Role] = SWITCH.roles) -> list[AtTill]:
    """Active people of a store, in one of the roles, who have a PIN and a password of their own,
    by name."""
    bound = select(StaffStore.store_id).where(StaffStore.staff_id == StaffUser.id)
    rows = db.session.execute(
        select(StaffUser.id, StaffUser.name)
        .where(
            *_CAN_TYPE_A_PIN,
            StaffUser.role.in_([str(role) for role in roles]),
            ~bound.exists() | bound.where(StaffStore.store_id == store_id).exists(),
        )
        .order_by(StaffUser.name, StaffUser.id)
    )
    return [AtTill(id=row.id, name=row.name) for row in rows]


_CAN_TYPE_A_PIN = (
    StaffUser.active,
    StaffUser.pin_hash.is_not(None),
    ~StaffUser.must_change_password,
)
_FAILED = "cashier.switch_failed"
"""The audit log's word for it."""


def switch(staff_id: int, pin: str, *, token: str, store_id: int) -> str:
    """End the session of `token` and begin one of the person whose PIN it is; returns its
    token. Not to be called within a transaction.

    Raises `wrong_pin` (also for who has no PIN at this store), `too_many_requests`, and
    `unauthenticated` where the session has ended.
    """
    with checked_pin(_FAILED, staff_id, pin, token=token, store_id=store_id) as kept:
        return in_transaction(lambda: _take_over(staff_id, kept, token, store_id))


@contextmanager
def checked_pin(
    failed: str,
    staff_id: int,
    pin: str,
    *,
    token: str,
    store_id: int,
    roles: Collection[Role] = SWITCH.roles,
) -> Iterator[str]:
    """The hash that the PIN of one of `people_of` the store was found to match; the try is
    forgiven once the block is done. A wrong one is counted, and in the log as `failed`."""
    own, shared = _windows(staff_id, token)
    # Counted before it is checked: parallel guesses do not slip through.
    full = [limit.name for limit, subject in (own, shared) if spend(limit, subject) == 0]
    kept = _pin_of(staff_id, store_id, roles)
    if not passwords.matches(kept, pin) or kept is None:
        whom = staff_id if kept else None
        in_transaction(lambda: _note_failure(failed, whom, store_id, full))
        raise Problem(Code.WRONG_PIN, field="pin")
    yield kept
    forgive(*own)
    give_back(*shared)


def _windows(staff_id: int, token: str) -> tuple[tuple[Limit, str], tuple[Limit, str]]:
    with read():
        here = _session(token)
        till = here.opened_by
    return (PER_PERSON_AND_TILL, f"{staff_id} {till}"), (PER_PERSON, str(staff_id))


def _session(token: str, *, lock: bool = False) -> StaffSession:
    found = sessions.find(token, now=clock.now(), lock=lock)
    if found is None:
        raise Problem(Code.UNAUTHENTICATED)
    return found[1]


def _pin_of(staff_id: int, store_id: int, roles: Collection[Role]) -> str | None:
    with read():
        if staff_id not in {person.id for person in people_of(store_id, roles=roles)}:
            return None
        return row_of(staff_id).pin_hash


def _take_over(staff_id: int, pin_hash: str, token: str, store_id: int) -> str:
    """Both rows are locked and looked at again: the PIN may be gone, the session over."""
    user = row_of(staff_id, lock=True)
    may_switch = user.active and not user.must_change_password and user.role in SWITCH.roles
    if user.pin_hash != pin_hash or not may_switch:
        raise Problem(Code.WRONG_PIN, field="pin")
    begun = sessions.take_over(user, _session(token, lock=True), now=clock.now())
    label = actor_of(user).label
    before = current_actor().label
    audit.record("cashier.switch", "staff", user.id, actor=label, store_id=store_id, before=before)
    return begun


def _note_failure(failed: str, staff_id: int | None, store_id: int, full: list[str]) -> None:
    whom = "unknown" if staff_id is None else staff_id
    blocked = {"blocked_by": full} if full else {}
    details: dict[str, Any] = {"store_id": store_id, **blocked}
    audit.record(failed, "staff", whom, **details)
