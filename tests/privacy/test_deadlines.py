"""By when a request is answered and carried out: Decree 356/2025 and the PDPA."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.privacy.rules import KINDS, deadlines, law_for

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(UTC)


def due(kind: str, received: str, law: str = "VN"):
    return deadlines(kind, law=law, received_at=local(received), zone=VIETNAM)


@pytest.mark.parametrize(
    ("received", "answered"),
    [
        ("2026-11-23 09:00", "2026-11-26 00:00"),  # Monday: through Wednesday
        ("2026-11-26 09:00", "2026-12-01 00:00"),  # Thursday: Friday, Monday
        ("2026-11-27 23:59", "2026-12-02 00:00"),  # Friday: Monday, Tuesday
        ("2026-11-28 10:00", "2026-12-02 00:00"),  # Saturday: the same
        ("2026-11-29 23:59", "2026-12-02 00:00"),  # Sunday: the same
        ("2026-11-30 00:00", "2026-12-03 00:00"),  # a minute later it is Monday
    ],
)
def test_answer_within_two_working_days_to_the_end_of_the_local_day(received, answered):
    assert due("copy", received).answer_due == local(answered)


@pytest.mark.parametrize(
    ("kind", "last_day_ends"),
    [
        ("copy", "2026-12-04 00:00"),
        ("correct", "2026-12-04 00:00"),
        ("withdraw", "2026-12-09 00:00"),
        ("restrict", "2026-12-09 00:00"),
        ("object", "2026-12-09 00:00"),
        ("erase", "2026-12-14 00:00"),
    ],
)
def test_vietnam_gives_each_kind_its_term(kind, last_day_ends):
    assert due(kind, "2026-11-23 09:00").done_due == local(last_day_ends)


@pytest.mark.parametrize("kind", KINDS)
def test_thailand_gives_thirty_days_for_all(kind):
    found = due(kind, "2026-11-23 09:00", law="TH")
    assert found.done_due == local("2026-12-24 00:00")
    assert found.answer_due == due(kind, "2026-11-23 09:00").answer_due


def test_what_arrives_at_night_counts_by_the_local_day():
    # 18:00 UTC on the 23rd is the 24th in the shop.
    found = deadlines(
        "copy", law="VN", received_at=datetime(2026, 11, 23, 18, tzinfo=UTC), zone=VIETNAM
    )
    assert found.done_due == local("2026-12-05 00:00")


@pytest.mark.parametrize(
    ("phone", "shop", "law"),
    [
        ("TH", "TH", "TH"),
        ("VN", "VN", "VN"),
        ("TH", "VN", "VN"),
        ("VN", "TH", "VN"),
        ("US", "TH", "VN"),
        (None, "TH", "VN"),
    ],
)
def test_whoever_is_not_plainly_thai_gets_the_earlier_dates(phone, shop, law):
    assert law_for(phone_country=phone, shop_region=shop) == law
