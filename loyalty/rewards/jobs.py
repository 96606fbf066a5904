"""What the clock asks of rewards."""

from __future__ import annotations

from loyalty.core import clock
from loyalty.core.db import in_transaction
from loyalty.rewards import service


def lapse_holds() -> int:
    """End the holds whose time is over, in steps; returns how many. Safe to repeat: what was
    ended already is not found again."""
    now = clock.now()
    ended = 0
    while step := in_transaction(lambda: service.lapse_due(now)):
        ended += step
    return ended
