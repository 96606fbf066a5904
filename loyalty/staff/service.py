"""Who acts: people who sign in, and machines with a key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import bindparam, or_, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import Actor, Role
from loyalty.core.codes import fingerprint, random_secret
from loyalty.core.db import connection, db, lock_name, table_of
from loyalty.core.errors import Code, Problem
from loyalty.programme import service as programme
from loyalty.staff.models import ApiKey, StaffStore, StaffUser

KEY_PREFIX = "loy"
_PREFIX_SHOWN = 10
FIRST_STORE_CODE = "S01"

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Verified for an unknown login, so that known and unknown take the same time. Made
    when first needed: a hash takes a tenth of a second and 64 MB."""
    return _hasher.hash("nobody's password")


def authenticate_key(plain: str) -> Actor | None:
    """The actor of an API key, or None. One statement, which also learns the revision
    of the programme: every write needs both."""
    if not plain:
        return None
    row = (
        connection()
        .execute(_VALID_KEY, {"key_hash": fingerprint(plain), "now": clock.now()})
        .first()
    )
    if row is None:
        return None
    key_id, name, role, store_id, current = row
    programme.note_revision(current)
    stores = frozenset() if store_id is None else frozenset({store_id})
    return Actor(kind="key", id=key_id, name=name, role=Role(role), store_ids=stores)


_keys = table_of(ApiKey)
_VALID_KEY = select(
    _keys.c.id,
    _keys.c.name,
    _keys.c.role,
    _keys.c.store_id,
    programme.revision_query().scalar_subquery(),
).where(
    _keys.c.key_hash == bindparam("key_hash"),
    _keys.c.revoked_at.is_(None),
    or_(_keys.c.expires_at.is_(None), _keys.c.expires_at > bindparam("now")),
)


def create_api_key(*, name: str, role: str, store_code: str | None = None) -> tuple[ApiKey, str]:
    """A new key and its plain text, which is never seen again."""
    plain = random_secret(KEY_PREFIX)
    key = ApiKey(
        name=name,
        role=Role(role),
        store_id=programme.store(store_code).id if store_code else None,
        prefix=plain[:_PREFIX_SHOWN],
        key_hash=fingerprint(plain),
        created_at=clock.now(),
    )
    db.session.add(key)
    # Flush: the audit event names the key by its id.
    db.session.flush()
    audit.record("api_key.create", "api_key", key.id, role=role)
    return key, plain


def create_staff(
    *,
    login: str,
    name: str,
    password: str,
    role: str,
    store_codes: Sequence[str] = (),
    is_owner: bool = False,
) -> StaffUser:
    """Add a person; raises `staff_exists`, `unknown_store`."""
    login = login.strip().lower()
    if db.session.scalar(select(StaffUser.id).filter_by(login=login)) is not None:
        raise Problem(Code.STAFF_EXISTS, field="login")
    user = StaffUser(
        login=login,
        name=name,
        role=Role(role),
        is_owner=is_owner,
        password_hash=_hasher.hash(password),
        created_at=clock.now(),
    )
    db.session.add(user)
    # Flush: the stores and the audit event name the person by id.
    db.session.flush()
    for code in store_codes:
        db.session.add(StaffStore(staff_id=user.id, store_id=programme.store(code).id))
    audit.record("staff.create", "staff", user.id, role=role)
    return user


def owner_exists() -> bool:
    return db.session.scalar(select(StaffUser.id).where(StaffUser.is_owner)) is not None


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


def sign_in(login: str, password: str) -> StaffUser:
    """The person with this login and password; raises `wrong_login` for either being wrong."""
    user = db.session.scalar(select(StaffUser).filter_by(login=login.strip().lower()))
    known = user is not None and user.active
    try:
        _hasher.verify(user.password_hash if user and known else _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        known = False
    if user is None or not known:
        raise Problem(Code.WRONG_LOGIN)
    return user


def actor_of(user: StaffUser) -> Actor:
    store_ids = db.session.scalars(select(StaffStore.store_id).filter_by(staff_id=user.id)).all()
    return Actor(
        kind="person",
        id=user.id,
        name=user.name,
        role=Role(user.role),
        store_ids=frozenset(store_ids),
    )
