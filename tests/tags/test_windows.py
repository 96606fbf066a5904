"""Moments and windows from one `as_of`, by the shop's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.tags.language import Ago, Last, Period, Unit
from loyalty.tags.windows import birthdays, ends_of, moment_before, span_of

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
LONDON = ZoneInfo("Europe/London")

BEFORE = [
    ("2026-03-31T10:30", 90, Unit.DAY, "2025-12-31T10:30"),
    ("2026-03-31T10:30", 2, Unit.WEEK, "2026-03-17T10:30"),
    ("2026-03-31T10:30", 1, Unit.MONTH, "2026-02-28T10:30"),
    ("2024-03-31T10:30", 1, Unit.MONTH, "2024-02-29T10:30"),
    ("2024-02-29T00:00", 1, Unit.YEAR, "2023-02-28T00:00"),
    ("2026-01-15T23:59", 1, Unit.MONTH, "2025-12-15T23:59"),
    ("2026-03-31T10:30", 0, Unit.DAY, "2026-03-31T10:30"),
]


def local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(("as_of", "n", "unit", "expected"), BEFORE)
def test_so_many_units_earlier_is_the_same_time_of_day_with_month_ends_clipped(
    as_of, n, unit, expected
):
    found = moment_before(local(as_of, SAIGON), n, unit, SAIGON)
    assert found == local(expected, SAIGON)
    assert found.tzinfo is UTC


def test_a_day_is_not_24_hours_where_clocks_are_put_forward():
    """London, 29 March 2026: 01:00 becomes 02:00."""
    found = moment_before(local("2026-03-29T12:00", LONDON), 1, Unit.DAY, LONDON)
    assert found == datetime(2026, 3, 28, 12, 0, tzinfo=UTC)


def test_today_is_the_shop_s_day_however_late_it_is_in_utc():
    late = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)  # 1 April, 03:00 in Saigon
    assert moment_before(late, 1, Unit.MONTH, SAIGON) == local("2026-03-01T03:00", SAIGON)


def test_a_period_of_plain_dates_runs_from_midnight_to_midnight():
    within = Period(since=date(2026, 1, 1), until=date(2026, 2, 1))
    assert ends_of(within, local("2026-03-31T10:30", SAIGON), SAIGON) == (
        local("2026-01-01T00:00", SAIGON),
        local("2026-02-01T00:00", SAIGON),
    )


def test_a_period_may_be_open_on_one_side():
    as_of = local("2026-03-31T10:30", SAIGON)
    assert ends_of(Period(since=None, until=as_of), as_of, SAIGON) == (None, as_of)
    assert ends_of(None, as_of, SAIGON) == (None, None)


def test_the_last_days_end_at_as_of():
    as_of = local("2026-03-31T10:30", SAIGON)
    assert ends_of(Last(n=7, unit=Unit.DAY), as_of, SAIGON)[1] == as_of


def test_a_plain_date_is_a_whole_day_and_so_long_ago_a_moment():
    as_of = local("2026-03-31T10:30", SAIGON)
    start, end = span_of(date(2026, 3, 1), as_of, SAIGON)
    assert (start, end) == (local("2026-03-01T00:00", SAIGON), local("2026-03-02T00:00", SAIGON))
    moment = local("2026-03-30T10:30", SAIGON)
    assert span_of(Ago(n=1, unit=Unit.DAY), as_of, SAIGON) == (moment, moment)


BIRTHDAYS = [
    (date(2026, 3, 31), 0, {(3, 31)}),
    (date(2026, 12, 31), 1, {(12, 31), (1, 1)}),
    (date(2026, 2, 27), 1, {(2, 27), (2, 28), (2, 29)}),
    (date(2026, 2, 28), 0, {(2, 28), (2, 29)}),
    (date(2028, 2, 28), 0, {(2, 28)}),
    (date(2028, 2, 28), 1, {(2, 28), (2, 29)}),
    (date(2026, 3, 1), 0, {(3, 1)}),
]


@pytest.mark.parametrize(("today", "days", "expected"), BIRTHDAYS)
def test_birthdays_of_the_next_days(today, days, expected):
    assert set(birthdays(today, days)) == expected


def test_everybody_has_a_birthday_within_a_year():
    assert len(set(birthdays(date(2026, 3, 31), 366))) == 366
