"""Whom a rule would find, before it is saved."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import select

from loyalty.core.db import connection, table_of
from loyalty.core.deadlines import within_seconds
from loyalty.core.phone import PhoneNumber
from loyalty.groups.selecting import members_of
from loyalty.members.models import IS_MAIN, MemberPhone
from loyalty.tags.compiling import members_where
from loyalty.tags.language import Rule
from loyalty.tags.surroundings import surroundings

SAMPLE = 10
PREVIEW_SECONDS = 5
"""A page waits for it; a rule that takes longer is counted by its first build."""

_phones = table_of(MemberPhone)


def preview(rule: Rule, *, as_of: datetime) -> dict[str, Any]:
    """`{count, sample: [{id, phone}]}`: how many, and the first of them, phones masked.

    Raises `took_too_long`, and what `members_where` does.
    """
    with within_seconds(PREVIEW_SECONDS):
        found = members_of(members_where(rule, surroundings(as_of)))
    return {"count": len(found), "sample": _masked(list(islice(found, SAMPLE)))}


def _masked(member_ids: list[int]) -> list[dict[str, Any]]:
    its_phone = _phones.c.member_id.in_(member_ids) & IS_MAIN
    rows = connection().execute(select(_phones.c.member_id, _phones.c.e164).where(its_phone))
    masked = {row.member_id: PhoneNumber(row.e164).masked for row in rows}
    return [{"id": member_id, "phone": masked.get(member_id)} for member_id in member_ids]
