"""The worker: does what waits, survives what fails, takes up what another left."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from flask import Flask

from loyalty.core import clock
from loyalty.core.db import read, transaction
from loyalty.jobs import service, worker
from loyalty.jobs.models import Job, JobState
from loyalty.jobs.worker import WORK, Task
from loyalty.scheduler import Runner
from tests.core.rows import column

SECRET = "0912 345 678"


def queue(app: Flask, kind: str, ago: timedelta = timedelta(0), **arguments) -> int:
    with app.app_context(), transaction():
        return service.enqueue(kind, arguments, now=clock.now() - ago).id


def run(app: Flask, name: str = "a") -> int:
    with app.app_context():
        return worker.run_waiting(worker=name)


def job(app: Flask, job_id: int) -> Job:
    with app.app_context(), read() as session:
        found = session.get_one(Job, job_id, populate_existing=True)
        session.expunge(found)
        return found


@pytest.fixture
def work(app) -> dict[str, worker.Work]:
    """What this test's jobs do."""
    app.extensions[WORK] = {}
    return app.extensions[WORK]


def test_waiting_jobs_are_done_in_order_with_their_arguments(app, work):
    seen = []

    def add(task: Task) -> dict:
        seen.append(task.arguments["n"])
        return {"n": task.arguments["n"]}

    work["add"] = add
    jobs = [queue(app, "add", n=n) for n in range(3)]
    other = queue(app, "nobody's")
    assert run(app) == 3
    assert run(app) == 0
    assert seen == [0, 1, 2]
    assert [(job(app, each).state, job(app, each).result) for each in jobs] == [
        (JobState.DONE, {"n": n}) for n in range(3)
    ]
    assert job(app, other).state == JobState.QUEUED


def test_error_ends_its_job_alone_and_is_kept_by_its_type_only(app, work, caplog):
    caplog.set_level(logging.INFO)

    def break_down(_: Task) -> dict:
        raise RuntimeError(f"row of {SECRET}")

    work["breaks"] = break_down
    work["works"] = lambda task: {}
    broken, fine = queue(app, "breaks"), queue(app, "works")
    assert run(app) == 2
    assert (job(app, broken).state, job(app, broken).error) == (JobState.FAILED, "RuntimeError")
    assert job(app, fine).state == JobState.DONE
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text


def test_report_keeps_the_job_and_hears_of_its_end(app, work):
    def count(task: Task) -> dict:
        task.report(5)
        with transaction():
            service.cancel(task.id, now=clock.now())
        task.report(6)
        raise AssertionError("goes on after the end")

    work["count"] = count
    counted = queue(app, "count")
    assert run(app) == 1
    assert (job(app, counted).state, job(app, counted).progress) == (JobState.CANCELLED, 5)


def test_work_of_a_dead_worker_is_done_by_the_next(app, work):
    work["long"] = lambda task: {"by": task.worker}
    left = queue(app, "long")
    begun = clock.now() - service.LEASE - timedelta(seconds=1)
    with app.app_context(), transaction():
        service.claim(["long"], worker="dead", now=begun)
    assert run(app, "alive") == 1
    assert (job(app, left).result, job(app, left).attempts) == ({"by": "alive"}, 2)


def test_worker_that_lost_its_lease_does_not_end_the_job(app, work):
    """It was away so long that another took over, and then it comes back."""

    def be_away(task: Task) -> dict:
        with transaction():
            taken = service.claim(
                ["away"], worker="other", now=clock.now() + service.LEASE + timedelta(seconds=1)
            )
            assert taken is not None
        return {"by": task.worker}

    work["away"] = be_away
    away = queue(app, "away")
    assert run(app, "first") == 1
    assert (job(app, away).state, job(app, away).worker) == (JobState.RUNNING, "other")


def test_two_workers_share_and_do_nothing_twice(app, work):
    done: list[int] = []

    def note(task: Task) -> dict:
        done.append(task.id)
        return {}

    work["one"] = note
    jobs = [queue(app, "one") for _ in range(12)]
    threads = [threading.Thread(target=run, args=[app, name]) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == jobs
    assert set(column(app, "SELECT state FROM jobs")) == {"done"}


def test_scheduler_does_what_waits(app, work, monkeypatch):
    monkeypatch.setattr("loyalty.scheduler.POLL_SECONDS", 0.05)
    monkeypatch.setattr("loyalty.scheduler.RENEW_SECONDS", 0.5)
    finished, stop = threading.Event(), threading.Event()

    def finish(_: Task) -> dict:
        finished.set()
        return {}

    work["soon"] = finish
    queue(app, "soon")

    def schedule() -> None:
        with app.app_context():
            Runner(app, stop).run()

    runner = threading.Thread(target=schedule)
    runner.start()
    try:
        assert finished.wait(30)
    finally:
        stop.set()
        runner.join(30)
    assert not runner.is_alive()
