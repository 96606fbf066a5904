"""The rows of a file as they stand in the database, step by step: memory stays flat, and no
transaction is long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pyroaring import BitMap

from loyalty.core.db import read
from loyalty.core.errors import Code, Problem
from loyalty.exports.columns import FIXED, ID, TAGS
from loyalty.exports.elsewhere import CONSENTS, Source, attributes_of, consents_of, tags_of
from loyalty.exports.member_fields import fields_of
from loyalty.groups.selecting import in_steps
from loyalty.members.attributes import AttributeView
from loyalty.tags.fields import ATTRIBUTE_PREFIX
from loyalty.tags.surroundings import Surroundings, surroundings

Row = tuple[Any, ...]


def read_rows(members: BitMap, names: Sequence[str], *, as_of: datetime) -> Iterator[list[Row]]:
    """Batches of at most `BATCH_ROWS` rows `(member id, value of each of names)`, by ascending
    id: str, date, datetime, int, float, bool, tuple of str, or None. Who is no customer any
    more by the time of the reading has no row.

    Opens a `read()` for each step; none is open while it yields. Raises `unknown_column`.
    """
    with read():
        around = surroundings(as_of)
        sources = _sources(members, names, around)
    beside = [name for name in dict.fromkeys(names) if _is_beside_the_member(name)]
    for some in in_steps(members):
        with read():
            found = fields_of(some, beside, around)
            for source in sources:
                found.update(source(found[ID.name]))
        yield list(zip(found[ID.name], *(found[name] for name in names), strict=True))


def _is_beside_the_member(name: str) -> bool:
    return name in FIXED and name not in (ID.name, TAGS.name, *CONSENTS)


def _sources(members: BitMap, names: Sequence[str], around: Surroundings) -> list[Source]:
    """Where all other columns come from."""
    sources: list[Source] = []
    if channels := [name for name in names if name in CONSENTS]:
        sources.append(consents_of(members, channels, as_of=around.as_of))
    if TAGS.name in names:
        sources.append(tags_of(members))
    if attributes := {name: _declared(name, around) for name in names if name not in FIXED}:
        sources.append(attributes_of(attributes))
    return sources


def _declared(name: str, around: Surroundings) -> AttributeView:
    view = around.attributes.get(name.removeprefix(ATTRIBUTE_PREFIX))
    if view is None or not name.startswith(ATTRIBUTE_PREFIX):
        raise Problem(Code.UNKNOWN_COLUMN, extra={"about": name})
    return view
