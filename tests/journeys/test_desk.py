"""The desk in a real browser: a manager's work with people and keys, on every screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.journeys.shop import Shop
from tests.journeys.test_screens import LANGUAGES, SMALLEST_TARGET, is_accessible

SCREENS = {
    "desk": ViewportSize(width=1280, height=800),
    "phone": ViewportSize(width=360, height=740),
}
OWN_PASSWORD = "a word of one's own"
PAGES = (
    "/manage/today",
    "/manage/today?days=30",
    "/manage/flags",
    "/manage/stores",
    "/manage/stores/new",
    "/manage/stores/1",
    "/manage/staff?show=all",
    "/manage/staff/new",
    "/manage/staff/1",
    "/manage/staff/2",
    "/manage/staff/2/access",
    "/manage/access",
    "/manage/keys?show=all",
    "/manage/keys/new",
    "/manage/tags",
    "/manage/tags/me-do-bep",
    "/manage/tags/da-mua-hang",
)

_TOO_WIDE = """() => [...document.querySelectorAll('body *')].filter((element) => {
  if (element.closest('.visually-hidden')) return false;
  const box = element.getBoundingClientRect();
  return box.width > 1 && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map((element) => element.className || element.tagName)"""

# A choice is hit anywhere on its label; a name in a list has a target larger than its letters.
_SMALL_TARGETS = f"""() => {{
  const smallest = {SMALLEST_TARGET} - 0.5;
  const targets = document.querySelectorAll(
    'button, a, input:not([type=hidden]), select, textarea, summary');
  return [...targets].filter((target) => {{
    if (!target.checkVisibility({{ visibilityProperty: true }})) return false;
    const grown = getComputedStyle(target, '::before');
    let {{ width, height }} = (target.closest('label') ?? target).getBoundingClientRect();
    if (grown.position === 'absolute') {{
      width = Math.max(width, parseFloat(grown.width));
      height = Math.max(height, parseFloat(grown.height));
    }}
    return width < smallest || height < smallest;
  }}).map((target) => target.id || target.textContent.trim() || target.className);
}}"""


def fits(page: Page) -> None:
    """A desk is scrolled down, never sideways."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert page.evaluate(_TOO_WIDE) == []
    assert page.evaluate(_SMALL_TARGETS) == []


@pytest.fixture
def open_desk(
    shop: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]
) -> Callable[..., Page]:
    """`open_desk("/manage/keys", language="en")`: the owner, signed in, at that page."""

    def open_one(address: str = "/manage/staff", **options: object) -> Page:
        page = open_page(shop.url, session=session_of("tram"), **options)
        page.goto(address)
        return page

    return open_one


def add_cashier(page: Page, *, name: str, login: str) -> str:
    """From the list of staff; returns the temporary password."""
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Login").fill(login)
    page.get_by_label("Cashier").check()
    page.get_by_label("Lê Văn Sỹ, Q.3").check()
    page.get_by_role("button", name="Add a person").click()
    return page.get_by_label("Temporary password").input_value()


def sign_in(page: Page, login: str, password: str) -> None:
    page.goto("/login")
    page.locator("#login").fill(login)
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")


def test_a_new_cashier_signs_in_and_chooses_an_own_password(shop, open_desk, open_page):
    desk = open_desk(language="en")
    temporary = add_cashier(desk, name="Công Tằng Tôn Nữ Thị Bích Ngọc", login="ngoc")
    desk.get_by_role("link", name="Done").click()
    expect(desk.get_by_text("Temporary password", exact=True)).to_be_visible()
    till = open_page(shop.url, language="en")
    sign_in(till, "ngoc", temporary)
    expect(till).to_have_url(f"{shop.url}/account/password")
    till.goto("/till")
    expect(till).to_have_url(f"{shop.url}/account/password")
    till.get_by_label("The password you were given").fill(temporary)
    till.get_by_label("New password", exact=True).fill(OWN_PASSWORD)
    till.get_by_label("New password again").fill(OWN_PASSWORD)
    till.get_by_role("button", name="Change password").click()
    expect(till).to_have_url(f"{shop.url}/account")
    till.goto("/till")
    expect(till.locator(".top-store")).to_have_text("Lê Văn Sỹ, Q.3")
    desk.reload()
    expect(desk.get_by_text("Active", exact=True)).to_be_visible()


def test_a_person_whose_access_ends_is_out_at_once(shop, open_desk, open_page):
    desk = open_desk(language="en")
    temporary = add_cashier(desk, name="Gia Huy", login="huy")
    till = open_page(shop.url)
    sign_in(till, "huy", temporary)
    desk.get_by_role("link", name="Done").click()
    desk.get_by_role("link", name="End access").click()
    is_accessible(desk)
    desk.get_by_role("button", name="End access").click()
    expect(desk.get_by_role("status")).to_have_text("Access has ended.")
    till.goto("/till")
    expect(till).to_have_url(f"{shop.url}/login")
    desk.goto("/manage/staff")
    expect(desk.get_by_role("link", name="Gia Huy")).to_have_count(0)
    desk.get_by_role("link", name="Everyone").click()
    expect(desk.get_by_role("link", name="Gia Huy")).to_be_visible()


def test_a_key_is_made_renewed_and_revoked(open_desk):
    desk = open_desk("/manage/keys", language="en")
    desk.get_by_role("link", name="Make a key").first.click()
    desk.get_by_label("Name", exact=True).fill("Quầy 2")
    desk.get_by_label("Cashier").check()
    desk.get_by_role("button", name="Make a key").click()
    first = desk.get_by_label("Key", exact=True).input_value()
    assert first.startswith("loy_")
    desk.get_by_role("link", name="Done").click()
    desk.get_by_role("link", name="Renew Quầy 2").click()
    desk.get_by_role("button", name="Renew").click()
    assert desk.get_by_label("Key", exact=True).input_value() != first
    desk.get_by_role("link", name="Done").click()
    expect(desk.get_by_text("Ends soon")).to_be_visible()
    desk.get_by_role("row", name="Ends soon").get_by_role("link", name="Revoke Quầy 2").click()
    desk.get_by_role("button", name="Revoke").click()
    expect(desk.get_by_role("row", name="Quầy 2")).to_have_count(1)


def test_what_is_shown_once_is_copied_by_a_button(shop, open_desk):
    desk = open_desk(language="en")
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=shop.url)
    temporary = add_cashier(desk, name="Quốc Bảo", login="bao")
    desk.get_by_role("button", name="Copy").click()
    expect(desk.get_by_role("button", name="Copied")).to_be_visible()
    assert desk.evaluate("navigator.clipboard.readText()") == temporary


