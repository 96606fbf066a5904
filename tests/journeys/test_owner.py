"""Whoever runs the shop, in a real browser: how the day goes, and one tap to what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from loyalty.core.access import acting_as
from loyalty.core.db import read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.purchases import service as purchases
from loyalty.staff import service as staff
from tests.databases import running_app
from tests.journeys.shop import STORE, Shop, new_phone, new_receipt
from tests.journeys.test_desk import SCREENS, fits
from tests.journeys.test_screens import is_accessible

RECEIPTS = 5


@pytest.fixture
def flagged(shop: Shop) -> str:
    """One number with more receipts than a day usually has, typed by a cashier; its last
    digits."""
    phone = PhoneNumber.parse(new_phone(), "VN")
    with running_app(shop.environ) as app, app.app_context():
        with read():
            label = f"person:{staff.id_of('han')}"
        for _ in range(RECEIPTS):
            receipt = {"phone": phone, "store": "S01", "receipt_no": new_receipt()}
            with transaction(), acting_as(label):
                purchases.record({**receipt, "amount": 100_000})
    return phone.masked


@pytest.fixture
def open_today(
    shop: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]
) -> Callable[..., Page]:
    """`open_today(viewport=...)`: the owner, signed in, in English."""

    def open_one(**options: object) -> Page:
        page = open_page(shop.url, session=session_of("tram"), language="en", **options)
        page.goto("/manage/today")
        return page

    return open_one


@pytest.mark.parametrize("screen", SCREENS)
def test_what_waits_is_one_tap_away_and_decided_there(open_today, flagged, screen):
    page = open_today(viewport=SCREENS[screen])
    page.get_by_role("link", name=f"{RECEIPTS} receipts of one number in a day").filter(
        has_text=flagged
    ).click()
    waiting = page.locator(".flags tr").filter(has_text=flagged)
    expect(waiting).to_have_count(2)
    is_accessible(page)
    fits(page)
    waiting.first.get_by_role("button", name="Let count").click()
    expect(page.get_by_role("status")).to_contain_text("10 points are the customer's now")
    waiting.first.locator("summary").click()
    fits(page)
    waiting.first.get_by_role("button", name="Refuse the points").click()
    expect(page.get_by_role("status")).to_contain_text("10 points will not count")
    expect(waiting).to_have_count(0)


@pytest.mark.parametrize("screen", SCREENS)
def test_cashiers_unfold_below_their_store(open_today, flagged, screen):
    page = open_today(viewport=SCREENS[screen])
    cashier = page.locator(".today-seller").filter(has_text="Ngọc Hân")
    store = page.locator("summary").filter(has_text=STORE)
    expect(cashier).to_be_visible()  # there is something to look at
    store.press("Enter")
    expect(cashier).to_be_hidden()
    store.press("Enter")
    expect(cashier).to_be_visible()
    fits(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_the_chart_is_a_table_as_well(open_today, screen, theme):
    page = open_today(viewport=SCREENS[screen], theme=theme)
    page.get_by_text("The same as a table").click()
    expect(page.locator(".chart-table tbody tr")).to_have_count(12)
    expect(page.locator(".chart-table tbody tr").first).to_contain_text("to ")
    is_accessible(page)
    fits(page)


def test_seven_days_and_the_file(open_today):
    page = open_today()
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("heading", name="Stores and cashiers, 7 days")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the table").click()
    assert download.value.suggested_filename.startswith("stores-")
