"""People who sign in: who they are and what they may, as managers look after them.

What people do to their own account is in `own_account`, signing in in `signing_in`, taking
over a till by PIN in `switching`, machines in `keys`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from loyalty.core import clock
from loyalty.core.access import Role, current_actor
from loyalty.core.db import db, lock_name
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.programme import service as programme
from loyalty.staff import passwords, sessions
from loyalty.staff.keys import authenticate_key, create_api_key
from loyalty.staff.models import StaffStore, StaffUser
from loyalty.staff.own_account import change_password, remove_pin, set_pin
from loyalty.staff.people import (
    StaffView,
    actor_of,
    id_of,
    person_of,
    record,
    row_of,
    store_ids_of,
    stores_by_person,
    view_of,
)
from loyalty.staff.rules import (
    check_may_manage,
    check_password,
    check_within,
    is_self,
    is_within,
    normal_login,
)

__all__ = [
    "StaffView",
    "actor_of",
    "authenticate_key",
    "change_password",
    "change_staff",
    "clear_pin",
    "create_api_key",
    "create_owner",
    "create_staff",
    "get_staff",
    "id_of",
    "list_staff",
    "owner_exists",
    "remove_pin",
    "reset_password",
    "set_active",
    "set_phone",
    "set_pin",
    "sign_out_everywhere",
]

FIRST_STORE_CODE = "S01"
SHOWN = 1_000


# -- looking ------------------------------------------------------------------------


def list_staff() -> list[StaffView]:
    """Whom the acting manager may manage, by name, 1,000 at most; a bounded manager sees the
    people of the own stores only."""
    actor, stores = current_actor(), stores_by_person()
    everybody = select(StaffUser).order_by(StaffUser.name, StaffUser.id).limit(SHOWN)
    people = db.session.scalars(everybody)
    return [view_of(user, stores[user.id]) for user in people if is_within(actor, stores[user.id])]


def get_staff(staff_id: int) -> StaffView:
    """Raises `unknown_staff`, `outside_your_stores`."""
    user = row_of(staff_id)
    stores = store_ids_of(staff_id)
    check_within(current_actor(), stores)
    return view_of(user, stores)


def owner_exists() -> bool:
    return db.session.scalar(select(StaffUser.id).where(StaffUser.is_owner)) is not None


# -- adding -------------------------------------------------------------------------


def create_staff(
    *,
    login: str,
    name: str,
    password: str | None = None,
    role: str,
    store_codes: Sequence[str] = (),
    is_owner: bool = False,
    must_change_password: bool = False,
    phone: PhoneNumber | None = None,
) -> StaffUser:
    """Add a person; without a password nobody signs in as them before `reset_password` made
    one. Raises `invalid_login`, `weak_password`, `staff_exists`, `unknown_store`,
    `outside_your_stores`."""
    login = normal_login(login)
    store_ids = _ids_of(store_codes)
    check_within(current_actor(), store_ids)
    if password is not None:
        check_password(password, login=login, name=name)
    if db.session.scalar(select(StaffUser.id).filter_by(login=login)) is not None:
        raise Problem(Code.STAFF_EXISTS, field="login")
    user = StaffUser(
        login=login,
        name=name,
        role=Role(role),
        is_owner=is_owner,
        password_hash=passwords.UNUSABLE if password is None else passwords.hashed(password),
        must_change_password=must_change_password,
        phone=phone.e164 if phone else None,
        created_at=clock.now(),
    )
    db.session.add(user)
    # Flush: the stores and the audit event name the person by id.
    db.session.flush()
    _bind(user.id, store_ids)
    record("staff.create", user.id, role=role)
    return user


def create_owner(
    *, shop_name: str, name: str, login: str, password: str, first_store_name: str
) -> StaffUser:
    """The first-run page: the shop, its first store and the owner's account, once."""
    lock_name("first-run")
    if owner_exists():
        raise Problem(Code.ALREADY_SET_UP)
    programme.set_up(shop_name=shop_name, now=clock.now())
    programme.rename_shop(shop_name)
    if FIRST_STORE_CODE not in programme.snapshot().stores:
        programme.create_store(code=FIRST_STORE_CODE, name=first_store_name)
    return create_staff(login=login, name=name, password=password, role=Role.MANAGER, is_owner=True)


