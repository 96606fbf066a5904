"""Many people at once, as files bring them: found by their phones, made where they are
missing, and told what is new of those who are known.

`find`, let each account `take` what came (see `joining_rules`), `save`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, String, case, literal, select, update

from loyalty.core.bulk import insert_many, values_table
from loyalty.core.db import UtcDateTime, connection, table_of
from loyalty.core.phone import PhoneNumber
from loyalty.members import attributes_in_bulk, phones
from loyalty.members.attribute_rules import AttributeView
from loyalty.members.joining_rules import ATTRIBUTE, Account
from loyalty.members.models import Member, MemberPhone
from loyalty.members.rules import folded_name
from loyalty.members.service import (
    DERIVED_FIELDS,
    PROFILE_FIELDS,
    LockedMember,
    lock_by_phone,
)
from loyalty.members.urban_rules import is_urban

_members = table_of(Member)
_phones = table_of(MemberPhone)
MOMENTS = ("updated_at", "birth_date_since")
"""When what was told of a member."""
_KNOWN = (*PROFILE_FIELDS, *MOMENTS)
_PROFILES = select(_members.c.id, *(_members.c[name] for name in _KNOWN))
_RESTRICTED = select(_members.c.id).where(_members.c.restricted_at.is_not(None))
_OWNERS = (
    select(_phones.c.e164, _members.c.id)
    .join(_members, _members.c.id == _phones.c.member_id)
    .where(_phones.c.active_until.is_(None), _members.c.closed_at.is_(None))
)
Attributes = Mapping[str, AttributeView]


class Crowd:
    """The accounts of some phones by E.164; `held` are the members among them whose rows this
    transaction holds, by id."""

    def __init__(self, accounts: dict[str, Account], held: dict[int, LockedMember]) -> None:
        self.accounts = accounts
        self.held = held

    def arrived(self) -> list[Account]:
        """Those who took anything in, the new ones by phone: two writers then wait for each
        other in one order."""
        return [
            account
            for e164, account in sorted(self.accounts.items())
            if account.has_arrived and account.phone.e164 == e164
        ]


def look(phones: Iterable[PhoneNumber], *, attributes: Attributes) -> Crowd:
    """Whoever has these phones, with nothing held: to see what would come of it."""
    wanted = {phone.e164: phone for phone in phones}
    asked = values_table("asked", {"e164": String(16)}, [[e164] for e164 in wanted])
    rows = connection().execute(_OWNERS.join(asked, asked.c.e164 == _phones.c.e164))
    owners = {row.e164: row.id for row in rows}
    return Crowd(_accounts(wanted, owners, attributes), {})


def find(phones: Iterable[PhoneNumber], *, attributes: Attributes) -> Crowd:
    """The same, to be changed: members are locked by ascending id."""
    wanted = {phone.e164: phone for phone in phones}
    held = lock_by_phone(list(wanted))
    owners = {e164: member.id for e164, member in held.items()}
    by_id = {member.id: member for member in held.values()}
    return Crowd(_accounts(wanted, owners, attributes), by_id)


def save(crowd: Crowd, *, attributes: Attributes, source: str, now: datetime) -> list[Account]:
    """Make the members that are missing and write what changed; returns who was made. Raises
    `LostRace` where somebody else made one meanwhile."""
    arrived = crowd.arrived()
    made = [account for account in arrived if account.is_new]
    changed = [account for account in arrived if account.before and not account.is_new]
    _make(crowd, made, source=source, now=now)
    _change(changed, now=now)
    attributes_in_bulk.write_many(_attributes_of(made), attributes, are_new=True)
    attributes_in_bulk.write_many(_changed_attributes(changed), attributes)
    return made


# -- looking -------------------------------------------------------------------


def profiles_of(member_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """member id -> profile field, or one of `MOMENTS` -> value, None for what is not known."""
    rows = connection().execute(_of(_PROFILES, member_ids))
    return {member_id: dict(zip(_KNOWN, known, strict=True)) for member_id, *known in rows}


def _accounts(
    wanted: Mapping[str, PhoneNumber], owners: Mapping[str, int], attributes: Attributes
) -> dict[str, Account]:
    ids = owners.values()
    profiles = profiles_of(ids) if owners else {}
    restricted = set(connection().scalars(_of(_RESTRICTED, ids))) if owners else set()
    values = attributes_in_bulk.values_of_many(ids, attributes.values())
    accounts = {e164: Account(phone=phone) for e164, phone in wanted.items()}
    by_id: dict[int, Account] = {}
    for e164, member_id in owners.items():
        # Two numbers may lead to one member.
        accounts[e164] = account = by_id.setdefault(member_id, accounts[e164])
        theirs = {ATTRIBUTE + name: value for name, value in values.get(member_id, {}).items()}
        account.id = member_id
        account.is_restricted = member_id in restricted
        account.known = {**profiles[member_id], **theirs}
    return accounts


def _of(query: Select[Any], member_ids: Collection[int]) -> Select[Any]:
    asked = values_table("asked", {"id": Integer()}, [[each] for each in member_ids])
    return query.join(asked, asked.c.id == _members.c.id)


# -- writing -------------------------------------------------------------------


def _make(crowd: Crowd, made: Sequence[Account], *, source: str, now: datetime) -> None:
    if not made:
        return
    rows = [_columns(each.known) for each in made]
    for row, each in zip(rows, made, strict=True):
        row.update(points=0, debt=0, source=source, joined_at=each.joined_at or now)
        row["birth_date_since"] = None if row["birth_date"] is None else now
    ids = insert_many(_members, rows)
    phones.give(ids, [each.phone for each in made], now=now)
    for member_id, each in zip(ids, made, strict=True):
        each.id = member_id
        crowd.held[member_id] = LockedMember(
            id=member_id, name=each.known.get("name"), points=0, debt=0, created=True
        )


def _change(changed: Sequence[Account], *, now: datetime) -> None:
    profiles = {
        each.id: each.known
        for each in changed
        if any(name in each.before for name in PROFILE_FIELDS)
    }
    write_profiles(profiles, now=now)
    others = [each.id for each in changed if each.id not in profiles]
    if others:
        its_row = _members.c.id.in_(others)
        connection().execute(update(_members).where(its_row).values(updated_at=now))


def write_profiles(profiles: Mapping[int, Mapping[str, Any]], *, now: datetime) -> None:
    """Whole profiles by member, as `profiles_of` gives them; the members are locked."""
    if not profiles:
        return
    names = (*PROFILE_FIELDS, *DERIVED_FIELDS)
    columns = {member_id: _columns(known) for member_id, known in profiles.items()}
    rows = [[each, *(known[name] for name in names)] for each, known in columns.items()]
    kinds = {"id": Integer(), **{name: _members.c[name].type for name in names}}
    new = values_table("new", kinds, rows)
    values: dict[str, Any] = {name: new.c[name] for name in names}
    values["birth_date_since"] = case(
        (new.c.birth_date.is_(None), None),
        (_members.c.birth_date.is_not_distinct_from(new.c.birth_date), _members.c.birth_date_since),
        else_=literal(now, UtcDateTime),
    )
    its_row = _members.c.id == new.c.id
    connection().execute(update(_members).where(its_row).values(**values, updated_at=now))


def _columns(known: Mapping[str, Any]) -> dict[str, Any]:
    """The profile as it is stored, with what follows from it."""
    columns = {name: known.get(name) for name in PROFILE_FIELDS}
    columns["name_folded"] = folded_name(columns["name"])
    columns["urban"] = is_urban(
        district=columns["district"],
        province_list=columns["province_list"],
        province=columns["province"],
    )
    return columns


def _attributes_of(made: Sequence[Account]) -> dict[int, dict[str, Any]]:
    return {each.id: _only_attributes(each.known, each.known) for each in made}


def _changed_attributes(changed: Sequence[Account]) -> dict[int, dict[str, Any]]:
    return {each.id: _only_attributes(each.known, each.before) for each in changed}


def _only_attributes(known: Mapping[str, Any], among: Iterable[str]) -> dict[str, Any]:
    return {
        name.removeprefix(ATTRIBUTE): known[name] for name in among if name.startswith(ATTRIBUTE)
    }
