"""Exports as a job."""

from __future__ import annotations

from typing import Any

from loyalty.core.access import acting_as
from loyalty.core.db import read
from loyalty.exports import running, service, storing
from loyalty.exports.writing import saying_disk_full
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
                rows = running.run(export_id, folder, report=task.report)["rows"]
    return {"rows": rows}
