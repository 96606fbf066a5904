"""Fields of members as tag rules know them, of the members of one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyroaring import BitMap
from sqlalchemy import BigInteger, Integer, Select, cast, func, select

from loyalty.core.db import connection, table_of
from loyalty.exports.columns import FIXED, ID, PHONE, Cells, ColumnKind
from loyalty.members.models import IS_MAIN, MemberPhone
from loyalty.tags.comparing import Column, Only, is_one_of
from loyalty.tags.language import FieldTest, Op
from loyalty.tags.member_columns import Joined, column_of, members
from loyalty.tags.surroundings import Surroundings

_phones = table_of(MemberPhone)
_COUNTED = (ColumnKind.NUMBER, ColumnKind.MONEY, ColumnKind.POINTS)

DENSE = 3
"""Where at least every third id of a range is wanted, reading the range is the quicker way."""


def fields_of(some: BitMap, names: Sequence[str], around: Surroundings) -> dict[str, Cells]:
    """The cells of each of `names`, and of `id`: who of `some` is there, ascending."""
    rows = connection().execute(_fields(some, names, around)).all()
    found = [row for row in rows if row[0] in some]
    cells = zip(*found, strict=True) if found else ((),) * (1 + len(names))
    return dict(zip((ID.name, *names), cells, strict=True))


def _fields(some: BitMap, names: Sequence[str], around: Surroundings) -> Select[Any]:
    """What else it finds beside them is left to the caller to leave out."""
    only = _near(some)
    # Totals of purchases are looked up once for all that ask for them.
    leaves = [FieldTest(field=name, op=Op.MISSING, value=None) for name in names]
    joined = Joined(around, only, leaves, are_few=True)
    columns = [_column(name, joined).label(name) for name in names]
    return (
        select(members.c.id, *columns)
        .select_from(joined.source)
        .where(members.c.closed_at.is_(None), only(members.c.id))
        .order_by(members.c.id)
    )


def _near(some: BitMap) -> Only:
    """Keeps to these members, or to their range."""
    first, last = some.min(), some.max()
    if last - first < DENSE * len(some):
        return lambda column: column.between(first, last)
    ids = list(some)
    return lambda column: is_one_of(column, ids, Integer())


def _column(name: str, joined: Joined) -> Column:
    if name == PHONE.name:
        return _phone(joined)
    column = column_of(name, joined)
    # PostgreSQL adds up whole numbers to a decimal one.
    return cast(column, BigInteger) if FIXED[name].kind in _COUNTED else column


def _phone(joined: Joined) -> Column:
    """A member has one main phone at most."""

    def phones() -> Select[Any]:
        return (
            select(_phones.c.member_id, func.min(_phones.c.e164).label("e164"))
            .where(IS_MAIN, joined.only(_phones.c.member_id))
            .group_by(_phones.c.member_id)
        )

    return joined.table(PHONE.name, phones).c.e164
