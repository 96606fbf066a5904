"""The demo shop lives through its past: what it does is done at the time of each thing, so that
every row, log and figure says when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from loyalty.core import clock


@contextmanager
def living_at(moment: datetime) -> Iterator[None]:
    """Set the clock of this process: it fills a shop that nobody uses yet, and does nothing
    else."""
    running = clock.now
    clock.now = lambda: moment
    try:
        yield
    finally:
        clock.now = running
