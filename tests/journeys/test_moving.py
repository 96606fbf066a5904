"""A customer is moved in a real browser: found by an old number, two accounts become one, points
by hand, a statement saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.shop import Shop, new_phone, new_receipt
from tests.journeys.test_desk import SCREENS, fits
from tests.journeys.test_rights import find, unfold
from tests.journeys.test_screens import is_accessible


@pytest.fixture
def open_desk(
    shop: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]
) -> Callable[..., Page]:
    """`open_desk(viewport=...)`: a page of the owner's, in English."""

    def open_one(**options: Any) -> Page:
        return open_page(shop.url, session=session_of("tram"), language="en", **options)

    return open_one


@pytest.fixture
def bought(open_till):
    """`bought("1250000")`: the phone of a new customer who bought for so much."""
    till = open_till()

    def record(amount: str) -> str:
        phone = new_phone()
        till.recorded(phone=phone, receipt=new_receipt(), amount=amount)
        return phone

    return record


@pytest.mark.parametrize("screen", SCREENS)
def test_two_accounts_become_one(open_desk, bought, screen):
    first, second = bought("1250000"), bought("500000")
    page = open_desk(viewport=SCREENS[screen])
    customer = find(page, first)
    unfold(page)
    fits(page)
    page.goto(customer)
    page.get_by_role("link", name="Merge with another account").click()
    page.locator("#other-phone").fill(second)
    page.locator("#other-phone").press("Enter")
    expect(page.get_by_role("heading", name="Both accounts")).to_be_visible()
    is_accessible(page)
    fits(page)
    page.locator("[name=keep][value=other]").check()
    page.locator("[name=sure]").check()
    page.get_by_role("button", name="Make one account for ever").click()
    expect(page.get_by_text("The two accounts are one from now on.")).to_be_visible()
    expect(page.locator(".account-balance")).to_have_text("175 points")
    # Either number leads to it, and says which of them it was.
    assert find(page, first) == find(page, second) != customer
    is_accessible(page)


def test_number_changes_and_is_found_as_an_old_one(open_desk, bought):
    old, new = bought("150000"), new_phone()
    page = open_desk()
    customer = find(page, old)
    page.locator("#numbers summary", has_text="Change the number").click()
    page.locator("#phone-phone").fill("0912")
    page.locator("#phone-phone").press("Enter")
    expect(page.locator("#phone-phone-error")).to_be_visible()
    page.locator("#phone-phone").fill(new)
    page.locator("#phone-phone").press("Enter")
    expect(page.get_by_text("has another number from now on")).to_be_visible()
    assert find(page, new) == customer
    page.goto("/manage/customers")
    page.locator("#find-phone").fill(old)
    page.locator("#find-phone").press("Enter")
    former = page.get_by_role("region", name="It was somebody's number before")
    is_accessible(page)
    former.get_by_role("link").click()
    page.wait_for_url(customer)


def test_points_by_hand_and_a_statement(open_desk, bought, tmp_path: Path):
    page: Page = open_desk()
    find(page, bought("150000"))
    page.locator("#points summary").first.click()
    page.locator("#adjust-points").fill("5")
    page.locator("#adjust-reason").fill("waited too long")
    page.locator("#points details .btn-primary").first.click()
    expect(page.locator(".account-balance")).to_have_text("20 points")
    page.locator("#points summary").nth(1).click()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download CSV").click()
    saved = tmp_path / "statement.csv"
    saving.value.save_as(saved)
    assert "5,20,waited too long" in saved.read_text(encoding="utf-8")
