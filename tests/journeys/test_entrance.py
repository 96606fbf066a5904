"""The way in: the first run of a new shop, signing in and out, choosing the store."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.databases import environment
from tests.journeys.shop import MARKET, PASSWORD
from tests.journeys.test_screens import SCREENS, is_accessible
from tests.live import serving


def test_the_first_run_opens_the_shop(sqlite_databases, tmp_path, open_page):
    with serving(environment(sqlite_databases.fresh(), tmp_path)) as server:
        page = open_page(server.url)
        page.goto("/")
        expect(page).to_have_url(f"{server.url}/setup")
        is_accessible(page)
        page.get_by_label("Tên cửa hiệu").fill("An Nhiên")
        page.get_by_label("Cửa hàng (chi nhánh) đầu tiên").fill("Lê Văn Sỹ")
        page.get_by_label("Tên của bạn").fill("Bảo Trâm")
        page.get_by_label("Tên đăng nhập").fill("tram")
        page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
        page.get_by_label("Nhập lại mật khẩu").fill("another")
        page.get_by_role("button", name="Bắt đầu sử dụng").click()
        expect(page.get_by_text("Hai mật khẩu không giống nhau")).to_be_visible()
        expect(page.get_by_label("Tên cửa hiệu")).to_have_value("An Nhiên")
        is_accessible(page)
        page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
        page.get_by_label("Nhập lại mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Bắt đầu sử dụng").click()
        expect(page).to_have_url(f"{server.url}/till")
        expect(page.locator(".top-store")).to_have_text("Lê Văn Sỹ")
        page.goto("/setup")
        expect(page).to_have_url(f"{server.url}/login")


@pytest.mark.parametrize("screen", ["desk", "small"])
def test_a_wrong_password_is_said_beside_the_field(shop, open_page, screen):
    page = open_page(shop.url, viewport=SCREENS[screen])
    page.goto("/till")
    expect(page).to_have_url(f"{shop.url}/login")
    page.get_by_label("Tên đăng nhập").fill("han")
    page.get_by_label("Mật khẩu").fill("wrong")
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_text("Sai tên đăng nhập hoặc mật khẩu")).to_be_visible()
    expect(page.get_by_label("Tên đăng nhập")).to_have_value("han")
    is_accessible(page)


def test_a_manager_chooses_the_store(shop, open_page):
    page = open_page(shop.url)
    page.goto("/login")
    page.get_by_label("Tên đăng nhập").fill("tram")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page).to_have_url(f"{shop.url}/manage/today")
    page.goto("/till")
    expect(page).to_have_url(f"{shop.url}/till/stores")
    is_accessible(page)
    page.get_by_role("button", name=MARKET).click()
    expect(page.locator(".top-store")).to_have_text(MARKET)
    page.locator("summary").click()
    page.get_by_role("link", name="Đổi cửa hàng").click()
    expect(page).to_have_url(f"{shop.url}/till/stores")


def test_signing_out_closes_the_till(shop, open_page):
    page = open_page(shop.url)
    page.goto("/login")
    page.get_by_label("Tên đăng nhập").fill("han")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page).to_have_url(f"{shop.url}/till")
    page.locator("summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page).to_have_url(f"{shop.url}/login")
    page.goto("/till")
    expect(page).to_have_url(f"{shop.url}/login")


def test_a_till_whose_session_ended_leads_to_signing_in(till, shop):
    till.page.context.clear_cookies()
    till.phone.fill("0912345678")
    expect(till.page).to_have_url(f"{shop.url}/login")
