"""Rows of people, and what others may read of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from loyalty.audit import service as audit
from loyalty.core.access import Actor, Role
from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.programme import service as programme
from loyalty.staff.models import StaffStore, StaffUser
from loyalty.staff.rules import Person


@dataclass(frozen=True, kw_only=True)
class StaffView:
    """A person as managers see them; no `store_codes` means every store. `phone` is the number
    on which the person must not earn by own hand."""

    id: int
    login: str
    name: str
    role: Role
    store_codes: tuple[str, ...]
    is_owner: bool
    active: bool
    has_pin: bool
    phone: PhoneNumber | None
    must_change_password: bool
    signed_in_at: datetime | None


def row_of(staff_id: int, *, lock: bool = False) -> StaffUser:
    """Raises `unknown_staff`. Locked, so that a sign-in that verified the old password waits
    and then finds that it changed."""
    lock_it: Any = {"key_share": True} if lock else None
    user = db.session.get(StaffUser, staff_id, with_for_update=lock_it, populate_existing=lock)
    if user is None:
        raise Problem(Code.UNKNOWN_STAFF)
    return user


def id_of(login: str) -> int:
    """By the normalised login; raises `unknown_staff`."""
    staff_id = db.session.scalar(select(StaffUser.id).filter_by(login=login))
    if staff_id is None:
        raise Problem(Code.UNKNOWN_STAFF)
    return staff_id


def is_owner(actor: Actor) -> bool:
    """Whether the shop is the actor's."""
    if actor.kind != "person":
        return False
    return bool(db.session.scalar(select(StaffUser.is_owner).filter_by(id=actor.id)))


def store_ids_of(staff_id: int) -> frozenset[int]:
    rows = db.session.scalars(select(StaffStore.store_id).filter_by(staff_id=staff_id))
    return frozenset(rows.all())


def stores_by_person() -> dict[int, frozenset[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for staff_id, store_id in db.session.execute(select(StaffStore.staff_id, StaffStore.store_id)):
        found[staff_id].add(store_id)
    return defaultdict(frozenset, {key: frozenset(ids) for key, ids in found.items()})


def person_of(user: StaffUser, store_ids: frozenset[int]) -> Person:
    return Person(id=user.id, store_ids=store_ids, is_owner=user.is_owner)


def actor_of(user: StaffUser, *, by_pin: bool = False) -> Actor:
    """Who took over a till by PIN does a cashier's work there, whatever the person's role."""
    return Actor(
        kind="person",
        id=user.id,
        name=user.name,
        role=Role.CASHIER if by_pin else Role(user.role),
        store_ids=store_ids_of(user.id),
        by_pin=by_pin,
    )


def view_of(user: StaffUser, store_ids: frozenset[int]) -> StaffView:
    codes = programme.store_codes()
    return StaffView(
        id=user.id,
        login=user.login,
        name=user.name,
        role=Role(user.role),
        store_codes=tuple(sorted(codes[store_id] for store_id in store_ids)),
        is_owner=user.is_owner,
        active=user.active,
        has_pin=user.pin_hash is not None,
        phone=PhoneNumber(user.phone) if user.phone else None,
        must_change_password=user.must_change_password,
        signed_in_at=user.signed_in_at,
    )


def record(action: str, staff_id: int, *, actor: str | None = None, **details: Any) -> None:
    """One event about a person, in the log of the person's store where there is only one."""
    stores = store_ids_of(staff_id)
    only = next(iter(stores)) if len(stores) == 1 else None
    audit.record(action, "staff", staff_id, actor=actor, store_id=only, **details)
