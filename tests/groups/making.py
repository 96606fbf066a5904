"""Groups for tests: made, filled and read, each within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Row, func, select

from loyalty.core.db import Base, connection, table_of
from loyalty.groups import history
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, GroupKind
from loyalty.groups.service import Build, Written

AS_OF = datetime(2026, 11, 22, 3, tzinfo=UTC)
EDGES = (0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 2**31 - 1)
"""Ids about the ends of chunks, and the largest there can be."""


def build(cause: Cause = Cause.DATA, as_of: datetime = AS_OF, **more: Any) -> Build:
    return Build(cause=cause, as_of=as_of, **more)


def new_group(ids: Iterable[int] = (), *, kind: GroupKind = GroupKind.TAG) -> int:
    """A tag's group, with its first build where somebody is in it."""
    group_id = groups.create(kind)
    members = BitMap(ids)
    if members:
        groups.replace(group_id, members, build(Cause.FIRST))
    return group_id


def change(
    group_id: int, *, add: Iterable[int] = (), remove: Iterable[int] = (), **how: Any
) -> Written:
    return groups.adjust(group_id, add=BitMap(add), remove=BitMap(remove), build=build(**how))


def came_in(group_id: int, member_id: int) -> Row[Any]:
    """The build that put in who is in."""
    found = history.came_in(group_id, member_id)
    assert found is not None
    return found


def rows_of(model: type[Base]) -> int:
    return connection().scalar(select(func.count()).select_from(table_of(model))) or 0
