"""The account of a phone: find it, lock it, make it, and keep what is known of the person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import current_app
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    delete,
    or_,
    select,
    update,
)

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.bulk import insert_many, values_table
from loyalty.core.db import connection, db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import attributes, consents, phones
from loyalty.members.models import IS_MAIN, Member, MemberPhone
from loyalty.members.rules import folded_name
from loyalty.members.urban_rules import is_urban
from loyalty.programme import service as programme

PROFILE_FIELDS = (
    "name",
    "email",
    "birth_date",
    "gender",
    "income_band",
    "occupation",
    "education",
    "family_size",
    "country",
    "province_list",
    "province",
    "district",
)
DERIVED_FIELDS = ("name_folded", "urban")
_TOUCHED = ("updated_at", "restricted_at", "objected_at")
NOBODY = dict.fromkeys((*PROFILE_FIELDS, *DERIVED_FIELDS, *_TOUCHED, "birth_date_since", "tier_id"))
"""A row of `members` that tells of no person any more."""
SHOWN_POINTS = "shown_points"
"""Name of the seam: points hands in the SQL expression of the balance shown."""
SIGNED_UP = "signed_up"
"""Name of the seam: purchases hand in what follows when a member is made by hand, who is
locked."""
TAGGED_BY_HAND = "tagged_by_hand"
"""Name of the seam: tags hand in whether somebody put a member (an id) into one of them."""


@dataclass(slots=True)
class LockedMember:
    """A member whose row this transaction holds."""

    id: int
    name: str | None
    points: int
    debt: int
    held: int = 0
    tier_id: int | None = None
    tier_spend: int = 0
    created: bool = False
    shown: int | None = None
    """The balance as people see it, once points worked it out."""


Profile = Mapping[str, Any]

_members = table_of(Member)
_phones = table_of(MemberPhone)
_OWNER = (
    select(_phones.c.member_id)
    .where(_phones.c.e164 == bindparam("known"), _phones.c.active_until.is_(None))
    .scalar_subquery()
)
_BY_PHONE = _members.c.id == _OWNER
_BY_ID = _members.c.id == bindparam("known")


# -- looking -----------------------------------------------------------------


def find_by_phone(phone: PhoneNumber) -> dict[str, Any] | None:
    """The member of an active phone, main or alias, as in `MemberSchema`, or None."""
    return _view(_BY_PHONE, phone.e164)


def get(member_id: int) -> dict[str, Any]:
    """Raises `unknown_member`; a closed member is none."""
    found = _view(_BY_ID, member_id)
    if found is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    return found


def get_whole(member_id: int) -> dict[str, Any]:
    """The same with what is kept beside it: `urban`, and `attributes` by name."""
    member = get(member_id)
    urban = connection().scalar(select(_members.c.urban).where(_members.c.id == member_id))
    return {**member, "urban": urban, "attributes": attributes.values_of(member_id)}


def _view(known: ColumnElement[bool], value: Any) -> dict[str, Any] | None:
    query = _shown_members(known, current_app.extensions[SHOWN_POINTS])
    row = connection().execute(query, {"known": value, "now": clock.now()}).mappings().first()
    if row is None:
        return None
    shown = dict(row)
    restricted = shown.pop("restricted_at") is not None
    tier = programme.tier_slug(shown.pop("tier_id"))
    return {**shown, "points": max(0, int(row["points"])), "tier": tier, "restricted": restricted}


@lru_cache
def _shown_members(
    known: ColumnElement[bool], shown_points: Callable[[], ColumnElement[int]]
) -> Select[Any]:
    return (
        select(
            _members.c.id,
            _phones.c.e164.label("phone"),
            *(_members.c[name] for name in PROFILE_FIELDS),
            _members.c.source,
            _members.c.joined_at,
            _members.c.restricted_at,
            _members.c.tier_id,
            shown_points().label("points"),
        )
        .select_from(_members.outerjoin(_phones, (_phones.c.member_id == _members.c.id) & IS_MAIN))
        .where(_members.c.closed_at.is_(None), known)
    )


# -- locking and making ------------------------------------------------------


def find_or_create(
    numbers: Sequence[PhoneNumber], *, source: str, now: datetime
) -> dict[str, LockedMember]:
    """The members of these phones by E.164, locked by ascending id; those missing are made."""
    wanted = {phone.e164: phone for phone in numbers}
    found = lock_by_phone(list(wanted))
    missing = sorted(wanted.keys() - found.keys())
    return found | _create([wanted[e164] for e164 in missing], source=source, now=now)


def resolve(phone: PhoneNumber, *, source: str, now: datetime) -> int:
    """The id of this phone's member, made if missing; locks no member that others know."""
    return phones.owner_of(phone.e164) or _create([phone], source=source, now=now)[phone.e164].id


