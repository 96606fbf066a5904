"""The only place that knows APScheduler: what runs by the clock, in one process.

A lease row lets a second scheduler wait until the first one is gone.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask, current_app
from flask.cli import with_appcontext

from loyalty.audiences import jobs as audiences_jobs
from loyalty.core import clock, idempotency, throttle
from loyalty.core.db import in_transaction, read
from loyalty.core.logs import log
from loyalty.exports import service as exports
from loyalty.groups import thinning
from loyalty.imports import service as imports
from loyalty.imports import undo_rows
from loyalty.jobs import service as jobs
from loyalty.jobs import worker
from loyalty.points import figures as point_figures
from loyalty.points import pending
from loyalty.points.birthdays import give_birthday_bonuses
from loyalty.points.expiring import expire_due
from loyalty.points.invariants import broken
from loyalty.privacy.jobs import make_up_for_failures
from loyalty.programme.tier_review import queue_review
from loyalty.purchases.tiers_review import is_review_due
from loyalty.rewards.jobs import lapse_holds
from loyalty.staff import sessions
from loyalty.tags import jobs as tags_jobs
from loyalty.tags import rounds

LEASE_NAME = "scheduler"
RENEW_SECONDS = 15
POLL_SECONDS = 2
"""How often is looked for jobs that wait, and for members that changed."""


@click.command("scheduler")
@with_appcontext
def scheduler_command() -> None:
    """Run what the clock asks for; a second scheduler waits for the first to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    Runner(current_app._get_current_object(), stop).run()  # type: ignore[attr-defined]


