"""Attributes of many members at once; whoever writes them holds the members' rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Integer, delete, exists, select

from loyalty.core.bulk import append_many, values_table
from loyalty.core.db import connection, table_of
from loyalty.members.attribute_rules import AttributeView, Value, cells_of, value_of
from loyalty.members.models import Attribute, MemberAttribute

_attributes = table_of(Attribute)
_values = table_of(MemberAttribute)
_BY_MEMBER = select(_values).order_by(_values.c.member_id, _values.c.attribute_id, _values.c.place)


def keep(attributes: Collection[AttributeView]) -> bool:
    """Nobody changes or drops these before the transaction ends; False where somebody did
    since they were looked at."""
    if not attributes:
        return True
    columns = (_attributes.c.id, _attributes.c.kind, _attributes.c.choices)
    ids = [attribute.id for attribute in attributes]
    query = select(*columns).where(_attributes.c.id.in_(ids)).order_by(_attributes.c.id)
    there = {
        row.id: (row.kind, tuple(row.choices or ()))
        for row in connection().execute(query.with_for_update(read=True))
    }
    return all(there.get(each.id) == (each.kind, each.choices) for each in attributes)


def values_of_many(
    member_ids: Collection[int], attributes: Collection[AttributeView]
) -> dict[int, dict[str, Value]]:
    """member id -> name -> value; what a member has no value of is left out."""
    found: dict[int, dict[str, Value]] = {}
    by_id = {attribute.id: attribute for attribute in attributes}
    if not by_id or not member_ids:
        return found
    asked = values_table("asked", {"id": Integer()}, [[each] for each in member_ids])
    rows = connection().execute(
        _BY_MEMBER.join(asked, asked.c.id == _values.c.member_id).where(
            _values.c.attribute_id.in_(by_id)
        )
    )
    for (member_id, attribute_id), cells in groupby(rows, attrgetter("member_id", "attribute_id")):
        attribute = by_id[attribute_id]
        found.setdefault(member_id, {})[attribute.name] = value_of(attribute.kind, list(cells))
    return found


def write_many(
    values: Mapping[int, Mapping[str, Value | None]],
    attributes: Mapping[str, AttributeView],
    *,
    are_new: bool = False,
) -> None:
    """member id -> name -> its value from now on, None for none; of members who `are_new`
    there is nothing to replace."""
    pairs = [(each, attributes[name].id) for each, given in values.items() for name in given]
    if pairs and not are_new:
        _delete(pairs)
    append_many(_values, list(_rows(values, attributes)))


def _delete(pairs: Sequence[tuple[int, int]]) -> None:
    gone = values_table("gone", {"member_id": Integer(), "attribute_id": Integer()}, pairs)
    is_gone = exists().where(
        gone.c.member_id == _values.c.member_id, gone.c.attribute_id == _values.c.attribute_id
    )
    connection().execute(delete(_values).where(is_gone))


def _rows(
    values: Mapping[int, Mapping[str, Value | None]], attributes: Mapping[str, AttributeView]
) -> Iterator[dict[str, Any]]:
    for member_id, given in values.items():
        for name, value in given.items():
            attribute = attributes[name]
            for cells in cells_of(attribute.kind, value):
                yield {"member_id": member_id, "attribute_id": attribute.id, **cells}
