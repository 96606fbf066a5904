"""A customer group in a real browser: put together by hand, by keyboard and by dragging, counted
while it changes, and exported for an advertising platform."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from loyalty.audiences import service as audiences
from loyalty.core.db import read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.members import consents
from loyalty.members.service import create as create_member
from loyalty.purchases import service as purchases
from loyalty.staff import service as staff
from loyalty.tags import service as tags
from tests.databases import running_app
from tests.journeys.shop import PASSWORD, Shop, new_phone, new_receipt
from tests.journeys.test_desk import SCREENS, fits
from tests.journeys.test_screens import LANGUAGES, is_accessible

STAFF_TAG = "Nhân viên và người nhà"
KEPT = "/manage/groups/khach-mien-tay"
NESTED = "/manage/groups/long"
IN_THE_GROUP = 4

SOUTH, NORTH = ("vn34", "79"), ("vn34", "01")
BUYERS = (SOUTH,) * (IN_THE_GROUP + 1) + (NORTH,)
"""Where whoever bought something lives; the first of them works here."""


@pytest.fixture(scope="module")
def market(shop: Shop) -> Iterator[Shop]:
    """Somebody in marketing, buyers who agreed to ads, and one who lives here and did not buy.
    Tags and groups are deleted in the end: the other journeys' customers would have them."""
    with running_app(shop.environ) as app, app.test_request_context(), read():
        there = _made()
    _furnish(shop)
    yield shop
    with running_app(shop.environ) as app, app.test_request_context(), transaction():
        made = [slugs - before for slugs, before in zip(_made(), there, strict=True)]
        for delete, slugs in zip((audiences.delete, tags.delete), made, strict=True):
            for slug in slugs:
                delete(slug)


def _made() -> tuple[set[str], set[str]]:
    """The groups, and the tags."""
    groups, _ = audiences.page()
    return {group["slug"] for group in groups}, {tag["slug"] for tag in tags.all_tags()}


def _furnish(shop: Shop) -> None:
    with running_app(shop.environ) as app, app.test_request_context(), transaction():
        staff.create_staff(
            login="thao", name="Thu Thảo", password=PASSWORD, role="marketing", store_codes=[]
        )
        tags.create(name=STAFF_TAG, slug="staff-and-family")
        tags.create(name="Khách miền Tây", slug="west")
        people = [_person(province) for province in (*BUYERS, SOUTH)]
        for phone, _ in people[: len(BUYERS)]:
            _buys(phone)
        tags.mark(people[0][1], "staff-and-family", on=True)
        either = {"any": [{"tag": "west"}, {"not": {"tag": "staff-and-family"}}]}
        audiences.create(name="Khách miền Tây", slug="khach-mien-tay", expression={"tag": "west"})
        audiences.create(name="Khách của máy", slug="long", expression=either)


def _person(province: tuple[str, str]) -> tuple[PhoneNumber, int]:
    phone = PhoneNumber.parse(new_phone(), "VN")
    profile = {"province_list": province[0], "province": province[1]}
    member_id = create_member(phone, profile, source="test")
    consents.change(
        member_id,
        channel="ads",
        purpose="marketing",
        granted=True,
        via="import",
        proof="bìa 3",
    )
    return phone, member_id


def _buys(phone: PhoneNumber) -> None:
    receipt = {"store": "S01", "receipt_no": new_receipt(), "amount": 150_000}
    purchases.record({"phone": phone, **receipt})


@pytest.fixture
def open_desk(
    market: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]
) -> Callable[..., Page]:
    """`open_desk("/manage/groups", language="vi")`: marketing, signed in, at that page."""

    def open_one(address: str, *, language: str = "en", **options: object) -> Page:
        page = open_page(market.url, session=session_of("thao"), language=language, **options)
        page.goto(address)
        return page

    return open_one


