"""The review of all members: who reaches less than once is in a lower tier from now on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask import current_app
from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, table_of
from loyalty.core.limits import BATCH_ROWS
from loyalty.jobs.models import Job, JobState
from loyalty.jobs.worker import Task
from loyalty.members import service as members
from loyalty.members.models import Member
from loyalty.programme.tier_review import REVIEW_TIERS
from loyalty.purchases import tiers

_members = table_of(Member)


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    members: int
    moved: int


def review(now: datetime, *, report: Callable[[int], None] | None = None) -> Reviewed:
    """Put every member into the tier that the window reaches, up or down. Opens a transaction for
    each step; safe to repeat, and to break off."""
    looked_at, moved, after = 0, 0, 0
    while True:
        ids, step_moved = in_transaction(partial(_review_step, now=now, after=after))
        if not ids:
            return Reviewed(members=looked_at, moved=moved)
        looked_at, moved, after = looked_at + len(ids), moved + step_moved, ids[-1]
        if report is not None:
            report(looked_at)


def _review_step(*, now: datetime, after: int) -> tuple[list[int], int]:
    """The ids that were looked at, and how many moved."""
    query = (
        select(_members.c.id)
        .where(_members.c.id > after, _members.c.closed_at.is_(None))
        .order_by(_members.c.id)
        .limit(BATCH_ROWS)
    )
    ids = list(connection().scalars(query))
    return ids, tiers.settle(members.lock(ids).values(), now=now) if ids else 0


def review_all(task: Task) -> dict[str, Any]:
    reviewed = review(clock.now(), report=task.report)
    return {"members": reviewed.members, "moved": reviewed.moved}


def is_review_due() -> bool:
    """Whether none was asked for this month, by the shop's clock, or the last one failed."""
    newest = select(Job.state, Job.created_at).where(Job.kind == REVIEW_TIERS)
    row = connection().execute(newest.order_by(Job.id.desc()).limit(1)).first()
    if row is None or row.state == JobState.FAILED:
        return True
    zone = current_app.extensions["settings"].time_zone
    month, this_month = (
        at.astimezone(zone).strftime("%Y-%m") for at in (row.created_at, clock.now())
    )
    return month < this_month
