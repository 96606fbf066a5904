"""Tags in a real browser: made at the desk, given at the till by hand and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.shop import (
    OTHER_TAG,
    REGULAR,
    REGULAR_TAG,
    RULE_TAG,
    Shop,
    new_phone,
    new_receipt,
)
from tests.journeys.test_screens import SCREENS, fits, is_accessible


@pytest.fixture
def desk(shop: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]) -> Page:
    """The owner at the list of tags, in English."""
    page = open_page(shop.url, session=session_of("tram"), language="en")
    page.goto("/manage/tags")
    return page


def test_a_tag_is_made_given_at_the_till_and_taken_off_again(desk, open_till):
    desk.get_by_role("link", name="Make a tag").click()
    desk.get_by_label("Name", exact=True).fill("Có trẻ nhỏ")
    desk.get_by_role("button", name="Make the tag").click()
    expect(desk.locator(".tag-many")).to_have_text("0")
    till = open_till(language="en")
    phone = new_phone()
    till.record(phone=phone, receipt=new_receipt(), amount="150000")
    expect(till.outcome.locator("[data-undo]")).to_be_visible()
    till.look_up(phone)
    till.amount.fill("150000")
    till.member.get_by_text("Add a tag").click()
    till.member.get_by_role("button", name="Có trẻ nhỏ").click()
    expect(till.member.locator(".chip-name")).to_have_text("Có trẻ nhỏ")
    expect(till.amount).to_have_value("150,000")
    desk.reload()
    expect(desk.locator(".tag-many")).to_have_text("1")
    expect(desk.get_by_role("row", name="By hand · Ngọc Hân")).to_be_visible()
    till.member.get_by_role("button", name="Take off Có trẻ nhỏ").click()
    expect(till.member.locator(".chip-name")).to_have_count(0)
    desk.reload()
    expect(desk.locator(".tag-many")).to_have_text("0")
    desk.get_by_role("link", name="Delete the tag").click()
    desk.get_by_role("button", name="Delete for ever").click()
    expect(desk.get_by_role("link", name="Có trẻ nhỏ")).to_have_count(0)


def test_a_tag_is_given_by_keyboard_and_escape_closes_only_the_list(open_till):
    till = open_till(language="en")
    till.look_up(REGULAR)
    add = till.member.locator("summary")
    add.focus()
    till.page.keyboard.press("Enter")
    offered = till.member.get_by_role("button", name=OTHER_TAG, exact=True)
    expect(offered).to_be_visible()
    till.page.keyboard.press("Escape")
    expect(offered).to_be_hidden()
    expect(till.member).to_contain_text(REGULAR_TAG)
    till.page.keyboard.press("Enter")
    # Other journeys make tags as well: it need not be the first.
    while not offered.evaluate("button => button === document.activeElement"):
        till.page.keyboard.press("Tab")
        expect(till.member.locator("button:focus")).to_be_visible()
    till.page.keyboard.press("Enter")
    taken = till.member.get_by_role("button", name=f"Take off {OTHER_TAG}")
    expect(taken).to_be_visible()
    # On the list again, or where no tag is left to give, on the first that can be taken off.
    expect(till.member.locator("summary:focus, .chip-off:focus")).to_be_visible()
    taken.press("Enter")
    expect(taken).to_have_count(0)
    expect(add).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_the_card_with_its_tags_fits_and_is_accessible(open_till, screen, theme):
    till = open_till("tram", viewport=SCREENS[screen], theme=theme)
    with till.page.expect_navigation(url="**/till"):
        till.page.locator("button[value=S01]").click()
    till.look_up(REGULAR)
    if screen != "desk":
        till.page.locator(".card-more").click()
    expect(till.member.locator(".chip-name").first).to_be_visible()
    expect(till.member.locator(".tags-by-rule")).to_contain_text(RULE_TAG)
    fits(till)
    is_accessible(till.page)
    till.member.locator("summary").click()
    fits(till)
    is_accessible(till.page)
