"""The only place that knows APScheduler: what runs by the clock, in one process.

A lease row lets a second scheduler wait until the first one is gone.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import click
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask, current_app
from flask.cli import with_appcontext

from loyalty.core import clock, idempotency
from loyalty.core.db import in_transaction, read
from loyalty.core.logs import log
from loyalty.jobs import service as jobs
from loyalty.points import invariants as of_points
from loyalty.purchases import invariants as of_purchases

LEASE_NAME = "scheduler"
RENEW_SECONDS = 15


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
        running: BackgroundScheduler | None = None
        while not self.stop.is_set():
            mine = self._renew()
            if mine and running is None:
                running = self._start()
            elif not mine and running is not None:
                running.shutdown(wait=False)
                running = None
            self.stop.wait(RENEW_SECONDS)
        if running is not None:
            running.shutdown(wait=False)
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

    def _start(self) -> BackgroundScheduler:
        zone = self.app.extensions["settings"].time_zone
        scheduler = BackgroundScheduler(timezone=zone)
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        for name, act, when in _SCHEDULE:
            scheduler.add_job(self._within_app(name, act), "cron", id=name, **when, **once)
        scheduler.start()
        log.info("scheduler.started")
        return scheduler

    def _within_app(self, name: str, act: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            with self.app.app_context():
                try:
                    log.info("scheduler.ran", job=name, result=act())
                except Exception as error:
                    log.error("scheduler.failed", job=name, error=type(error).__name__)

        return run


def forget_idempotency_keys() -> int:
    return in_transaction(lambda: idempotency.forget_old(clock.now()))


def verify_ledger() -> int:
    """How many invariants are broken; each is logged by name."""
    with read():
        broken = of_points.broken_among({**of_points.invariants(), **of_purchases.invariants()})
    for found in broken:
        log.error("ledger.broken", invariant=found.invariant, first_ids=found.ids)
    return len(broken)


_SCHEDULE: tuple[tuple[str, Callable[[], Any], dict[str, Any]], ...] = (
    ("forget_idempotency_keys", forget_idempotency_keys, {"hour": 3, "minute": 10}),
    ("verify_ledger", verify_ledger, {"hour": 4, "minute": 10}),
)