# -- changing ------------------------------------------------------------------------


def change_staff(staff_id: int, *, name: str, role: str, store_codes: Sequence[str]) -> None:
    """A change of role or stores signs the person out. Raises `unknown_staff`, `owner_stays`,
    `outside_your_stores`, `not_for_yourself` (own role and stores), `unknown_store`."""
    user, had = _managed(staff_id)
    stores, new_role = _ids_of(store_codes), Role(role)
    changed = {
        "name": name != user.name,
        "role": new_role != user.role,
        "stores": stores != had,
    }
    if changed["role"] or changed["stores"]:
        _not_for_yourself(staff_id)
        check_within(current_actor(), stores)
        sessions.end_all(staff_id, now=clock.now())
    if changed["role"]:
        record("staff.role", staff_id, before=user.role, after=str(new_role))
    user.name, user.role = name, new_role
    if changed["stores"]:
        _bind(staff_id, stores)
    fields = [field for field, differs in changed.items() if differs]
    if fields:
        record("staff.change", staff_id, fields=fields)


def set_phone(staff_id: int, phone: PhoneNumber | None) -> None:
    """The person's own number, on which receipts of the own hand wait for a manager; None: not
    known. Nobody but the owner sets the own one."""
    user, _ = _managed(staff_id)
    if not user.is_owner:
        _not_for_yourself(staff_id)
    e164 = phone.e164 if phone else None
    if user.phone != e164:
        user.phone = e164
        record("staff.change", staff_id, fields=["phone"])


def reset_password(staff_id: int) -> str:
    """A temporary password, shown once: the person chooses another at the next sign-in. Ends
    all sessions. The own password is changed with the present one, never so."""
    _not_for_yourself(staff_id)
    user, _ = _managed(staff_id)
    password = passwords.temporary()
    user.password_hash = passwords.hashed(password)
    user.must_change_password = True
    sessions.end_all(staff_id, now=clock.now())
    record("staff.reset_password", staff_id)
    return password


def set_active(staff_id: int, *, active: bool) -> None:
    """Whoever is not active cannot sign in and is signed out everywhere."""
    _not_for_yourself(staff_id)
    user, _ = _managed(staff_id)
    if user.active is active:
        return
    user.active = active
    sessions.end_all(staff_id, now=clock.now())
    record("staff.activate" if active else "staff.deactivate", staff_id)


def sign_out_everywhere(staff_id: int) -> None:
    _managed(staff_id)
    sessions.end_all(staff_id, now=clock.now())
    record("staff.sign_out", staff_id)


def clear_pin(staff_id: int) -> None:
    user, _ = _managed(staff_id)
    if user.pin_hash is not None:
        user.pin_hash = None
        record("staff.clear_pin", staff_id)


def _managed(staff_id: int) -> tuple[StaffUser, frozenset[int]]:
    """The locked row and the stores of somebody whom the actor may manage."""
    user = row_of(staff_id, lock=True)
    stores = store_ids_of(staff_id)
    check_may_manage(current_actor(), person_of(user, stores))
    return user, stores


def _not_for_yourself(staff_id: int) -> None:
    if is_self(current_actor(), staff_id):
        raise Problem(Code.NOT_FOR_YOURSELF)


def _ids_of(store_codes: Sequence[str]) -> frozenset[int]:
    return frozenset(programme.store(code).id for code in store_codes)


def _bind(staff_id: int, store_ids: frozenset[int]) -> None:
    db.session.execute(delete(StaffStore).where(StaffStore.staff_id == staff_id))
    db.session.add_all(StaffStore(staff_id=staff_id, store_id=id_) for id_ in sorted(store_ids))
    # Flush: the audit event looks for the person's stores.
    db.session.flush()
