"""Putting every member into the right tier takes a while: it is asked for as a job."""

from __future__ import annotations

from datetime import datetime

from loyalty.jobs import service as jobs
from loyalty.jobs.models import JobState

REVIEW_TIERS = "review_tiers"


def queue_review(now: datetime) -> None:
    """What decides about tiers changed. One that still waits will see it."""
    if jobs.last_state(REVIEW_TIERS) != JobState.QUEUED:
        jobs.enqueue(REVIEW_TIERS, {}, now=now)
