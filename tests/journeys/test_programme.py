"""The rules of the shop in a real browser: promotions, tiers, gifts, terms, on every screen.

What these journeys add begins in years to come or ends with them: others earn in the same shop.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.shop import Shop
from tests.journeys.test_desk import SCREENS, fits
from tests.journeys.test_screens import LANGUAGES, is_accessible

PAGES = (
    "/manage/programme",
    "/manage/programme/earning",
    "/manage/programme/settings/value",
    "/manage/programme/settings/expiry",
    "/manage/programme/settings/bonuses",
    "/manage/programme/settings/redeeming",
    "/manage/programme/settings/tiering",
    "/manage/programme/settings/care",
    "/manage/programme/tiers/new",
    "/manage/programme/promotions/new",
    "/manage/programme/terms",
    "/manage/gifts",
    "/manage/gifts/new",
    "/manage/gifts/report",
)


@pytest.fixture
def open_rules(
    shop: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]
) -> Callable[..., Page]:
    """`open_rules("/manage/gifts", viewport=...)`: the owner, in English unless said."""

    def open_one(address: str = "/manage/programme", **options: object) -> Page:
        given = {"language": "en", **options}
        page = open_page(shop.url, session=session_of("tram"), **given)
        page.goto(address)
        return page

    return open_one


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_fits(open_rules, screen, language):
    page = open_rules(viewport=SCREENS[screen], language=language)
    for address in PAGES:
        page.goto(address)
        fits(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(open_rules, theme):
    page = open_rules(viewport=SCREENS["phone"], theme=theme)
    for address in PAGES:
        page.goto(address)
        is_accessible(page)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_promotion_is_added_and_ended(open_rules, screen):
    name = f"Double on a {screen}"
    page = open_rules(viewport=SCREENS[screen])
    page.get_by_role("link", name="Add a promotion").click()
    page.get_by_label("Name").fill(name)
    expect(page.get_by_label("Points", exact=True)).to_be_hidden()
    page.get_by_label("Points more a receipt").check()
    expect(page.get_by_label("Times", exact=True)).to_be_hidden()
    page.get_by_label("Points", exact=True).fill("5")
    page.get_by_label("First day").fill("2098-01-01")
    page.get_by_label("Tuesday").check()
    page.get_by_role("button", name="Add a promotion").click()
    expect(page.get_by_label("Last day")).to_be_focused()
    expect(page.get_by_text("Fill this in.")).to_be_visible()
    expect(page.get_by_label("Tuesday")).to_be_checked()
    expect(page.get_by_label("Name")).to_have_value(name)
    fits(page)
    page.get_by_label("Last day").fill("2098-12-31")
    page.get_by_role("button", name="Add a promotion").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("5 points more a receipt · Tuesday")
    expect(row).to_contain_text("To come")
    fits(page)
    is_accessible(page)
    row.get_by_role("link", name=f"End {name}").click()
    fits(page)
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name} is ended.")
    expect(row).to_contain_text("Ended")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_tier_is_added_changed_and_ended(open_rules, screen):
    name = f"Nobody's {screen}"
    page = open_rules(viewport=SCREENS[screen])
    page.get_by_role("link", name="Add a tier").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("From").fill("9,000,000,000")
    page.get_by_label("Points times").fill("1.5")
    page.get_by_role("button", name="Add a tier").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("₫9,000,000,000")
    row.get_by_role("link").click()
    page.get_by_label("Points times").fill("half")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Points times")).to_have_value("half")
    page.get_by_label("Points times").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    row.get_by_role("link").click()
    page.get_by_role("link", name="End this tier").click()
    fits(page)
    page.get_by_role("button", name="End this tier").click()
    expect(page.get_by_role("status")).to_contain_text("is ended.")
    expect(row).to_have_count(0)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_voucher_is_offered_and_ended(open_rules, screen):
    name = f"Voucher of a {screen}"
    page = open_rules("/manage/gifts/new", viewport=SCREENS[screen])
    days = page.get_by_label("A voucher is good for")
    expect(days).to_be_hidden()
    page.get_by_label("Voucher", exact=False).first.check()
    expect(days).to_be_visible()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Costs").fill("9,000,000")
    page.get_by_label("Worth").fill("50,000")
    days.fill("60")
    fits(page)
    page.get_by_role("button", name="Add a gift").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("good for 60 days")
    fits(page)
    is_accessible(page)
    row.get_by_role("link").click()
    expect(page.get_by_label("Worth")).to_have_value("50,000")
    fits(page)
    page.get_by_role("button", name="Offer it no longer").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name} is no longer offered.")
    expect(row).to_have_count(0)


def test_a_way_of_expiry_asks_for_its_own_numbers(open_rules):
    page = open_rules("/manage/programme/settings/expiry")
    months, day = page.get_by_label("Months", exact=True), page.get_by_label("Day", exact=True)
    expect(months).to_be_visible()
    expect(day).to_be_hidden()
    page.get_by_label("On one day each year").check()
    expect(months).to_be_hidden()
    expect(day).to_be_visible()
    page.get_by_label("They never expire").check()
    expect(day).to_be_hidden()


def test_terms_to_come_are_published_and_listed(open_rules):
    page = open_rules("/manage/programme/terms")
    page.get_by_label("English").fill("Points for everybody.\n\nUntil further notice.")
    page.get_by_label("From which day on").fill("2099-01-05")
    page.get_by_role("button", name="Publish a new version").click()
    expect(page.get_by_role("status")).to_contain_text("is published.")
    expect(page.get_by_text("from 05/01/2099 on.")).to_be_visible()
    is_accessible(page)
