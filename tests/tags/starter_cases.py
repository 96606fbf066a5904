"""For every starter tag one person who is in it and one who is not.

A person is told as `{"profile": {...}, "bought": [...], "vehicle": True, "lot_days": n}`; a
purchase as `(moment, amount)` or `(moment, amount, more)`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from loyalty.core.clock import add_months
from tests.purchases.receipts import LOCAL

NOW = datetime.now(LOCAL)
TODAY = NOW.date()
HIGH_SPEND = 10_000_000

Person = dict[str, Any]


def who(**profile: Any) -> Person:
    return {"profile": profile}


def aged(years: int, *, days_short: int = 0) -> Person:
    """Who has been of this age since today, or will be so in some days."""
    born = add_months(TODAY, -12 * years) + timedelta(days=days_short)
    return who(birth_date=born.isoformat())


def born_in(month: int) -> Person:
    return who(birth_date=f"1990-{month:02d}-10")


def months_ago(*months: int) -> list[tuple[datetime, int]]:
    """A purchase in the middle of each of these months."""
    first = TODAY.replace(day=15)
    return [(_noon(add_months(first, -n)), 100_000) for n in months]


def _noon(day: Any) -> datetime:
    return datetime.combine(day, datetime.min.time(), LOCAL).replace(hour=12)


def bought(*months: int) -> Person:
    return {"bought": months_ago(*months)}


def spent(*amounts: int) -> Person:
    return {"bought": [(NOW - timedelta(days=20 + n), each) for n, each in enumerate(amounts)]}


def through(channel: str) -> Person:
    return {"bought": [(NOW - timedelta(days=9), 50_000, {"channel": channel})]}


def of_category(category: str) -> Person:
    line = {"sku": "A", "category": category, "quantity": 1, "amount": 50_000}
    return {"bought": [(NOW - timedelta(days=9), 50_000, {"lines": [line]})]}


def scored(days: int, purchases: int) -> Person:
    """The last of so many purchases so many days ago, by the fixed thresholds: within 30, 60,
    120, 240 days; 2, 3, 6, 10 purchases."""
    return {"bought": [(NOW - timedelta(days=days + n), 50_000) for n in range(purchases)]}


def lives_in(province: str, country: str = "VN") -> Person:
    return who(country=country, province=province)


BY_SLUG: dict[str, tuple[Person, Person]] = {
    "under-18": (aged(18, days_short=1), aged(18)),
    "age-18-25": (aged(26, days_short=1), aged(26)),
    "age-26-45": (aged(26), aged(46)),
    "over-45": (aged(46), aged(46, days_short=1)),
    "women": (who(gender="female"), who(gender="male")),
    "men": (who(gender="male"), who(gender="other")),
    "other-gender": (who(gender="other"), who(name="An")),
    "low-income": (who(income_band="low"), who(income_band="middle")),
    "middle-income": (who(income_band="middle"), who(income_band="high")),
    "high-income": (who(income_band="high"), who(name="An")),
    "family-of-1": (who(family_size=1), who(family_size=2)),
    "family-of-2-3": (who(family_size=3), who(family_size=4)),
    "family-of-4-5": (who(family_size=4), who(family_size=6)),
    "family-of-6": (who(family_size=6), who(family_size=5)),
    "urban": (
        who(country="VN", district="Phường Bến Thành"),
        who(country="VN", district="Xã Bình Hưng"),
    ),
    "rural": (who(country="VN", district="Xã Bình Hưng"), lives_in("79")),
    "birthday-this-month": (born_in(TODAY.month), born_in(TODAY.month % 12 + 1)),
    "points-expiring": (
        {"bought": months_ago(1), "lot_days": 29},
        {"bought": months_ago(1), "lot_days": 31},
    ),
    "region-north": (lives_in("01"), lives_in("48")),
    "region-central": (lives_in("48"), lives_in("79")),
    "region-south": (lives_in("79"), lives_in("th77:50", "TH")),
    "province-vn34-24": (lives_in("24"), lives_in("vn63:24")),
    "province-vn63-24": (lives_in("vn63:24"), lives_in("24")),
    "province-th77-10": (lives_in("th77:10", "TH"), lives_in("th77:50", "TH")),
    "country-th": (who(country="TH"), who(country="VN")),
    "occupation-teacher": (who(occupation="teacher"), who(occupation="Teacher")),
    "education-college": (who(education="college"), who(occupation="college")),
    "category-tea": (of_category("tea"), of_category("coffee")),
    "vehicle-owner": ({"vehicle": True}, {}),
    "bought-in-3-months": (bought(1), bought(4)),
    "loyal": (bought(1, 2, 3, 4, 5, 6), bought(1, 1, 1, 2, 3, 4, 5)),
    "loyal-since-last-year": (bought(1, 2, 3, 4, 5, 6, 14), bought(1, 2, 3, 4, 5, 6)),
    "regular": (bought(1, 2, 3), bought(1, 2, 2)),
    "seasonal": (bought(1, 14), bought(1, 2)),
    "one-off": (bought(5), bought(5, 5)),
    "potential": (who(name="An"), bought(1)),
    "self-service": (through("online"), through("store")),
    "high-value": (spent(HIGH_SPEND - 1, 1), spent(HIGH_SPEND - 1)),
    "lapsing": (bought(5), bought(1, 5)),
    "lost": (bought(14), bought(5, 14)),
    "rfm-champions": (scored(29, 6), scored(30, 6)),
    "rfm-loyal": (scored(30, 6), scored(29, 5)),
    "rfm-potential-loyalist": (scored(59, 2), scored(59, 1)),
    "rfm-new": (scored(1, 1), scored(30, 1)),
    "rfm-promising": (scored(30, 1), scored(60, 1)),
    "rfm-need-attention": (scored(60, 3), scored(60, 2)),
    "rfm-about-to-sleep": (scored(119, 2), scored(119, 3)),
    "rfm-cannot-lose": (scored(120, 10), scored(120, 9)),
    "rfm-at-risk": (scored(240, 9), scored(240, 10)),
    "rfm-hibernating": (scored(300, 2), scored(366, 2)),
}
