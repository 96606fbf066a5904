"""What the shop keeps of its members beside the profile: attributes that it declares, and
their values.

A change of a value holds the member's row first and then the attribute's, so that it comes
after no erasure, and is checked against the choices that there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask_babel import gettext
from marshmallow import ValidationError
from sqlalchemy import Row, Select, delete, func, insert, select, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import ATTRIBUTES
from loyalty.members.attribute_rules import (
    AttributeView,
    Value,
    cells_of,
    checked,
    has_choices,
    value_of,
)
from loyalty.members.models import Attribute, AttributeKind, Member, MemberAttribute
from loyalty.members.rules import CHANGE, DECLARE_ATTRIBUTES

__all__ = [
    "AttributeView",
    "change",
    "declare",
    "declared",
    "drop",
    "forget",
    "has_any",
    "set_values",
    "take_over",
    "values_of",
]

_attributes = table_of(Attribute)
_values = table_of(MemberAttribute)
_members = table_of(Member)
_DECLARED: Select[Any] = select(
    _attributes.c.id,
    _attributes.c.name,
    _attributes.c.label,
    _attributes.c.kind,
    _attributes.c.choices,
).order_by(_attributes.c.id)
_VALUES = (
    select(_attributes.c.name, _attributes.c.kind, _values)
    .join(_attributes, _attributes.c.id == _values.c.attribute_id)
    .order_by(_attributes.c.id, _values.c.place)
)


# -- what is declared --------------------------------------------------------


def declared() -> dict[str, AttributeView]:
    """Every attribute by its name, oldest first."""
    return {row.name: _view(row) for row in connection().execute(_DECLARED)}


def declare(
    *, name: str, label: str, kind: AttributeKind, choices: Collection[str] | None = None
) -> AttributeView:
    """From now on the shop keeps this of its members. Raises `attribute_exists`, and
    `invalid_request` where choices are missing or are none of this kind's."""
    there = declared()
    if name in there:
        raise Problem(Code.ATTRIBUTE_EXISTS, field="name")
    if len(there) >= ATTRIBUTES:
        most = gettext("At most %(number)s attributes.", number=ATTRIBUTES)
        raise Problem(Code.INVALID_REQUEST, errors={"name": [most]})
    _check_choices(kind, choices)
    connection().execute(
        insert(_attributes).values(
            name=name,
            label=label,
            kind=kind,
            choices=list(choices) if choices else None,
            created_by=current_actor().label,
            created_at=clock.now(),
        )
    )
    audit.record(DECLARE_ATTRIBUTES.name, "attribute", name, step="created")
    return declared()[name]


def change(
    name: str, *, label: str | None = None, choices: Collection[str] | None = None
) -> AttributeView:
    """Another label, other choices; what is None stays. A choice that a member has is not
    taken away. Raises `unknown_attribute`, `invalid_request`."""
    attribute = _hold(name)
    if choices is not None:
        _check_choices(attribute.kind, choices)
        _refuse_in_use(attribute, set(attribute.choices).difference(choices))
    wanted = {"label": label, "choices": list(choices) if choices else None}
    changes = {column: value for column, value in wanted.items() if value is not None}
    if changes:
        its_row = _attributes.c.id == attribute.id
        connection().execute(update(_attributes).where(its_row).values(changes))
        audit.record(DECLARE_ATTRIBUTES.name, "attribute", name, step="changed")
    return declared()[name]


def drop(name: str) -> None:
    """No longer kept, and gone from every member. Tags whose rules ask for it fail from now
    on, and say so. Raises `unknown_attribute`."""
    attribute = _hold(name)
    connection().execute(delete(_attributes).where(_attributes.c.id == attribute.id))
    audit.record(DECLARE_ATTRIBUTES.name, "attribute", name, step="deleted")


def _view(row: Row[Any]) -> AttributeView:
    return AttributeView(
        id=row.id,
        name=row.name,
        label=row.label,
        kind=AttributeKind(row.kind),
        choices=tuple(row.choices or ()),
    )


def _hold(name: str) -> AttributeView:
    """Nobody is given a value of it until the transaction ends."""
    row = connection().execute(_DECLARED.where(_attributes.c.name == name).with_for_update())
    if (found := row.first()) is None:
        raise Problem(Code.UNKNOWN_ATTRIBUTE)
    return _view(found)


