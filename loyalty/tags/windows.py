"""Moments and windows of rules, worked out from one `as_of` by the shop's clock. No database
here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty.core import clock
from loyalty.tags.language import Ago, Last, Period, Unit

LONGEST: Mapping[Unit, int] = {
    Unit.DAY: 36_500,
    Unit.WEEK: 5_200,
    Unit.MONTH: 1_200,
    Unit.YEAR: 100,
}
"""How far back a rule may look."""
BIRTHDAY_DAYS = 366
"""How far ahead `birthday_within` may look: a year, the leap day included."""


def day_before(day: date, n: int, unit: Unit) -> date:
    """The same day `n` units earlier, month ends clipped."""
    match unit:
        case Unit.DAY:
            return day - timedelta(days=n)
        case Unit.WEEK:
            return day - timedelta(weeks=n)
        case Unit.MONTH:
            return clock.add_months(day, -n)
        case Unit.YEAR:
            return clock.add_months(day, -12 * n)


def moment_before(as_of: datetime, n: int, unit: Unit, zone: ZoneInfo) -> datetime:
    """The same time of day in `zone`, `n` units earlier."""
    local = as_of.astimezone(zone)
    day = day_before(local.date(), n, unit)
    return datetime.combine(day, local.time(), zone).astimezone(UTC)


def ends_of(
    within: Last | Period | None, as_of: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """(from, to): from is within, to is not; None is open."""
    match within:
        case None:
            return None, None
        case Last(n=n, unit=unit):
            return moment_before(as_of, n, unit, zone), as_of
        case Period(since=since, until=until):
            return _start(since, zone), _start(until, zone)


def _start(given: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    if given is None or isinstance(given, datetime):
        return given
    return clock.start_of_day(given, zone)


def span_of(value: object, as_of: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What the value of a time field means: a moment (both ends are the same), or the whole
    of a local day (the second end is not within any more)."""
    match value:
        case Ago(n=n, unit=unit):
            moment = moment_before(as_of, n, unit, zone)
            return moment, moment
        case datetime():
            return value, value
        case date():
            return clock.start_of_day(value, zone), clock.end_of_day(value, zone)
        case _:
            raise TypeError("no value of a time field")


def birthdays(today: date, days: int) -> Iterator[tuple[int, int]]:
    """(month, day) of everybody whose birthday is today or one of the next `days` days; born
    on 29 February means 28 February in a year without one."""
    for ahead in range(days + 1):
        day = today + timedelta(days=ahead)
        yield day.month, day.day
        if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).day == 1:
            yield 2, 29
