"""Points that lapse in a test: a programme that is old enough, a day on which they were earned,
and the job that comes or does not."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask

from loyalty.core import clock
from loyalty.points import expiring
from loyalty.points.expiring import Swept
from tests.core.rows import change
from tests.purchases.receipts import local
from tests.shop import make_store

EARLY = local("2027-03-01 09:00")
LATE = local("2027-06-01 09:00")
BETWEEN = local("2028-04-01 09:00")
"""What was earned early has lapsed by then, what was earned late has not."""
BEFORE_ALL = local("2028-02-01 09:00")


def old_shop(app: Flask) -> str:
    """A store of a programme whose first 60 days are long over."""
    code = make_store(app)
    began = datetime(2020, 1, 1, tzinfo=UTC)
    sqlite = app.extensions["settings"].is_sqlite
    change(
        app,
        "UPDATE programme SET started_at = :at, revision = 'older'",
        at=began.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else began,
    )
    return code


def expire(app: Flask) -> Swept:
    """The job, now."""
    with app.app_context():
        return expiring.expire_due(clock.now())
