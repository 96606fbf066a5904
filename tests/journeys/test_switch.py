"""A shared till: a cashier sets a PIN, and takes over where the owner had begun."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.shop import PASSWORD, STORE, Shop
from tests.journeys.test_desk import SCREENS, fits
from tests.journeys.test_screens import is_accessible

PIN = "270614"


@pytest.fixture
def sign_in(shop: Shop, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """`sign_in("han")`: a browser of its own, with a session that no other journey uses."""

    def begin(login: str, **options: object) -> Page:
        page = open_page(shop.url, **options)
        page.goto("/login")
        page.get_by_label("Tên đăng nhập").fill(login)
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        expect(page).not_to_have_url(f"{shop.url}/login")
        return page

    return begin


def press(page: Page, digits: str) -> None:
    for digit in digits:
        page.locator(f'[data-key="{digit}"]').click()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_cashier_takes_over_the_till_by_pin(shop, sign_in, screen):
    own = sign_in("han")
    own.goto("/account")
    own.get_by_label("Mật khẩu hiện tại").fill(PASSWORD)
    own.get_by_label("Mã PIN mới").fill(PIN)
    own.get_by_role("button", name="mã PIN").first.click()

    till = sign_in("tram", viewport=SCREENS[screen])
    till.goto("/till")
    till.get_by_role("button", name=STORE).click()
    till.locator("summary").click()
    till.get_by_role("link", name="Đổi thu ngân").click()
    fits(till)
    till.get_by_role("link", name="Ngọc Hân").click()
    fits(till)
    is_accessible(till)
    press(till, "270615")
    till.get_by_role("button", name="Tiếp quản").click()
    expect(till.locator("#pin-error")).to_be_visible()
    press(till, "2706149")
    till.locator('[data-key="back"]').click()
    till.get_by_role("button", name="Tiếp quản").click()
    expect(till).to_have_url(f"{shop.url}/till")
    till.locator("summary").click()
    expect(till.locator(".menu-who")).to_contain_text("Ngọc Hân")
    expect(till.get_by_role("link", name="Quản lý")).to_have_count(0)
    till.goto("/manage/staff")
    expect(till.locator("main")).not_to_contain_text("Thêm nhân viên")
