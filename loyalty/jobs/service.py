"""Long work as rows: queue it, claim it under a lease, report progress, cancel it.

A worker renews its lease with every step. One that died lets it end, and the
next claim takes the work up where its own steps left it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select, update

from loyalty.core.access import current_actor
from loyalty.core.db import db
from loyalty.jobs.models import Job, JobState, Lease

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a job stands. `error` is a refusal's code, or the type of another error; `is_ending`:
    somebody asked for its end."""

    id: int
    state: JobState
    progress: int
    total: int | None
    error: str | None
    is_ending: bool
    ended_at: datetime | None

    @property
    def goes_on(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)


class Cancelled(Exception):
    """Somebody asked for the end of this job."""


def enqueue(kind: str, arguments: dict[str, Any], *, now: datetime) -> Job:
    job = Job(
        kind=kind,
        arguments=arguments,
        state=JobState.QUEUED,
        created_by=current_actor().label,
        created_at=now,
    )
    db.session.add(job)
    # Flush: the caller tells people the job's id.
    db.session.flush()
    return job


def is_waiting(kinds: Collection[str], *, now: datetime) -> bool:
    """Whether there is something to claim."""
    return db.session.scalar(_waiting(kinds, now).with_only_columns(Job.id)) is not None


def _waiting(kinds: Collection[str], now: datetime) -> Select[Job]:
    abandoned = and_(Job.state == JobState.RUNNING, Job.leased_until < now)
    return (
        select(Job)
        .where(Job.kind.in_(kinds), or_(Job.state == JobState.QUEUED, abandoned))
        .order_by(Job.id)
        .limit(1)
    )


def last_state(kind: str) -> str | None:
    """How the newest job of a kind stands; None where there is none."""
    return db.session.scalar(
        select(Job.state).where(Job.kind == kind).order_by(Job.id.desc()).limit(1)
    )


def claim(kinds: Collection[str], *, worker: str, now: datetime) -> Job | None:
    """The oldest job that waits, or whose worker died; it is this worker's from now on."""
    job = db.session.scalar(_waiting(kinds, now).with_for_update(skip_locked=True))
    if job is None:
        return None
    if job.attempts >= MAX_ATTEMPTS:
        _end(job, JobState.FAILED, now=now, error="The work was begun too often without an end.")
        return None
    job.state = JobState.RUNNING
    job.attempts += 1
    job.worker = worker
    job.leased_until = now + LEASE
    return job


def report(
    job_id: int, *, worker: str, progress: int, total: int | None = None, now: datetime
) -> None:
    """Say how far the work is and keep the lease; raises `Cancelled`."""
    job = db.session.get_one(Job, job_id, populate_existing=True)
    if job.cancel_asked or job.worker != worker or job.state != JobState.RUNNING:
        raise Cancelled
    job.progress = progress
    job.total = total if total is not None else job.total
    job.leased_until = now + LEASE


def look(job_id: int) -> Standing:
    """How a job stands; raises `LookupError` where there is none."""
    job = db.session.get_one(Job, job_id, populate_existing=True)
    return Standing(
        id=job.id,
        state=JobState(job.state),
        progress=job.progress,
        total=job.total,
        error=job.error,
        is_ending=job.cancel_asked,
        ended_at=job.ended_at,
    )


def is_held_by(job_id: int, *, worker: str) -> bool:
    """Whether this worker still speaks for the job; locks it."""
    job = db.session.get_one(Job, job_id, populate_existing=True, with_for_update=True)
    return job.worker == worker and job.state == JobState.RUNNING


def finish(job_id: int, result: dict[str, Any], *, now: datetime) -> None:
    _end(db.session.get_one(Job, job_id), JobState.DONE, now=now, result=result)


def fail(job_id: int, error: str, *, now: datetime) -> None:
    _end(db.session.get_one(Job, job_id), JobState.FAILED, now=now, error=error[:500])


def cancel(job_id: int, *, now: datetime) -> None:
    """A waiting job ends at once, a running one at its next report."""
    job = db.session.get_one(Job, job_id, populate_existing=True)
    job.cancel_asked = True
    if job.state == JobState.QUEUED:
        _end(job, JobState.CANCELLED, now=now)


def mark_cancelled(job_id: int, *, now: datetime) -> None:
    _end(db.session.get_one(Job, job_id), JobState.CANCELLED, now=now)


def _end(
    job: Job,
    state: JobState,
    *,
    now: datetime,
    result: dict[str, Any] | None = None,
    error: str | None = None,
) -> None:
    job.state = state
    job.result = result
    job.error = error
    job.ended_at = now
    job.leased_until = None


def take_lease(name: str, *, holder: str, now: datetime) -> bool:
    """Take or renew a role that one process has at a time; False while another has it."""
    changed = db.session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.leased_until < now))
        .values(holder=holder, leased_until=now + LEASE)
    )
    if changed.rowcount:  # type: ignore[attr-defined]
        return True
    if db.session.get(Lease, name) is not None:
        return False
    db.session.add(Lease(name=name, holder=holder, leased_until=now + LEASE))
    # Flush: a second process that inserts the same name must lose here.
    db.session.flush()
    return True


def leave_lease(name: str, *, holder: str) -> None:
    lease = db.session.get(Lease, name)
    if lease is not None and lease.holder == holder:
        db.session.delete(lease)
