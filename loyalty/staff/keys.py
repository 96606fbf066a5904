"""Machines that act: keys that are shown once, end by themselves, and are revoked at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import Actor, Role, current_actor
from loyalty.core.codes import fingerprint, random_secret
from loyalty.core.db import connection, db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.programme import service as programme
from loyalty.staff import key_use
from loyalty.staff.models import ApiKey
from loyalty.staff.rules import check_within

KEY_PREFIX = "loy"
LONGEST_OVERLAP = timedelta(days=30)
SOON = timedelta(days=14)
"""From here on a key counts as expiring: time enough to put a new one into the machine."""
SHOWN = 1_000
_PREFIX_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class KeyView:
    """A key as people see it; `state` is active, expiring (within `SOON`), expired, revoked."""

    id: int
    name: str
    role: Role
    store_code: str | None
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    state: str


# -- who calls -----------------------------------------------------------------


_keys = table_of(ApiKey)
_VALID_KEY = select(
    _keys.c.id,
    _keys.c.name,
    _keys.c.role,
    _keys.c.store_id,
    _keys.c.last_used_at,
    programme.revision_query().scalar_subquery().label("revision"),
).where(
    _keys.c.key_hash == bindparam("key_hash"),
    _keys.c.revoked_at.is_(None),
    or_(_keys.c.expires_at.is_(None), _keys.c.expires_at > bindparam("now")),
)


def authenticate_key(plain: str) -> Actor | None:
    """The actor of an API key, or None. One statement, which also learns the revision
    of the programme: every write needs both."""
    if not plain:
        return None
    now = clock.now()
    row = connection().execute(_VALID_KEY, {"key_hash": fingerprint(plain), "now": now}).first()
    if row is None:
        return None
    programme.note_revision(row.revision)
    key_use.note(row.id, row.last_used_at, now)
    return Actor(
        kind="key",
        id=row.id,
        name=row.name,
        role=Role(row.role),
        store_ids=_stores(row.store_id),
    )


# -- keeping keys ----------------------------------------------------------------


def list_keys() -> list[KeyView]:
    """The keys that the acting person may manage, the newest first; at most 1,000."""
    own = current_actor().store_ids
    query = select(ApiKey).order_by(ApiKey.id.desc()).limit(SHOWN)
    if own:
        query = query.where(ApiKey.store_id.in_(own))
    now, codes = clock.now(), programme.store_codes()
    return [_view(key, codes, now) for key in db.session.scalars(query)]


def create_api_key(
    *, name: str, role: str, store_code: str | None = None, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key and its plain text, which is never seen again. Raises `unknown_store`,
    `outside_your_stores`, and `invalid_time` for an end that has passed."""
    now = clock.now()
    if expires_at is not None and expires_at <= now:
        raise Problem(Code.INVALID_TIME, field="expires_at")
    store_id = programme.store(store_code).id if store_code else None
    check_within(current_actor(), _stores(store_id))
    key, plain = _add(name=name, role=Role(role), store_id=store_id, expires_at=expires_at, now=now)
    audit.record("api_key.create", "api_key", key.id, store_id=store_id, role=str(key.role))
    return key, plain


def rotate_key(key_id: int, *, overlap: timedelta) -> tuple[ApiKey, str]:
    """A new key of the same name, role, store and length of life, and its plain text. The old
    one goes on for `overlap`, `LONGEST_OVERLAP` at most and never longer than it had left, so
    that machines can be told one by one. Raises `unknown_key`, `outside_your_stores`,
    `key_ended`."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Problem(Code.INVALID_REQUEST, errors={"overlap": ["0 to 720 hours."]})
    now = clock.now()
    old = _held(key_id)
    if _state(old, now) in ("revoked", "expired"):
        raise Problem(Code.KEY_ENDED)
    lasts = old.expires_at - old.created_at if old.expires_at else None
    ends_at = now + overlap
    old.expires_at = min(old.expires_at, ends_at) if old.expires_at else ends_at
    new, plain = _add(
        name=old.name,
        role=Role(old.role),
        store_id=old.store_id,
        expires_at=now + lasts if lasts else None,
        now=now,
        replaces_id=old.id,
    )
    audit.record("api_key.rotate", "api_key", old.id, store_id=old.store_id, new_key=new.id)
    return new, plain


def revoke_key(key_id: int) -> None:
    """From now on nobody's; what runs under it already ends whole. Twice is once. Raises
    `unknown_key`, `outside_your_stores`."""
    key = _held(key_id)
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        audit.record("api_key.revoke", "api_key", key.id, store_id=key.store_id)


def _held(key_id: int) -> ApiKey:
    """The locked row of a key that the actor may manage."""
    key = db.session.get(ApiKey, key_id, with_for_update=True, populate_existing=True)
    if key is None:
        raise Problem(Code.UNKNOWN_KEY)
    check_within(current_actor(), _stores(key.store_id))
    return key


def _add(
    *,
    name: str,
    role: Role,
    store_id: int | None,
    expires_at: datetime | None,
    now: datetime,
    replaces_id: int | None = None,
) -> tuple[ApiKey, str]:
    plain = random_secret(KEY_PREFIX)
    key = ApiKey(
        name=name,
        role=role,
        store_id=store_id,
        prefix=plain[:_PREFIX_SHOWN],
        key_hash=fingerprint(plain),
        created_at=now,
        expires_at=expires_at,
        replaces_id=replaces_id,
    )
    db.session.add(key)
    # Flush: the audit event names the key by its id.
    db.session.flush()
    return key, plain


def _view(key: ApiKey, codes: dict[int, str], now: datetime) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        role=Role(key.role),
        store_code=codes[key.store_id] if key.store_id is not None else None,
        prefix=key.prefix,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
        state=_state(key, now),
    )


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is None or key.expires_at > now + SOON:
        return "active"
    return "expired" if key.expires_at <= now else "expiring"


def _stores(store_id: int | None) -> frozenset[int]:
    return frozenset() if store_id is None else frozenset({store_id})
