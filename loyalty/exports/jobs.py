"""Exports as a job."""

from __future__ import annotations

from functools import partial
from typing import Any

from loyalty.core.access import acting_as
from loyalty.core.db import read
from loyalty.core.disk import saying_disk_full
from loyalty.exports import running, service, storing
from loyalty.jobs import service as jobs
from loyalty.jobs.worker import Task


def run(task: Task) -> dict[str, Any]:
    """Make the files that somebody ordered; begun again, it begins with an empty folder, but for
    what was kept already when the worker died."""
    export_id = task.arguments["export"]
    with acting_as(task.asked_by):
        with read():
            rows = service.get(export_id)["rows"]
        if rows is None:
            with saying_disk_full(), storing.begun(export_id) as folder:
                made = running.run(export_id, folder, report=task.report, hold=partial(_hold, task))
                rows = made["rows"]
    return {"rows": rows}


def _hold(task: Task) -> None:
    """Until the transaction ends the job is this worker's. Raises `Cancelled` where somebody
    asked for its end since the last report, or it is another's by now: this one may have
    stalled."""
    if not jobs.is_held_by(task.id, worker=task.worker) or jobs.look(task.id).is_ending:
        raise jobs.Cancelled
