"""Long work as rows: claimed once, kept by reporting, taken up when its worker died."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from loyalty.core.db import read, transaction
from loyalty.jobs import service
from loyalty.jobs.models import Job, JobState
from loyalty.scheduler import LEASE_NAME, forget_idempotency_keys, verify_ledger

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = NOW + service.LEASE + timedelta(seconds=1)


def queued(kind: str = "export") -> int:
    with transaction():
        return service.enqueue(kind, {"rows": 3}, now=NOW).id


def claimed(worker: str, now: datetime = NOW) -> int | None:
    with transaction():
        job = service.claim(["export"], worker=worker, now=now)
        return job.id if job else None


def state_of(job_id: int) -> str:
    with read() as session:
        return session.get_one(Job, job_id, populate_existing=True).state


def test_job_is_claimed_by_one_worker(app: Flask):
    with app.app_context():
        job_id = queued()
        queued(kind="something else")
        assert claimed("a") == job_id
        assert claimed("b") is None
        assert state_of(job_id) == JobState.RUNNING


def test_work_of_a_dead_worker_is_taken_up_when_its_lease_ends(app: Flask):
    with app.app_context():
        job_id = queued()
        claimed("a")
        assert claimed("b", now=LATER) == job_id
        with transaction(), pytest.raises(service.Cancelled):
            service.report(job_id, worker="a", progress=1, now=LATER)


def test_reporting_keeps_the_lease(app: Flask):
    with app.app_context():
        job_id = queued()
        claimed("a")
        with transaction():
            service.report(job_id, worker="a", progress=2, now=LATER - timedelta(seconds=2))
        assert claimed("b", now=LATER) is None


def test_work_begun_too_often_fails_with_a_reason(app: Flask):
    with app.app_context():
        job_id = queued()
        for turn in range(service.MAX_ATTEMPTS):
            assert claimed("a", now=NOW + turn * 2 * service.LEASE) == job_id
        assert claimed("a", now=NOW + 20 * service.LEASE) is None
        assert state_of(job_id) == JobState.FAILED


def test_cancelled_job_ends_at_once_or_at_its_next_report(app: Flask):
    with app.app_context():
        waiting, running = queued(), queued()
        with transaction():
            service.cancel(waiting, now=NOW)
        assert state_of(waiting) == JobState.CANCELLED
        assert claimed("a") == running
        with transaction():
            service.cancel(running, now=NOW)
        with transaction(), pytest.raises(service.Cancelled):
            service.report(running, worker="a", progress=1, now=NOW)
        with transaction():
            service.mark_cancelled(running, now=NOW)
        assert state_of(running) == JobState.CANCELLED


def test_finished_job_keeps_its_result(app: Flask):
    with app.app_context():
        job_id = queued()
        claimed("a")
        with transaction():
            service.finish(job_id, {"rows": 3}, now=NOW)
        with read() as session:
            job = session.get_one(Job, job_id, populate_existing=True)
        assert (job.state, job.result, job.leased_until) == (JobState.DONE, {"rows": 3}, None)


def test_one_scheduler_at_a_time_and_the_next_when_it_is_gone(app: Flask):
    def takes(holder: str, now: datetime) -> bool:
        with transaction():
            return service.take_lease(LEASE_NAME, holder=holder, now=now)

    with app.app_context():
        assert takes("a", NOW)
        assert takes("a", NOW)
        assert not takes("b", NOW)
        assert takes("b", LATER)
        assert not takes("a", LATER)
        with transaction():
            service.leave_lease(LEASE_NAME, holder="b")
        assert takes("a", LATER)


def test_what_the_clock_asks_for_runs(app: Flask):
    with app.app_context():
        assert forget_idempotency_keys() == 0
        assert verify_ledger() == 0
