"""What follows an erasure and a restore, outside of requests."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, table_of
from loyalty.jobs import service as jobs
from loyalty.jobs.models import JobState
from loyalty.jobs.worker import Task
from loyalty.members.models import Member
from loyalty.privacy import erased_file
from loyalty.privacy.erasure import PURGE, erase
from loyalty.privacy.purge import purge

RESTORED = "erased before the backup was restored"

_members = table_of(Member)


def purge_after_erasure(_: Task) -> dict[str, Any]:
    """The job that an erasure leaves."""
    settle()
    return {}


def settle() -> None:
    """Write down who was erased, then purge."""
    erased_file.catch_up()
    purge()


def make_up_for_failures() -> bool:
    """By the clock and at every start: write down who is missing in the file, and queue a
    purge again that failed, as one does while somebody reads for long. Whether it did."""
    erased_file.catch_up()
    return in_transaction(_queue_failed_purge_again)


def _queue_failed_purge_again() -> bool:
    failed = jobs.last_state(PURGE) == JobState.FAILED
    if failed:
        jobs.enqueue(PURGE, {}, now=clock.now())
    return failed


def erase_again() -> int:
    """After a restore: erase whoever is in the file of the erased and in the database is not.
    Returns how many; the purge is the caller's."""
    erased = 0
    for member_id, joined_at in erased_file.everybody():
        erased += in_transaction(partial(_erase_again, member_id, joined_at))
    return erased


def _erase_again(member_id: int, joined_at: str) -> bool:
    query = select(_members.c.id, _members.c.joined_at).where(
        _members.c.id == member_id, _members.c.erased_at.is_(None)
    )
    row = connection().execute(query).first()
    if row is None or erased_file.key_of(row) != (member_id, joined_at):
        return False
    erase(member_id, reason=RESTORED)
    return True
