"""Tests of attributes that the shop declares itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, String, case, func, literal, select

from loyalty.core.db import table_of
from loyalty.core.errors import Code, Problem
from loyalty.members.attributes import AttributeView
from loyalty.members.models import AttributeKind, MemberAttribute
from loyalty.tags.comparing import Column, Test, compare, is_one_of
from loyalty.tags.documents import as_text
from loyalty.tags.fields import ATTRIBUTE_PREFIX, KIND_OF_ATTRIBUTE, OPS, Kind
from loyalty.tags.language import Ago, FieldTest, Op, Scalar
from loyalty.tags.member_columns import Joined

_values = table_of(MemberAttribute)


Key = tuple[int, tuple[str, ...]]
"""An attribute's id, and which of several choices are asked for."""


def attribute_test(test: FieldTest, joined: Joined) -> Test:
    """Raises `unknown_attribute` about the name where it is gone, or is of another kind now."""
    view = _declared(test, joined)
    column = _column(test, joined)
    if view.kind is AttributeKind.CHOICES:
        return column.is_(None) if test.op is Op.MISSING else column == 1
    kind = KIND_OF_ATTRIBUTE[view.kind]
    have = column == 1 if kind is Kind.BOOL else column
    return compare(have, kind, test.op, test.value, joined.around)


def _declared(test: FieldTest, joined: Joined) -> AttributeView:
    name = test.field.removeprefix(ATTRIBUTE_PREFIX)
    view = joined.around.attributes.get(name)
    if view is None or not _goes_with(test, KIND_OF_ATTRIBUTE[view.kind]):
        raise Problem(Code.UNKNOWN_ATTRIBUTE, extra={"about": name})
    return view


def _goes_with(test: FieldTest, kind: Kind) -> bool:
    return test.op in OPS[kind] and all(_is_of(kind, value) for value in _each(test))


def _is_of(kind: Kind, value: Scalar) -> bool:
    match kind:
        case Kind.NUMBER:
            return type(value) in (int, float)
        case Kind.BOOL:
            return type(value) is bool
        case Kind.DATE:
            return not isinstance(value, (int, float, str))
        case _:
            # A text that looks like a date was read as one.
            return not isinstance(value, (int, float, Ago))


def _each(test: FieldTest) -> Collection[Scalar]:
    if test.value is None:
        return ()
    return test.value if isinstance(test.value, tuple) else (test.value,)


# -- one table of all that is asked for --------------------------------------------


def _column(test: FieldTest, joined: Joined) -> Column:
    names: dict[Key, str] = joined.once("attribute names", lambda: _names(joined))
    table = joined.table("attributes", lambda: _attributes(names, joined))
    return table.c[names[_key(test, joined)]]


def _names(joined: Joined) -> dict[Key, str]:
    keys = dict.fromkeys(_key(leaf, joined) for leaf in _asked(joined))
    return {key: f"attribute_{place}" for place, key in enumerate(keys)}


def _asked(joined: Joined) -> Iterator[FieldTest]:
    for leaf in joined.leaves:
        if isinstance(leaf, FieldTest) and leaf.field.startswith(ATTRIBUTE_PREFIX):
            yield leaf


def _key(test: FieldTest, joined: Joined) -> Key:
    view = _declared(test, joined)
    is_of_several = view.kind is AttributeKind.CHOICES
    return view.id, tuple(map(as_text, _each(test))) if is_of_several else ()


def _attributes(names: Mapping[Key, str], joined: Joined) -> Select[Any]:
    """The rows of a member side by side: a value each, and of several choices a 1 where one
    of those asked for is among them."""
    views = {view.id: view for view in joined.around.attributes.values()}
    ids = {attribute_id for attribute_id, _ in names}
    cells = (
        func.max(case((_is_it(key), _cell(views[key[0]])))).label(name)
        for key, name in names.items()
    )
    return (
        select(_values.c.member_id, *cells)
        .where(_values.c.attribute_id.in_(ids), joined.only(_values.c.member_id))
        .group_by(_values.c.member_id)
    )


def _is_it(key: Key) -> Test:
    attribute_id, choices = key
    its_row = _values.c.attribute_id == attribute_id
    return its_row & is_one_of(_values.c.text, choices, String()) if choices else its_row


def _cell(view: AttributeView) -> Column:
    match view.kind:
        case AttributeKind.CHOICES:
            return literal(1)
        case AttributeKind.NUMBER | AttributeKind.BOOL:
            return _values.c.number
        case AttributeKind.DATE:
            return _values.c.day
        case _:
            return _values.c.text