def make_tag(page: Page, name: str) -> None:
    """From the form as it stands."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Make the tag").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def add(page: Page, zone: str, name: str) -> None:
    page.get_by_role("button", name=f"Add to: {zone}").click()
    page.locator(".group-offer").get_by_role("button", name=name).click()
    expect(chip(page, name)).to_be_visible()


def chip(page: Page, name: str) -> Locator:
    return page.locator(".group-chip", has_text=name)


def test_from_a_rule_to_a_file_for_meta(open_desk, market):
    """Bought in the last 3 months, in the South, not staff."""
    page = open_desk("/manage/tags")
    page.get_by_role("link", name="Make a tag").click()
    page.get_by_role("link", name="By rule").click()
    make_tag(page, "Mua trong 3 tháng")
    page.goto("/manage/tags/new/rule")
    page.get_by_label("What it is about").first.select_option("region")
    page.get_by_role("combobox", name="Value").select_option("South")
    expect(page.locator("#rule-found")).to_contain_text("Lives in the South")
    expect(page.locator("#rule-found .tag-many")).to_have_text(str(IN_THE_GROUP + 2))
    make_tag(page, "Miền Nam")

    page.get_by_role("link", name="Customer groups", exact=True).click()
    page.get_by_role("link", name="Make a customer group").click()
    add(page, "Has all of", "Mua trong 3 tháng")
    add(page, "Has all of", "Miền Nam")
    expect(page.locator(".group-many")).to_have_text(str(IN_THE_GROUP + 1))
    add(page, "Without", STAFF_TAG)
    expect(page.locator(".group-many")).to_have_text(str(IN_THE_GROUP))
    expect(page.locator("[data-zone=none] .group-left")).to_contain_text("−1")
    page.get_by_label("Name", exact=True).fill("Miền Nam còn mua")
    page.get_by_role("button", name="Save and export").first.click()

    page.get_by_label("Meta").check()
    page.get_by_label("Purpose (kept in the log)").fill("Noel 2026")
    page.get_by_role("button", name=f"Make the file of {IN_THE_GROUP} rows").click()
    expect(page.get_by_role("button", name="Cancel the export")).to_be_visible()
    market.do_jobs()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download meta-").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == IN_THE_GROUP


def test_a_group_is_put_together_by_keyboard_alone(open_desk):
    page = open_desk("/manage/groups/new")
    keys = page.keyboard
    page.locator("#add-any").focus()
    keys.press("Enter")
    expect(page.get_by_label("Search tags and groups")).to_be_focused()
    keys.type("nhan vien")
    offered = page.locator(".group-offer-list button")
    expect(offered).to_have_count(1)
    keys.press("Tab")
    keys.press("Tab")
    expect(offered).to_be_focused()
    keys.press("Enter")
    expect(chip(page, STAFF_TAG)).to_be_visible()
    expect(page.locator("#offer-tag-staff-and-family")).to_be_focused()
    expect(page.locator("[data-zone=any] .group-chip")).to_have_count(1)
    name = page.locator("#chip-tag-staff-and-family")
    name.focus()
    keys.press("Enter")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("[data-zone=none] .group-chip")).to_have_count(1)
    expect(name).to_be_focused()
    expect(page.locator("#standing")).to_have_attribute("aria-busy", "false")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator(".group-chip")).to_have_count(0)
    expect(page.locator("#add-none")).to_be_focused()


def test_groups_are_dragged_from_zone_to_zone(open_desk):
    page = open_desk(KEPT)
    page.locator("#offer-tag-staff-and-family").drag_to(page.locator("[data-zone=none]"))
    expect(page.locator("[data-zone=none]")).to_contain_text(STAFF_TAG)
    page.locator("[data-zone=all] .group-chip").drag_to(page.locator("[data-zone=any]"))
    expect(page.locator("[data-zone=any]")).to_contain_text("Khách miền Tây")


def test_nothing_pressed_is_lost_while_an_answer_is_on_its_way(open_desk):
    page = open_desk("/manage/groups/new")
    page.route(
        "**/manage/groups/preview", lambda route: (page.wait_for_timeout(300), route.continue_())
    )
    for tag in ("west", "staff-and-family", "me-do-bep"):
        page.locator(f"#offer-tag-{tag}").click()
    expect(page.locator(".group-chip")).to_have_count(3)
    page.get_by_label("Name", exact=True).fill("Nhanh tay")
    page.locator("#offer-tag-da-mua-hang").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/manage/groups/nhanh-tay")
    expect(page.locator(".group-chip")).to_have_count(4)
    page.unroute_all(behavior="ignoreErrors")


def test_on_a_phone_the_list_opens_from_a_zone_and_the_count_stays_below(open_desk):
    page = open_desk("/manage/groups/new", viewport=SCREENS["phone"])
    add(page, "Has all of", STAFF_TAG)
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".group-offer")).to_be_hidden()
    expect(page.locator(".group-bar strong")).to_have_text("1")
    expect(page.locator(".group-bar")).to_be_in_viewport()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_pages_of_groups_and_rules_fit_and_are_accessible(open_desk, screen, language, theme):
    page = open_desk("/manage/groups", viewport=SCREENS[screen], language=language, theme=theme)
    for address in (
        "/manage/groups",
        "/manage/groups/new",
        KEPT,
        f"{KEPT}/delete",
        NESTED,
        "/manage/tags/new/rule",
        "/manage/tags/da-mua-hang",
    ):
        page.goto(address)
        fits(page)
        if language == "vi":
            is_accessible(page)
    page.goto("/manage/tags/new/rule")
    page.locator("#second-subject").select_option("birth_date")
    expect(page.locator("#second-way")).to_be_visible()
    page.locator("form#rule .btn-primary").click()
    expect(page.locator(".error").first).to_be_visible()
    fits(page)
    page.goto(KEPT)
    page.locator("#chip-tag-west").click()
    fits(page)
    page.keyboard.press("Escape")
    page.locator("#add-none").click()
    expect(page.locator(".group-offer [type=search]")).to_be_focused()
    fits(page)
    if language == "vi":
        is_accessible(page)


def test_the_places_of_a_manager_fit_the_bar(market, session_of, open_page):
    for language in LANGUAGES:
        page = open_page(market.url, session=session_of("tram"), language=language)
        page.goto("/manage/groups")
        fits(page)
        page.locator(".desk-others > summary").click()
        fits(page)
        page.locator(".desk-others a[href='/manage/keys']").click()
        expect(page.locator(".desk-others > summary[aria-current]")).to_be_visible()


def test_the_way_on_stands_once_on_a_phone(open_desk):
    page = open_desk(KEPT, viewport={"width": 360, "height": 740})
    onward = page.locator(".btn-primary:visible")
    expect(onward).to_have_text("Export")
    page.get_by_label("Name", exact=True).fill("Miền Tây")
    expect(onward).to_have_text("Save and export")