class Runner:
    """Holds the lease while its APScheduler runs; loses both together."""

    def __init__(self, app: Flask, stop: threading.Event) -> None:
        self.app = app
        self.stop = stop
        self.holder = f"{socket.gethostname()}:{os.getpid()}"

    def run(self) -> None:
        running: _Running | None = None
        while not self.stop.is_set():
            mine = self._renew()
            if mine and running is None:
                running = self._start()
            elif not mine and running is not None:
                running.end()
                running = None
            self.stop.wait(RENEW_SECONDS)
        if running is not None:
            running.end()
            in_transaction(lambda: jobs.leave_lease(LEASE_NAME, holder=self.holder))

    def _renew(self) -> bool:
        try:
            return in_transaction(
                lambda: jobs.take_lease(LEASE_NAME, holder=self.holder, now=clock.now())
            )
        except Exception as error:
            # The database may be away for a while; without a lease nothing runs.
            log.error("scheduler.lease", error=type(error).__name__)
            return False

    def _start(self) -> _Running:
        zone = self.app.extensions["settings"].time_zone
        scheduler = BackgroundScheduler(timezone=zone)
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        for name, act, when in _SCHEDULE:
            scheduler.add_job(self._within_app(name, act), "cron", id=name, **when, **once)
        scheduler.start()
        ended = threading.Event()
        # Beside each other: no long job keeps waiting whoever changed.
        self._begin_loop(make_up_for_failures, self._do_jobs, ended)
        self._begin_loop(queue_daily_build, rounds.drain, ended)
        log.info("scheduler.started")
        return _Running(scheduler, ended)

    def _do_jobs(self, *, stopping: Callable[[], bool]) -> int:
        return worker.run_waiting(worker=self.holder, stopping=stopping)

    def _begin_loop(
        self, at_first: Callable[[], Any], again: Callable[..., int], ended: threading.Event
    ) -> None:
        """In a thread of its own: `at_first` makes up for what a crash or a night without
        power left undone, then `again` every few seconds."""

        def loop() -> None:
            self._within_app(at_first.__name__, at_first)()
            while not ended.wait(POLL_SECONDS):
                with self.app.app_context():
                    try:
                        again(stopping=ended.is_set)
                    except Exception as error:
                        log.error("worker.failed", loop=again.__name__, error=type(error).__name__)

        # A daemon: the job of a process that is told to end is taken up by the next.
        threading.Thread(target=loop, name=again.__name__, daemon=True).start()

    def _within_app(self, name: str, act: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            with self.app.app_context():
                try:
                    log.info("scheduler.ran", job=name, result=act())
                except Exception as error:
                    log.error("scheduler.failed", job=name, error=type(error).__name__)

        return run


@dataclass(frozen=True)
class _Running:
    """What runs while the lease is held."""

    scheduler: BackgroundScheduler
    ended: threading.Event

    def end(self) -> None:
        self.ended.set()
        self.scheduler.shutdown(wait=False)


def forget_idempotency_keys() -> int:
    return in_transaction(lambda: idempotency.forget_old(clock.now()))


def forget_rate_windows() -> int:
    return in_transaction(lambda: throttle.forget_old(clock.now()))


def forget_sessions() -> int:
    return in_transaction(lambda: sessions.forget_old(clock.now()))


def verify_ledger() -> int:
    """How many invariants are broken; each is logged by name."""
    with read():
        every = broken()
    for found in every:
        log.error("ledger.broken", invariant=found.invariant, first_ids=found.ids)
    return len(every)


def expire_points() -> int:
    return expire_due(clock.now()).lots


def activate_points() -> int:
    return pending.activate_due(clock.now())


def give_birthdays() -> int:
    return give_birthday_bonuses(clock.now())


def keep_point_sums() -> int:
    return point_figures.keep_sums(clock.now())


def thin_out_groups() -> int:
    return thinning.thin_out(clock.now())


def delete_old_exports() -> int:
    return in_transaction(lambda: exports.delete_old(clock.now()))


def forget_old_exports() -> int:
    return in_transaction(lambda: exports.forget_old(clock.now()))


def delete_old_imports() -> int:
    return in_transaction(lambda: imports.delete_old(now=clock.now()))


def forget_old_imports() -> int:
    return undo_rows.forget_old(now=clock.now())


def queue_daily_build() -> bool:
    """Once a day, as soon as somebody is there to do it: a shop's computer may be off at
    night. Whether it did."""

    def queue() -> bool:
        if not tags_jobs.is_build_due():
            return False
        for kind in (tags_jobs.BUILD_ALL, audiences_jobs.BUILD_ALL):
            jobs.enqueue(kind, {}, now=clock.now())
        return True

    return in_transaction(queue)


def queue_monthly_review() -> bool:
    """Of all tiers, as soon in the month as somebody is there to do it. Whether it did."""

    def queue() -> bool:
        is_due = is_review_due()
        if is_due:
            queue_review(clock.now())
        return is_due

    return in_transaction(queue)


_SCHEDULE: tuple[tuple[str, Callable[[], Any], dict[str, Any]], ...] = (
    ("forget_idempotency_keys", forget_idempotency_keys, {"hour": 3, "minute": 10}),
    ("forget_rate_windows", forget_rate_windows, {"minute": 20}),
    ("lapse_holds", lapse_holds, {"minute": "*"}),
    ("forget_sessions", forget_sessions, {"hour": 3, "minute": 30}),
    ("make_up_for_failures", make_up_for_failures, {"minute": 40}),
    ("keep_point_sums", keep_point_sums, {"hour": 3, "minute": 40}),
    ("thin_out_groups", thin_out_groups, {"hour": 3, "minute": 50}),
    ("activate_points", activate_points, {"minute": 1}),
    ("give_birthdays", give_birthdays, {"hour": 8, "minute": 5}),
    ("expire_points", expire_points, {"hour": "2,10,18", "minute": 10}),
    ("verify_ledger", verify_ledger, {"hour": 4, "minute": 10}),
    ("delete_old_exports", delete_old_exports, {"minute": 50}),
    ("delete_old_imports", delete_old_imports, {"minute": 55}),
    ("forget_old_exports", forget_old_exports, {"hour": 4, "minute": 20}),
    ("forget_old_imports", forget_old_imports, {"hour": 4, "minute": 30}),
    ("queue_daily_build", queue_daily_build, {"minute": 5}),
    ("queue_monthly_review", queue_monthly_review, {"minute": 15}),
)