@pytest.mark.parametrize("screen", SCREENS)
def test_tabs_lead_from_place_to_place(open_desk, screen):
    desk = open_desk(viewport=SCREENS[screen], language="en")
    if screen == "phone":
        desk.locator(".desk-fold > summary").click()
    else:
        desk.locator(".desk-others > summary").click()
    is_accessible(desk)
    fits(desk)
    desk.get_by_role("link", name="API keys").click()
    expect(desk.get_by_role("heading", name="API keys")).to_be_visible()
    if screen == "phone":
        expect(desk.locator(".desk-here")).to_have_text("API keys")
    else:
        expect(desk.locator(".desk-others > summary")).to_have_text("API keys")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut_off_or_too_small(open_desk, screen, language):
    page = open_desk(viewport=SCREENS[screen], language=language)
    for address in PAGES:
        page.goto(address)
        fits(page)
    page.goto("/manage/staff/new")
    page.locator("[value=hand]").check()
    page.locator("form.desk-panel .btn-primary").click()
    expect(page.locator(".error")).to_have_count(4)
    fits(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_the_desk_is_accessible(open_desk, screen, theme):
    page = open_desk(viewport=SCREENS[screen], theme=theme)
    for address in PAGES:
        page.goto(address)
        is_accessible(page)
    page.goto("/manage/staff/new")
    page.locator("form.desk-panel .btn-primary").click()
    expect(page.locator(".error").first).to_be_visible()
    is_accessible(page)


def test_the_desk_works_without_scripts(shop, browser, session_of):
    context = browser.new_context(
        base_url=shop.url, java_script_enabled=False, viewport=SCREENS["phone"]
    )
    context.add_cookies([{"name": "session", "value": session_of("tram"), "url": shop.url}])
    page = context.new_page()
    page.goto("/manage/staff")
    page.locator(".desk-fold > summary").click()
    page.locator(".desk-fold a[href='/manage/keys']").click()
    page.wait_for_url("**/manage/keys")
    page.locator("a[href='/manage/keys/new']").first.click()
    page.locator("#name").fill("Máy không script")
    page.locator("[name=role][value=cashier]").check()
    page.locator("form.desk-panel .btn-primary").click()
    assert page.locator("#secret").input_value().startswith("loy_")
    assert not page.locator("[data-copies]").is_visible()
    context.close()
