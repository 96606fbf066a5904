"""Columns whose values are not beside the member: consents, tags, attributes. Each is looked
up at once for all members of a file as far as it can be, the rest step by step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from pyroaring import BitMap
from sqlalchemy import select

from loyalty.core.db import connection, table_of
from loyalty.exports.columns import TAGS, Cells
from loyalty.groups import service as groups
from loyalty.groups.selecting import members_of_those, only
from loyalty.members import consents
from loyalty.members.attribute_rules import value_of
from loyalty.members.attributes import AttributeView
from loyalty.members.consent_rules import CHANNELS, MARKETING
from loyalty.members.models import AttributeKind, Member, MemberAttribute
from loyalty.members.rules import fold
from loyalty.tags.models import Tag

CONSENTS: Mapping[str, str] = {f"consent_{channel}": channel for channel in CHANNELS}
"""column -> channel"""

_members = table_of(Member)
_tags = table_of(Tag)
_values = table_of(MemberAttribute)

Source = Callable[[Sequence[int]], Mapping[str, Cells]]
"""Of some members, ascending, the cells of the columns that it knows."""


def consents_of(members: BitMap, names: Sequence[str], *, as_of: datetime) -> Source:
    """Whether the consent to marketing counts."""
    agreed = {name: _agreed(members, CONSENTS[name], as_of=as_of) for name in names}
    return lambda ids: {name: [each in who for each in ids] for name, who in agreed.items()}


def _agreed(members: BitMap, channel: str, *, as_of: datetime) -> BitMap:
    counting = consents.counting(channel, MARKETING, now=as_of)
    return members_of_those(members, counting, column=_members.c.id)


def tags_of(members: BitMap) -> Source:
    """The names of the tags that people set, by name."""
    query = select(_tags.c.name, _tags.c.group_id).where(_tags.c.rule.is_(None))
    tags = sorted(connection().execute(query).all(), key=lambda tag: fold(tag.name))
    # One group after the other, compressed: a thousand tags fit.
    tagged = [(tag.name, groups.read_members(tag.group_id) & members) for tag in tags]

    def look_up(ids: Sequence[int]) -> Mapping[str, Cells]:
        some, names = BitMap(ids), defaultdict[int, list[str]](list)
        for name, who in tagged:
            for member_id in who & some:
                names[member_id].append(name)
        return {TAGS.name: [tuple(names.get(each, ())) for each in ids]}

    return look_up


def attributes_of(attributes: Mapping[str, AttributeView]) -> Source:
    """By the name of the column."""
    by_id = {view.id: (name, view.kind) for name, view in attributes.items()}
    query = (
        select(_values)
        .where(_values.c.attribute_id.in_(by_id))
        .order_by(_values.c.member_id, _values.c.attribute_id, _values.c.place)
    )

    def look_up(ids: Sequence[int]) -> Mapping[str, Cells]:
        found: dict[str, dict[int, Any]] = {name: {} for name in attributes}
        rows = connection().execute(only(query, ids, column=_values.c.member_id))
        for (member_id, attribute_id), places in groupby(rows, key=_OF_ONE):
            name, kind = by_id[attribute_id]
            found[name][member_id] = _value(kind, list(places))
        return {name: [of.get(each) for each in ids] for name, of in found.items()}

    return look_up


_OF_ONE = attrgetter("member_id", "attribute_id")


def _value(kind: AttributeKind, places: Sequence[Any]) -> Any:
    value = value_of(kind, places)
    return tuple(value) if isinstance(value, list) else value
