"""The members that a select finds, as a set."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Literal

from pyroaring import BitMap
from sqlalchemy import ColumnElement, Integer, LargeBinary, Select, cast, func, literal, select

from loyalty.core.bulk import values_table
from loyalty.core.db import connection, is_postgresql
from loyalty.core.limits import BATCH_ROWS

_NOTHING = cast(literal(b""), LargeBinary)


def members_of(query: Select[tuple[int]]) -> BitMap:
    """Whom `query` finds: a select of member ids, in any order. A million of them come in a
    tenth of a second and 4 MB."""
    [found] = members_of_each(query)
    return found


def members_of_each(*queries: Select[tuple[int]]) -> list[BitMap]:
    """Of several queries what each finds: on PostgreSQL in one statement, and so at one moment."""
    if is_postgresql():
        found = connection().execute(_as_values(queries)).one()
        return [BitMap(_numbers_of(value, "I")) for value in found]
    return [_streamed(query) for query in queries]


def numbers_of(query: Select[tuple[int]]) -> array[int]:
    """What a select of numbers of 32 bits finds, in its order: 4 bytes for each."""
    if is_postgresql():
        packed: Any = connection().scalar(_together(query))
        return _numbers_of(packed, "i")
    cursor: Any = connection().execute(query).cursor
    return array("i", chain.from_iterable(cursor))


def _streamed(query: Select[tuple[int]]) -> BitMap:
    cursor: Any = connection().execute(query).cursor
    return BitMap(array("I", chain.from_iterable(cursor)))


def only(
    query: Select[Any], among: Iterable[int] | None, *, column: ColumnElement[int]
) -> Select[Any]:
    """Of `query` what is about these members, found by index; all of it where None is given."""
    if among is None:
        return query
    given = values_table("among", {"id": Integer()}, [[member_id] for member_id in among])
    return query.where(column.in_(select(given.c.id)))


def members_of_those(
    members: BitMap, query: Select[tuple[int]], *, column: ColumnElement[int]
) -> BitMap:
    """Whom of these members `query` finds. A few are looked up by index; where there are more
    everybody is looked at, which is sooner done. `column` holds the ids within the query."""
    few = members if len(members) <= BATCH_ROWS else None
    return members & members_of(only(query, few, column=column))


def in_steps(members: BitMap) -> Iterator[BitMap]:
    """Ascending parts of at most `BATCH_ROWS` members."""
    for start in range(0, len(members), BATCH_ROWS):
        yield members[start : start + BATCH_ROWS]


@lru_cache(maxsize=16)
def _as_values(queries: Sequence[Select[tuple[int]]]) -> Select[Any]:
    """The ids of each query one after another in 4 bytes each, as one value: row by row they
    would take three times as long, and by a cursor PostgreSQL does not use its parallel plans.
    Made once of queries that are asked again and again."""
    return select(*(_together(query).scalar_subquery() for query in queries))


def _together(query: Select[tuple[int]]) -> Select[tuple[bytes]]:
    found = query.subquery()
    return select(func.string_agg(func.int4send(found.c[0]), _NOTHING, type_=LargeBinary))


def _numbers_of(value: bytes | None, kind: Literal["i", "I"]) -> array[int]:
    numbers = array(kind, value or b"")
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
