"""When points lapse, and when they begin to count: the ends and beginnings of local days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from loyalty.programme.policy import Expiry, ExpiryMode, Policy
from tests.programme.programmes import ZONE, programme


def last_day(earned_on: str, **expiry: object) -> str | None:
    """The local day at whose end points of that day lapse."""
    policy = Policy(expiry=Expiry(**expiry))  # type: ignore[arg-type]
    lapses = replace(programme(), policy=policy).expires_at(date.fromisoformat(earned_on), ZONE)
    if lapses is None:
        return None
    assert lapses.astimezone(ZONE).time().isoformat() == "00:00:00"
    return (lapses.astimezone(ZONE).date() - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("bought", "month", "day", "expected"),
    [
        ("2030-05-01", 12, 31, "2030-12-31"),
        ("2030-12-30", 12, 31, "2030-12-31"),
        ("2030-12-31", 12, 31, "2031-12-31"),
        ("2030-03-05", 2, 29, "2031-02-28"),
        ("2031-03-05", 2, 29, "2032-02-29"),
        ("2032-02-29", 2, 29, "2033-02-28"),
        ("2030-04-30", 4, 31, "2031-04-30"),
    ],
)
def test_date_of_a_year_is_the_next_one_after_that_day(bought, month, day, expected):
    assert last_day(bought, mode=ExpiryMode.YEARLY, month=month, day=day) == expected


def test_months_after_clip_the_ends_of_months():
    assert last_day("2030-01-31", months=1) == "2030-02-28"
    assert last_day("2030-01-31", mode=ExpiryMode.AFTER_PURCHASE, months=1) == "2030-02-28"
    assert last_day("2030-01-31", mode=ExpiryMode.NEVER) is None


def test_nothing_lapses_in_the_first_sixty_days():
    assert last_day("2026-01-01", months=1) == "2026-03-02"
    assert last_day("2026-01-05", mode=ExpiryMode.YEARLY, month=1, day=31) == "2026-03-02"


def test_pending_points_count_so_many_whole_days_later():
    waits = replace(programme(), policy=Policy(pending_days=7))
    until = waits.pending_until(date(2030, 5, 1), ZONE)
    assert until == datetime(2030, 5, 8, 17, tzinfo=UTC)
