"""A customer's rights in a real browser: found by phone, served by buttons, then gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.shop import REGULAR, Shop, new_phone, new_receipt
from tests.journeys.test_desk import SCREENS, fits
from tests.journeys.test_screens import LANGUAGES, is_accessible

NAME = "Phạm Thị Mai Hoa"


@pytest.fixture
def open_desk(
    shop: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]
) -> Callable[..., Page]:
    """`open_desk(language="th")`: the owner's page where customers are found."""

    def open_one(language: str = "en", **options) -> Page:
        page = open_page(shop.url, session=session_of("tram"), language=language, **options)
        page.goto("/manage/customers")
        return page

    return open_one


def find(page: Page, phone: str) -> str:
    """Look up a phone as a manager does; returns the address of the customer's page."""
    page.goto("/manage/customers")
    page.locator("#find-phone").fill(phone)
    page.locator("#find-phone").press("Enter")
    page.wait_for_url("**/manage/customers/*")
    return page.url


def record_request(page: Page, kind: str) -> None:
    page.locator("#requests > .act > summary").click()
    page.locator("#request-kind").select_option(kind)
    page.locator("#requests > .act .btn-primary").click()
    expect(page.locator("main > [role=status]")).to_be_visible()


def unfold(page: Page) -> None:
    """Open everything on the page that opens, also what a person opens one by one."""
    page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")


# -- a copy, then an erasure -------------------------------------------------


def test_a_customer_asks_for_a_copy_and_then_to_be_erased(open_till, open_desk):
    phone, receipt = new_phone(), new_receipt()
    till = open_till()
    till.recorded(phone=phone, receipt=receipt, amount="150000")
    page = open_desk()
    customer = find(page, phone.replace(" ", "."))
    correct_the_name(page)
    record_request(page, "copy")
    copy_is_handed_out(page, receipt)
    page.goto(customer)
    page.get_by_role("button", name="Carried out").click()
    expect(page.locator("#requests")).to_contain_text("Carried out")
    record_request(page, "erase")
    erase(page, phone)
    page.goto(customer)
    expect(page.get_by_text("This customer was erased on")).to_be_visible()
    page.goto("/manage/requests/ended")
    expect(page.locator("tbody tr").first).to_contain_text("Erased customer")
    expect(till.look_up(phone)).to_contain_text("Khách mới")


def correct_the_name(page: Page) -> None:
    page.get_by_role("link", name="Correct", exact=True).click()
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Birth date").fill("31/02/1990")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("No such date: day, month, year.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value(NAME)
    page.get_by_label("Birth date").fill("26/11/1990")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text(NAME)


def copy_is_handed_out(page: Page, receipt: str) -> None:
    page.get_by_role("link", name="Open the page").click()
    expect(page.locator("main")).to_contain_text(receipt)
    with page.expect_download() as handed:
        page.get_by_role("link", name="Download the file").click()
    assert handed.value.suggested_filename.startswith("customer-")
    held = json.loads(Path(handed.value.path()).read_text(encoding="utf-8"))
    assert held["profile"]["name"] == NAME
    assert [purchase["receipt_no"] for purchase in held["purchases"]] == [receipt]


def erase(page: Page, phone: str) -> None:
    page.get_by_role("link", name="Carry out", exact=True).click()
    expect(page.locator("main")).to_contain_text("15 points")
    page.get_by_label("Why it is erased").fill("Asked at the counter")
    page.get_by_label("Last 3 digits of the customer's number").fill("000")
    page.get_by_role("button", name="Erase for ever").click()
    expect(page.get_by_text("These are not the last 3 digits")).to_be_visible()
    page.get_by_label("Last 3 digits of the customer's number").fill(phone[-3:])
    page.get_by_role("button", name="Erase for ever").click()
    expect(page.get_by_text("It is done")).to_be_visible()


def test_the_whole_number_is_gone_with_the_page(open_desk):
    page = open_desk()
    customer = find(page, REGULAR)
    expect(page.locator("main")).not_to_contain_text(REGULAR)
    page.locator(".desk-actions summary").click()
    page.locator("#reveal-reason").fill("The customer asks which it is")
    page.locator(".desk-actions form button").click()
    expect(page.locator("main")).to_contain_text(REGULAR)
    page.goto(customer)
    expect(page.locator("main")).not_to_contain_text(REGULAR)


# -- every screen ------------------------------------------------------------


@pytest.fixture
def pages(open_desk) -> list[str]:
    """The addresses of all pages, with a request of the regular customer on them."""
    page = open_desk()
    customer = find(page, REGULAR)
    for kind in ("copy", "restrict"):
        record_request(page, kind)
    own = [f"{customer}{part}" for part in ("", "/profile", "/data", "/erase")]
    return ["/manage/customers", *own, "/manage/requests", "/manage/requests/ended"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut_off_or_too_small(open_desk, pages, screen, language):
    page = open_desk(language=language, viewport=SCREENS[screen])
    for address in pages:
        page.goto(address)
        fits(page)
        unfold(page)
        fits(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_accessible(open_desk, pages, screen, theme):
    page = open_desk(theme=theme, viewport=SCREENS[screen])
    for address in pages:
        page.goto(address)
        unfold(page)
        is_accessible(page)
    page.goto(pages[4])
    page.locator("#erase-reason").fill("x")
    page.locator("#erase-digits").fill("0")
    page.locator(".btn-danger").click()
    expect(page.locator("#erase-digits-error")).to_be_visible()
    is_accessible(page)


def test_a_copy_on_paper_shows_the_data_alone(open_desk, pages):
    page = open_desk(theme="dark")
    page.goto(pages[3])
    page.emulate_media(media="print")
    for unwanted in (".top", ".desk-actions", ".desk-above"):
        expect(page.locator(unwanted)).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
