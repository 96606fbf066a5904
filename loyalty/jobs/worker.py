"""The worker: takes jobs that wait, one after another, and says how they ended.

What a kind of job does is handed in by `create_app` (`WORK`): its name and a callable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from loyalty.core import clock
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Problem
from loyalty.core.logs import log
from loyalty.jobs import service
from loyalty.jobs.service import Cancelled

WORK = "work"
"""Name of the seam: kind -> what does it."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A claimed job, as its work sees it. The work opens its own transactions."""

    id: int
    kind: str
    arguments: Mapping[str, Any]
    worker: str
    asked_by: str
    """The label of whoever asked for it."""

    def report(self, progress: int, total: int | None = None) -> None:
        """How far it is, of how much where that is known; keeps the lease: at least every half
        minute. Lets `Cancelled` through when the work shall end or is another's by now."""

        def write() -> None:
            service.report(
                self.id, worker=self.worker, progress=progress, total=total, now=clock.now()
            )

        in_transaction(write)


Work = Callable[[Task], dict[str, Any]]
"""Does a job and returns its result. Begun again where a worker died: it must bear that."""


def run_waiting(*, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Do what waits, until nothing does or it is time to stop; returns how many."""
    kinds: Mapping[str, Work] = current_app.extensions[WORK]
    done = 0
    while not stopping() and (task := _claim(kinds, worker)):
        _do(task, kinds[task.kind])
        done += 1
    return done


def _claim(kinds: Collection[str], worker: str) -> Task | None:
    now = clock.now()
    with read():
        # Asked without writing first: mostly nothing waits, and SQLite has one writer.
        if not service.is_waiting(kinds, now=now):
            return None

    def claim() -> Task | None:
        job = service.claim(kinds, worker=worker, now=now)
        if job is None:
            return None
        return Task(
            id=job.id,
            kind=job.kind,
            arguments=job.arguments,
            worker=worker,
            asked_by=job.created_by,
        )

    return in_transaction(claim)


def _do(task: Task, work: Work) -> None:
    """Whatever a work raises ends this job alone. Of a refusal its code is kept, of another
    error the type: its text may hold rows."""
    try:
        result = work(task)
    except Cancelled:
        _end(task, lambda: service.mark_cancelled(task.id, now=clock.now()))
    except Exception as error:
        name = str(error.code) if isinstance(error, Problem) else type(error).__name__
        log.error("job.failed", kind=task.kind, id=task.id, error=name)
        _end(task, lambda: service.fail(task.id, name, now=clock.now()))
    else:
        _end(task, lambda: service.finish(task.id, result, now=clock.now()))
        log.info("job.done", kind=task.kind, id=task.id)


def _end(task: Task, write: Callable[[], None]) -> None:
    """A worker whose lease ended does not speak for the one that took over."""

    def end() -> None:
        if service.is_held_by(task.id, worker=task.worker):
            write()

    in_transaction(end)
