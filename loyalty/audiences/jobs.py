"""Builds of audiences as a job."""

from __future__ import annotations

from typing import Any

from loyalty.audiences.building import build_all_audiences
from loyalty.jobs.worker import Task

BUILD_ALL = "audiences.build_all"


def build_every(task: Task) -> dict[str, Any]:
    return {"audiences": build_all_audiences(between=task.report)}