def lock(member_ids: Sequence[int]) -> dict[int, LockedMember]:
    """Lock members by ascending id; a closed one is not among them."""
    rows = connection().execute(_LOCK.where(_members.c.id.in_(member_ids)).order_by(_members.c.id))
    return {row.id: LockedMember(*row) for row in rows}


# PostgreSQL asks again, once the lock is there, what is asked of the member alone: it may
# have been closed in the meantime, and its phone is free.
_LOCKED = ("id", "name", "points", "debt", "held", "tier_id", "tier_spend")
_LOCK = (
    select(*(_members.c[name] for name in _LOCKED))
    .where(_members.c.closed_at.is_(None))
    .with_for_update(key_share=True, of=_members)
)
_LOCK_BY_PHONE = (
    _LOCK.add_columns(_phones.c.e164)
    .join(_phones, _phones.c.member_id == _members.c.id)
    .where(_phones.c.active_until.is_(None))
)
_LOCK_BY_ONE_PHONE = _LOCK_BY_PHONE.where(_phones.c.e164 == bindparam("e164"))


def lock_by_phone(e164s: Sequence[str]) -> dict[str, LockedMember]:
    """Lock whoever has one of these numbers today, by ascending id."""
    if len(e164s) == 1:
        rows = connection().execute(_LOCK_BY_ONE_PHONE, {"e164": e164s[0]})
    else:
        written = values_table("written", {"e164": String(16)}, [[e164] for e164 in e164s])
        rows = connection().execute(
            _LOCK_BY_PHONE.join(written, written.c.e164 == _phones.c.e164).order_by(_members.c.id)
        )
    held: dict[int, LockedMember] = {}
    # Two numbers may lead to one member: one object carries its standing.
    return {row.e164: held.setdefault(row.id, LockedMember(*row[: len(_LOCKED)])) for row in rows}


def _create(
    numbers: Sequence[PhoneNumber], *, source: str, now: datetime
) -> dict[str, LockedMember]:
    """Make members for phones that have none, in order of the phones, so that two writers
    wait for each other in one order.

    The phone's index decides between them; the loser begins again (`LostRace`). Members
    themselves are never upserted: every conflict would burn an id.
    """
    if not numbers:
        return {}
    member = {"points": 0, "debt": 0, "source": source, "joined_at": now}
    ids = insert_many(_members, [member for _ in numbers])
    phones.give(ids, numbers, now=now)
    return {
        phone.e164: LockedMember(id=member_id, name=None, points=0, debt=0, created=True)
        for member_id, phone in zip(ids, numbers, strict=True)
    }


def create(phone: PhoneNumber, profile: Profile, *, source: str) -> int:
    """A new member; raises `phone_in_use` with the member's id."""
    now = clock.now()
    member = find_or_create([phone], source=source, now=now)[phone.e164]
    if not member.created:
        raise Problem(Code.PHONE_IN_USE, field="phone", extra={"member": {"id": member.id}})
    fill_blanks({member.id: profile})
    current_app.extensions[SIGNED_UP](member, now=now)
    return member.id


# -- the profile -------------------------------------------------------------


