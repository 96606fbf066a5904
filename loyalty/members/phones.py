"""Whose number is whose, and since when: a phone is a dated row.

A member has one main number, which is shown and called, and may have aliases: numbers of
accounts that were merged into it, under which it is found too. A row is never turned from one
into the other: it ends and another begins, so that what was when can be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Row, String, literal, select, update

from loyalty.core.bulk import insert_many, insert_unique, values_table
from loyalty.core.db import UtcDateTime, connection, table_of
from loyalty.core.phone import PhoneNumber
from loyalty.members.models import IS_MAIN, Member, MemberPhone

FORMER_SHOWN = 10
"""Members of before whom a search names, the last ones."""

_members = table_of(Member)
_phones = table_of(MemberPhone)
_IS_ACTIVE = _phones.c.active_until.is_(None)


# -- looking -----------------------------------------------------------------


def owner_of(e164: str) -> int | None:
    """Whose number it is today, main or alias."""
    query = select(_phones.c.member_id).where(_phones.c.e164 == e164, _IS_ACTIVE)
    return connection().scalar(query)


def main_of(member_id: int) -> str | None:
    """The E.164 of the number a member is called at."""
    query = select(_phones.c.e164).where(_phones.c.member_id == member_id, IS_MAIN)
    return connection().scalar(query)


def numbers_of(member_id: int) -> Sequence[Row[Any, Any, Any]]:
    """(id, e164, is_alias) of the numbers that lead to the member today, the main one first."""
    query = select(_phones.c.id, _phones.c.e164, _phones.c.is_alias).where(
        _phones.c.member_id == member_id, _IS_ACTIVE
    )
    return connection().execute(query.order_by(_phones.c.is_alias, _phones.c.id)).all()


def formerly(phone: PhoneNumber) -> list[dict[str, Any]]:
    """Whose number it was before: `{member_id, until}`, the last one first; whoever has it
    today is not among them, nor is a member that is there no longer."""
    now_its = select(_phones.c.member_id).where(_phones.c.e164 == phone.e164, _IS_ACTIVE)
    rows = connection().execute(
        select(_phones.c.member_id, _phones.c.active_until)
        .join(_members, _members.c.id == _phones.c.member_id)
        .where(
            _phones.c.e164 == phone.e164,
            _phones.c.active_until.is_not(None),
            _members.c.closed_at.is_(None),
            _phones.c.member_id.not_in(now_its),
        )
        .order_by(_phones.c.active_until.desc(), _phones.c.id.desc())
        .limit(FORMER_SHOWN)
    )
    last = {row.member_id: row.active_until for row in reversed(rows.all())}
    return [{"member_id": each, "until": until} for each, until in reversed(last.items())]


# -- changing ----------------------------------------------------------------
# The caller holds the rows of the members.


def give(ids: Sequence[int], phones: Sequence[PhoneNumber], *, now: datetime) -> None:
    """Main numbers of new members, in the same order; raises `LostRace` where one is somebody's
    by now."""
    if len(phones) == 1:
        set_main(ids[0], phones[0], now=now)
        return
    made = values_table(
        "made",
        {"member_id": Integer(), "e164": String(16), "kind": String(24)},
        [(member_id, phone.e164, phone.kind) for member_id, phone in zip(ids, phones, strict=True)],
    )
    since = literal(now, UtcDateTime).label("active_from")
    insert_unique(_phones, select(made, since), len(phones))


def set_main(member_id: int, phone: PhoneNumber, *, now: datetime) -> None:
    """The number of a member who has no main one; raises `LostRace` where it is somebody's."""
    _begin(member_id, phone.e164, phone.kind, now=now)


def end(member_id: int, e164: str, *, now: datetime) -> bool:
    """The number is the member's no longer; False where it was not."""
    ended = connection().execute(
        update(_phones)
        .where(_phones.c.member_id == member_id, _phones.c.e164 == e164, _IS_ACTIVE)
        .values(active_until=now)
    )
    return bool(ended.rowcount)


def end_all(member_id: int, *, now: datetime) -> None:
    connection().execute(
        update(_phones).where(_phones.c.member_id == member_id, _IS_ACTIVE).values(active_until=now)
    )


def move(source_id: int, into_id: int, *, now: datetime) -> None:
    """The numbers of an account that is merged lead to the other one: its main number becomes
    an alias, or the main one where the other has none. What was before goes along."""
    has_main = main_of(into_id) is not None
    its_main = select(_phones.c.e164, _phones.c.kind).where(_phones.c.member_id == source_id)
    main = connection().execute(its_main.where(IS_MAIN)).first()
    if main is not None:
        end(source_id, main.e164, now=now)
        _begin(into_id, main.e164, main.kind, now=now, is_alias=has_main)
    connection().execute(
        update(_phones).where(_phones.c.member_id == source_id).values(member_id=into_id)
    )


def _begin(member_id: int, e164: str, kind: str, *, now: datetime, is_alias: bool = False) -> None:
    row = {"member_id": member_id, "e164": e164, "kind": kind, "active_from": now}
    insert_many(_phones, [{**row, "is_alias": is_alias}])