def _check_choices(kind: AttributeKind, choices: Collection[str] | None) -> None:
    if has_choices(kind) and not choices:
        raise _about_choices(gettext("Say what can be chosen."))
    if choices and not has_choices(kind):
        raise _about_choices(gettext("An attribute of this kind has no choices."))


def _refuse_in_use(attribute: AttributeView, leaving: Collection[str]) -> None:
    found = connection().scalars(
        select(_values.c.text)
        .where(_values.c.attribute_id == attribute.id, _values.c.text.in_(leaving))
        .group_by(_values.c.text)
        .order_by(_values.c.text)
    )
    if in_use := ", ".join(found):
        raise _about_choices(gettext("Customers have this choice: %(choice)s.", choice=in_use))


def _about_choices(sentence: str) -> Problem:
    return Problem(Code.INVALID_REQUEST, errors={"choices": [sentence]})


# -- what a member has -------------------------------------------------------


def values_of(member_id: int) -> dict[str, Value]:
    """By the attribute's name; what the member has no value of is left out."""
    rows = connection().execute(_VALUES.where(_values.c.member_id == member_id))
    each = [(name, list(of_it)) for name, of_it in groupby(rows, key=attrgetter("name"))]
    return {name: value_of(AttributeKind(of_it[0].kind), of_it) for name, of_it in each}


def has_any(member_id: int) -> bool:
    query = select(func.count()).select_from(_values).where(_values.c.member_id == member_id)
    return bool(connection().scalar(query))


def set_values(member_id: int, given: Mapping[str, Any]) -> None:
    """Set these values, None clears; the same again changes nothing.

    Raises `unknown_member`, and `invalid_request` with a sentence for each name that is not
    declared and each value that its attribute does not take.
    """
    if not given:
        return
    _hold_member(member_id)
    attributes = _shared(given)
    wanted = _checked(given, attributes)
    present = values_of(member_id)
    changed = [name for name, value in wanted.items() if present.get(name) != value]
    if changed:
        _write(member_id, {attributes[name]: wanted[name] for name in changed})
        fields = sorted(f"attributes.{name}" for name in changed)
        audit.record(CHANGE.name, "member", member_id, fields=fields)


def take_over(source_id: int, into_id: int) -> None:
    """What is not known yet of one account is taken from the other one of the same person, both
    held; the rest stays there."""
    known = select(_values.c.attribute_id).where(_values.c.member_id == into_id)
    connection().execute(
        update(_values)
        .where(_values.c.member_id == source_id, _values.c.attribute_id.not_in(known))
        .values(member_id=into_id)
    )


def forget(member_id: int) -> None:
    """For an erasure: nothing is left of what the shop kept."""
    connection().execute(delete(_values).where(_values.c.member_id == member_id))


def _hold_member(member_id: int) -> None:
    query = select(_members.c.id).where(_members.c.id == member_id, _members.c.closed_at.is_(None))
    if connection().scalar(query.with_for_update(key_share=True)) is None:
        raise Problem(Code.UNKNOWN_MEMBER)


def _shared(names: Collection[str]) -> dict[str, AttributeView]:
    """Those of them that are declared; their choices stay until the transaction ends."""
    query = _DECLARED.where(_attributes.c.name.in_(names)).with_for_update(read=True)
    return {row.name: _view(row) for row in connection().execute(query)}


def _checked(
    given: Mapping[str, Any], attributes: Mapping[str, AttributeView]
) -> dict[str, Value | None]:
    wanted: dict[str, Value | None] = {}
    errors: dict[str, list[Any]] = {}
    for name, value in given.items():
        if name not in attributes:
            errors[name] = [Problem(Code.UNKNOWN_ATTRIBUTE).detail]
            continue
        try:
            wanted[name] = checked(attributes[name], value)
        except ValidationError as why:
            errors[name] = list(why.messages)
    if errors:
        raise Problem(Code.INVALID_REQUEST, errors={"attributes": errors})
    return wanted


def _write(member_id: int, changes: Mapping[AttributeView, Value | None]) -> None:
    ids = [attribute.id for attribute in changes]
    connection().execute(
        delete(_values).where(_values.c.member_id == member_id, _values.c.attribute_id.in_(ids))
    )
    append_many(
        _values,
        [
            {"member_id": member_id, "attribute_id": attribute.id, **cells}
            for attribute, value in changes.items()
            for cells in cells_of(attribute.kind, value)
        ],
    )
    its_row = _members.c.id == member_id
    connection().execute(update(_members).where(its_row).values(updated_at=clock.now()))