def fill_blanks(profiles: Mapping[int, Profile]) -> None:
    """Write what is not known yet; nothing known is overwritten (semantics, Identity)."""
    profiles = {member_id: profile for member_id, profile in profiles.items() if profile}
    if not profiles:
        return
    members = db.session.scalars(select(Member).where(Member.id.in_(profiles)))
    for member in members:
        profile = profiles[member.id]
        # A province and the list its code belongs to are one value.
        skip = {"province", "province_list"} if member.province is not None else set()
        blanks = {
            name: value
            for name, value in profile.items()
            if value is not None and name not in skip and getattr(member, name) is None
        }
        _learn(member, blanks)
    # Flush: the answer is read back in plain SQL.
    db.session.flush()


def change_profile(member_id: int, profile: Profile) -> None:
    """Set the given fields, None clears; raises `unknown_member`."""
    if member_id not in lock([member_id]):
        raise Problem(Code.UNKNOWN_MEMBER)
    member = db.session.get_one(Member, member_id, populate_existing=True)
    changed = sorted(name for name in profile if getattr(member, name) != profile[name])
    if changed:
        _learn(member, {name: profile[name] for name in changed})
        member.updated_at = clock.now()
        audit.record("member.change", "member", member_id, fields=changed)
    # Flush: the answer is read back in plain SQL.
    db.session.flush()


def _learn(member: Member, values: Profile) -> None:
    """Set these fields, and what follows from the profile and is kept beside it."""
    for name, value in values.items():
        setattr(member, name, value)
    if "birth_date" in values:
        member.birth_date_since = None if values["birth_date"] is None else clock.now()
    member.name_folded = folded_name(member.name)
    member.urban = is_urban(
        district=member.district, province_list=member.province_list, province=member.province
    )


def close(member_id: int, *, now: datetime) -> None:
    """End a member that only a mistake made: its entries stay, it has no phone and is in
    no count. The caller holds its lock."""
    phones.end_all(member_id, now=now)
    db.session.execute(update(Member).where(Member.id == member_id).values(closed_at=now))
    audit.record("member.close", "member", member_id)


def is_untouched(member_id: int) -> bool:
    """Whether nobody ever told anything of this member but a phone."""
    member = db.session.get_one(Member, member_id, populate_existing=True)
    return not (
        any(getattr(member, name) is not None for name in (*PROFILE_FIELDS, *_TOUCHED))
        or consents.said_anything(member_id)
        or attributes.has_any(member_id)
        or current_app.extensions[TAGGED_BY_HAND](member_id)
    )


def is_erased(member_id: int) -> bool:
    query = select(_members.c.erased_at.is_not(None)).where(_members.c.id == member_id)
    return bool(connection().scalar(query))


def forget(member_id: int, *, now: datetime) -> None:
    """Erase a person: profile, attributes, phones and consents are gone, for a closed member
    too. What stays is the id, which is never given again, and what the ledger adds up.

    Raises `unknown_member`, and `member_erased` where nothing is left to erase.
    """
    query = select(_members.c.erased_at).where(_members.c.id == member_id)
    row = connection().execute(query.with_for_update(key_share=True, of=_members)).first()
    if row is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    if row.erased_at is not None:
        raise Problem(Code.MEMBER_ERASED)
    consents.forget(member_id)
    attributes.forget(member_id)
    _forget_phones(member_id)
    db.session.execute(
        update(Member).where(Member.id == member_id).values(**NOBODY, closed_at=now, erased_at=now)
    )


def _forget_phones(member_id: int) -> None:
    """The member's numbers, and their trace in members that only a typo made."""
    its_numbers = select(_phones.c.e164).where(_phones.c.member_id == member_id)
    closed = select(_members.c.id).where(_members.c.closed_at.is_not(None))
    numbers = connection().scalars(its_numbers).all()
    connection().execute(
        delete(_phones).where(
            _phones.c.e164.in_(numbers),
            or_(_phones.c.member_id == member_id, _phones.c.member_id.in_(closed)),
        )
    )
