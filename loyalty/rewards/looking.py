"""Redemptions looked up: one, by its code, those of a member."""

from __future__ import annotations

from typing import Any

from loyalty.core import clock
from loyalty.core.codes import read_code
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS
from loyalty.members import service as members
from loyalty.rewards import redemptions
from loyalty.rewards.models import Redemption
from loyalty.rewards.redemptions import WITH_REWARD
from loyalty.rewards.views import view

_redemptions = table_of(Redemption)


def get(redemption_id: int) -> dict[str, Any]:
    """Raises `unknown_redemption`."""
    return view(redemptions.look(redemption_id)._mapping, now=clock.now())


def find_by_code(written: str) -> dict[str, Any]:
    """By its code, however it is written or scanned; raises `unknown_redemption`."""
    code = read_code(written)
    found = code and connection().execute(WITH_REWARD.where(_redemptions.c.code == code)).first()
    if not found:
        raise Problem(Code.UNKNOWN_REDEMPTION, field="code")
    return view(found._mapping, now=clock.now())


def of_member(member_id: int, *, before: int | None = None) -> dict[str, Any]:
    """A page of a member's redemptions, newest first; `before` is the cursor of the last page.
    Raises `unknown_member`."""
    members.get(member_id)
    query = WITH_REWARD.where(_redemptions.c.member_id == member_id)
    if before is not None:
        query = query.where(_redemptions.c.id < before)
    found = connection().execute(query.order_by(_redemptions.c.id.desc()).limit(PAGE_ROWS + 1))
    rows, now = found.all(), clock.now()
    page = [view(row._mapping, now=now) for row in rows[:PAGE_ROWS]]
    return {"items": page, "next": str(page[-1]["id"]) if len(rows) > PAGE_ROWS else None}
