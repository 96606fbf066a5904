"""Members that changed since the tag rules were last applied.

The database itself marks them (triggers, see the migration of groups): a service need not
think of it. What changes without a row of the member changing is marked here by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from loyalty.core.bulk import values_table
from loyalty.core.db import BigId, connection, table_of
from loyalty.core.phone import PhoneNumber
from loyalty.members.models import Dirty, Member, MemberPhone

_dirty = table_of(Dirty)
_members = table_of(Member)
_phones = table_of(MemberPhone)
_OLDEST = select(_dirty.c.id, _dirty.c.member_id).order_by(_dirty.c.id)
_MARKED = select(_members.c.id).where(_members.c.id.in_(select(_dirty.c.member_id)))
ACTIVE = _MARKED.where(_members.c.closed_at.is_(None))
"""Which of the members marked now are active: they may be new."""
GONE = _MARKED.where(_members.c.closed_at.is_not(None))
"""And which are not, any more."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Some of the marks: their rows, and the members they are about, each once, ascending."""

    ids: Sequence[int]
    member_ids: Sequence[int]


def oldest(limit: int) -> Marks:
    """The oldest marks, at most `limit` of them."""
    rows = connection().execute(_OLDEST.limit(limit)).all()
    return Marks(ids=[row.id for row in rows], member_ids=sorted({row.member_id for row in rows}))


def count() -> int:
    return connection().scalar(select(func.count()).select_from(_dirty)) or 0


def mark(member_ids: Collection[int]) -> None:
    if member_ids:
        rows = [{"member_id": member_id} for member_id in sorted(member_ids)]
        connection().execute(insert(_dirty), rows)


def mark_phones(phones: Collection[PhoneNumber]) -> None:
    """Whoever has one of these numbers today."""
    wanted = [[phone.e164] for phone in phones]
    if not wanted:
        return
    given = values_table("given", {"e164": _phones.c.e164.type}, wanted)
    theirs = (
        select(_phones.c.member_id)
        .distinct()
        .join(given, given.c.e164 == _phones.c.e164)
        .where(_phones.c.active_until.is_(None))
    )
    connection().execute(insert(_dirty).from_select(["member_id"], theirs))


def unmark(ids: Sequence[int]) -> None:
    """Delete exactly these marks: one that came in the meantime stays."""
    if ids:
        done = values_table("done", {"id": BigId}, [[row_id] for row_id in ids])
        connection().execute(delete(_dirty).where(_dirty.c.id.in_(select(done.c.id))))
