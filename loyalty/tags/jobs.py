"""Builds as jobs: what took too long for a request, and everything once a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import connection, read
from loyalty.groups.models import Cause
from loyalty.jobs.models import Job, JobState
from loyalty.jobs.worker import Task
from loyalty.tags.building import build, build_all
from loyalty.tags.evaluating import rule_tag

BUILD_ALL = "tags.build_all"


def build_one(task: Task) -> dict[str, Any]:
    """The job that `build_later` leaves. One tag may have been asked for often: whoever comes
    first does it for all."""
    tag_id = task.arguments["tag"]
    asked_at = datetime.fromisoformat(task.arguments["asked_at"])
    with read():
        tag = rule_tag(tag_id)
    if tag is None or (tag.is_whole and tag.built_at and tag.built_at > asked_at):
        return {}
    built = build(tag_id, cause=Cause(task.arguments["cause"]))
    return {"members": built.members} if built else {}


def build_every(task: Task) -> dict[str, Any]:
    """All tags. Who changes meanwhile does not wait for the end of it: rounds have their turn
    between two tags."""
    ended = build_all(between=lambda done, of: task.report(done))
    failed = [built for built in ended if built.failure]
    return {"tags": len(ended), "failed": len(failed)}


def is_build_due() -> bool:
    """Whether a build of all was not yet asked for today, by the shop's clock, or failed: ages,
    birthdays and windows follow the calendar."""
    newest = select(Job.state, Job.created_at).where(Job.kind == BUILD_ALL).order_by(Job.id.desc())
    row = connection().execute(newest.limit(1)).first()
    if row is None or row.state == JobState.FAILED:
        return True
    zone = current_app.extensions["settings"].time_zone
    today = clock.now().astimezone(zone).date()
    is_over = row.state not in (JobState.QUEUED, JobState.RUNNING)
    return is_over and row.created_at.astimezone(zone).date() < today
