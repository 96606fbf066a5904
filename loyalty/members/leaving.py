"""Many members at once, as they were before a file came: those it made are ended, those it
changed know again what they knew. Whoever calls holds the members' rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import Date, Integer, bindparam, delete, func, select, update

from loyalty.core.bulk import values_table
from loyalty.core.db import UtcDateTime, connection, table_of
from loyalty.members import attributes, attributes_in_bulk, joining
from loyalty.members.attribute_rules import AttributeView, checked
from loyalty.members.joining import MOMENTS
from loyalty.members.joining_rules import ATTRIBUTE
from loyalty.members.models import Consent, ConsentChange, Member, MemberAttribute, MemberPhone
from loyalty.members.service import DERIVED_FIELDS, PROFILE_FIELDS

_members = table_of(Member)
_TOLD = (Consent, ConsentChange, MemberAttribute, MemberPhone)
_BLANK = dict.fromkeys((*PROFILE_FIELDS, *DERIVED_FIELDS, "updated_at", "birth_date_since"))
_TOUCH = (
    update(_members)
    .where(_members.c.id == bindparam("member_id"))
    .values(
        updated_at=bindparam("as_updated_at"),
        birth_date_since=func.coalesce(
            bindparam("as_birth_date_since", type_=UtcDateTime), _members.c.birth_date_since
        ),
    )
)


def end_many(member_ids: Collection[int], *, now: datetime) -> None:
    """Close members whom only a file made. Nothing of who they are is left, their phones are
    free again; the ids, which are never given again, and the ledger stay."""
    if not member_ids:
        return
    for model in _TOLD:
        table = table_of(model)
        connection().execute(delete(table).where(table.c.member_id.in_(_among(member_ids))))
    its_row = _members.c.id.in_(_among(member_ids))
    connection().execute(update(_members).where(its_row).values(**_BLANK, closed_at=now))


def put_back(before: Mapping[int, Mapping[str, Any]], *, now: datetime) -> None:
    """member id -> profile fields, `MOMENTS` and `attributes.<name>` as they were, as JSON holds
    them (dates as ISO text, None for nothing). An attribute that is no longer declared,
    or not with this choice, is passed over."""
    if not before:
        return
    declared = attributes.declared()
    profiles = joining.profiles_of(before)
    joining.write_profiles(
        {member_id: {**profiles[member_id], **_profile(was)} for member_id, was in before.items()},
        now=now,
    )
    _touch_as_before(before)
    values = {member_id: _attributes(was, declared) for member_id, was in before.items()}
    attributes_in_bulk.write_many(values, declared)


def _touch_as_before(before: Mapping[int, Mapping[str, Any]]) -> None:
    moments = [
        {"member_id": member_id, **{f"as_{name}": _moment(was.get(name)) for name in MOMENTS}}
        for member_id, was in before.items()
    ]
    connection().execute(_TOUCH, moments)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _profile(was: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _stored(name, was[name]) for name in PROFILE_FIELDS if name in was}


def _stored(name: str, value: Any) -> Any:
    is_date = isinstance(_members.c[name].type, Date) and value is not None
    return datetime.fromisoformat(value).date() if is_date else value


def _attributes(was: Mapping[str, Any], declared: Mapping[str, AttributeView]) -> dict[str, Any]:
    values = {}
    for written, value in was.items():
        attribute = declared.get(written.removeprefix(ATTRIBUTE))
        if attribute is None or not written.startswith(ATTRIBUTE):
            continue
        try:
            values[attribute.name] = checked(attribute, value)
        except ValidationError:
            continue
    return values


def _among(member_ids: Collection[int]) -> Any:
    given = values_table("given", {"id": Integer()}, [[each] for each in sorted(member_ids)])
    return select(given.c.id)
