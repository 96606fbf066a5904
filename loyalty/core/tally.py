"""Rate limits of API calls: counted in memory, so that a call costs no statement for them.

Each process counts by itself. When it has used its share of a limit, it adds that to the
table of windows once the answer is made, and learns what all processes used together.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, Response, current_app, g

from loyalty.core import clock
from loyalty.core.db import in_transaction
from loyalty.core.logs import log
from loyalty.core.throttle import Limit, count, neighbourhood, too_many

SHARES = 50
LEAST_SHARE = 5
SUBJECTS = 10_000
"""Subjects that one process remembers of one limit; beyond it the oldest is forgotten."""


@dataclass(kw_only=True)
class _Window:
    """`used`: known of all processes; `unsaid`: counted here and not in the table yet."""

    ends_at: datetime
    used: int = 0
    unsaid: int = 0


class Tally:
    """One limit, counted for each subject.

    A process lets at most a share pass that the others do not know of. So P processes let
    at most `P * (share + threads of one)` calls pass beyond the limit: at 6,000 calls and two
    processes that is 4 %. What a process has counted is lost when it ends.
    """

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.share = max(LEAST_SHARE, limit.hits // SHARES)
        self._windows: dict[str, _Window] = {}
        self._guard = threading.Lock()

    def spend(self, subject: str) -> None:
        """Count one call; raises `too_many_requests` once the window is full. Memory only,
        so it may be called within a transaction."""
        settings = current_app.extensions["settings"]
        if not settings.rate_limits:
            return
        now = clock.now()
        with self._guard:
            window = self._window(subject, now)
            if window.used + window.unsaid >= self.limit.hits:
                raise too_many(window.ends_at, now)
            window.unsaid += 1
            # SQLite has one server process: there is nobody to tell.
            if window.unsaid >= self.share and not settings.is_sqlite:
                g.tally_due = (self, subject)

    def settle(self, subject: str, now: datetime) -> None:
        """Tell the table what was counted here, and learn the sum of all processes."""
        with self._guard:
            window = self._window(subject, now)
            told, window.unsaid = window.unsaid, 0
            window.used += told
        used, ends_at = in_transaction(lambda: count(self.limit, subject, now, times=told))
        with self._guard:
            # Another thread may have learned of more in the meantime.
            window.used, window.ends_at = max(window.used, used), ends_at

    def _window(self, subject: str, now: datetime) -> _Window:
        window = self._windows.get(subject)
        if window is None or window.ends_at <= now:
            self._windows.pop(subject, None)
            while len(self._windows) >= SUBJECTS:
                del self._windows[next(iter(self._windows))]
            window = _Window(ends_at=now + timedelta(seconds=self.limit.seconds))
            self._windows[subject] = window
        return window


CALLS_OF_A_KEY = Limit(name="calls", hits=6_000, seconds=60)
WRONG_KEYS = Limit(name="wrong keys", hits=60, seconds=60)
_NAME = "tallies"


@dataclass(frozen=True)
class Tallies:
    """What one app counts: a second app of the process counts for itself."""

    calls: Tally
    wrong_keys: Tally


def configure_tallies(app: Flask) -> None:
    app.extensions[_NAME] = Tallies(Tally(CALLS_OF_A_KEY), Tally(WRONG_KEYS))
    app.after_request(_settle_due)


def spend_call(actor: str) -> None:
    """One call with a key that is right."""
    tallies: Tallies = current_app.extensions[_NAME]
    tallies.calls.spend(actor)


def spend_wrong_key(address: str | None) -> None:
    """One call with a key that is not. Keys that are right are not hindered by it."""
    tallies: Tallies = current_app.extensions[_NAME]
    tallies.wrong_keys.spend(neighbourhood(address))


def _settle_due(response: Response) -> Response:
    due = g.pop("tally_due", None)
    if due is not None:
        tally, subject = due
        try:
            tally.settle(subject, clock.now())
        except Exception as error:
            # The answer stands, whatever became of the counting.
            log.error("tally.settle", limit=tally.limit.name, error=type(error).__name__)
    return response
