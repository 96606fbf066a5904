"""What receipts and returns are checked against, as things stand in this request."""

from __future__ import annotations

from datetime import datetime

from flask import current_app

from loyalty.core.access import current_actor
from loyalty.programme import service as programme
from loyalty.purchases.rules import Surroundings


def surroundings(now: datetime, *, has_idempotency_key: bool = False) -> Surroundings:
    return Surroundings(
        programme=programme.snapshot(),
        actor=current_actor(),
        now=now,
        zone=current_app.extensions["settings"].time_zone,
        has_idempotency_key=has_idempotency_key,
    )
