"""Two accounts of one person: whose account carries on whose, and what becomes of what is known
of the person. What they bought and earned is moved by `identity`, which stands above.

A member that was merged is closed; `merged_into` leads in one step to the member that carries
it on, however often that one is merged in turn. What was known of it and found no blank stays
with it: it is shown with the survivor's data, and erased with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from loyalty.core.db import connection, db, table_of
from loyalty.members import attributes, consents, phones
from loyalty.members.models import Member
from loyalty.members.service import PROFILE_FIELDS, fill_blanks

_members = table_of(Member)
_PLACE = ("province_list", "province", "district")


def survivor_of(member_id: int) -> int:
    """Who carries on the member's account: the member itself unless it was merged."""
    query = select(_members.c.merged_into).where(_members.c.id == member_id)
    return connection().scalar(query) or member_id


def carried_on_by(member_id: int) -> int | None:
    """The same, None where it was not merged."""
    survivor = survivor_of(member_id)
    return None if survivor == member_id else survivor


def accounts_of(member_id: int) -> list[int]:
    """The ids under which the member stands in what was written before merges: its own first."""
    query = select(_members.c.id).where(_members.c.merged_into == member_id)
    return [member_id, *connection().scalars(query.order_by(_members.c.id))]


def take_over(source_id: int, into_id: int, *, via: str, now: datetime) -> None:
    """The person's part of a merge: blanks of the profile and of attributes are filled, of
    consents what both agreed to stands, restrictions of either hold, and every number leads to
    `into_id`. The caller holds both members' rows; the source's account is empty.

    `via` is the door, as of consents. `joined_at` stays: after a restore an erased member is
    known by it.
    """
    source = db.session.get_one(Member, source_id, populate_existing=True)
    into = db.session.get_one(Member, into_id, populate_existing=True)
    _fill(source, into)
    into.restricted_at = _of_either(min, source.restricted_at, into.restricted_at)
    into.objected_at = _of_either(max, source.objected_at, into.objected_at)
    into.updated_at = source.updated_at = now
    # Flush: what follows is plain SQL.
    db.session.flush()
    attributes.take_over(source_id, into_id)
    consents.take_over(source_id, into_id, via=via, now=now)
    phones.move(source_id, into_id, now=now)
    _close(source_id, into_id, now=now)


def _fill(source: Member, into: Member) -> None:
    told = {name: getattr(source, name) for name in PROFILE_FIELDS}
    if into.province is not None and told["province"] != into.province:
        # A district is one of its province.
        told |= dict.fromkeys(_PLACE)
    since = into.birth_date_since if into.birth_date is not None else source.birth_date_since
    fill_blanks({into.id: told})
    into.birth_date_since = since


def _of_either(first: Any, one: datetime | None, other: datetime | None) -> datetime | None:
    return first(one, other) if one and other else one or other


def _close(source_id: int, into_id: int, *, now: datetime) -> None:
    closed = {"closed_at": now, "merged_into": into_id, "tier_id": None}
    connection().execute(update(_members).where(_members.c.id == source_id).values(closed))
    connection().execute(
        update(_members).where(_members.c.merged_into == source_id).values(merged_into=into_id)
    )
