"""Time: aware UTC in code, the shop's zone for what people mean by a day.

`now()` is read once per operation and handed down.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


def now() -> datetime:
    return datetime.now(UTC)


def parse_time(text: str, zone: ZoneInfo) -> datetime:
    """Read RFC 3339, or a plain ISO date or local time, which is taken in `zone`.

    Returns aware UTC; raises `ValueError` for anything else, and for years that
    no receipt can have.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if not 1990 <= moment.year <= 2200:
        raise ValueError("year out of range")
    return moment.astimezone(UTC)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` is over in `zone`: the next local midnight."""
    return start_of_day(day + timedelta(days=1), zone)


@lru_cache(maxsize=4096)
def add_months(day: date, months: int) -> date:
    """The same day of a later month, month ends clipped: 31 January + 1 = 28 February."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
