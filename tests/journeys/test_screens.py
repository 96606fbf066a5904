"""The till on every screen: nothing cut off, nothing too small, readable by everyone."""

from __future__ import annotations

from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import ViewportSize, expect

from tests.journeys.shop import REGULAR, new_phone, new_receipt

SCREENS = {
    "desk": ViewportSize(width=1280, height=800),
    "phone": ViewportSize(width=360, height=740),
    "small": ViewportSize(width=320, height=640),
}
LANGUAGES = ("vi", "en", "th")
SMALLEST_TARGET = 44

# What is only read aloud lies clipped in its place, however long it is.
_OVERFLOW = """() => {
  const page = document.documentElement;
  const wide = [...document.querySelectorAll('body *')].filter((element) => {
    if (element.closest('.long, .visually-hidden, .top-net')) return false;
    const box = element.getBoundingClientRect();
    return box.width > 1 && (box.right > innerWidth + 0.5 || box.left < -0.5);
  });
  return {
    down: page.scrollHeight - innerHeight,
    across: page.scrollWidth - innerWidth,
    wide: wide.map((element) => element.className || element.tagName),
  };
}"""

# A target may be larger than its mark: what counts is where a finger hits it.
_SMALL_TARGETS = f"""() => {{
  const smallest = {SMALLEST_TARGET} - 0.5;
  const targets = document.querySelectorAll('button, a, input:not([type=hidden]), select, summary');
  return [...targets].filter((target) => {{
    if (!target.checkVisibility({{ visibilityProperty: true }})) return false;
    const grown = getComputedStyle(target, '::before');
    let {{ width, height }} = target.getBoundingClientRect();
    if (grown.position === 'absolute') {{
      width = Math.max(width, parseFloat(grown.width));
      height = Math.max(height, parseFloat(grown.height));
    }}
    return width < smallest || height < smallest;
  }}).map((target) => target.id || target.textContent.trim() || target.className);
}}"""


def fits(till: Any) -> None:
    assert till.page.evaluate(_OVERFLOW) == {"down": 0, "across": 0, "wide": []}
    assert till.page.evaluate(_SMALL_TARGETS) == []


def is_accessible(page: Any) -> None:
    found = Axe().run(page)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut_off_or_too_small(open_till, screen, language):
    till = open_till(viewport=SCREENS[screen], language=language)
    fits(till)
    till.look_up(REGULAR)
    receipt = new_receipt()
    till.receipt.fill(receipt)
    till.tap("1", "5", "0", "000")
    expect(till.submit).to_contain_text("15")
    fits(till)
    till.submit.click()
    expect(till.outcome.locator("[data-undo]")).to_be_visible()
    fits(till)
    till.look_up(new_phone())
    till.receipt.fill(receipt)
    till.amount.fill("150000")
    expect(till.submit).to_contain_text("15")
    fits(till)
    till.submit.click()
    expect(till.question.locator("h2")).to_be_visible()
    fits(till)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_no_amount_is_too_long_for_its_line(open_till, screen, language):
    till = open_till(viewport=SCREENS[screen], language=language)
    till.look_up(REGULAR)
    line = till.preview.bounding_box()["height"]
    for amount, points in (("1250000", 125), ("49000000", 4_900), ("99999999999", 9_999_999)):
        till.amount.fill(amount)
        separator = "." if language == "vi" else ","
        expect(till.preview).to_contain_text(f"{points:,}".replace(",", separator))
        fits(till)
        assert till.preview.bounding_box()["height"] == line
        for part in (till.amount, till.preview):
            assert not part.evaluate("element => element.scrollWidth > element.clientWidth")


@pytest.mark.parametrize("screen", ["phone", "small"])
def test_receipts_and_profile_take_the_place_of_the_keypad(open_till, screen):
    till = open_till(viewport=SCREENS[screen])
    keypad = till.page.locator("#keypad")
    till.look_up(REGULAR)
    till.page.locator(".card-more").click()
    expect(till.receipts).to_contain_text("HD-10233")
    expect(keypad).to_be_hidden()
    fits(till)
    till.amount.focus()
    expect(keypad).to_be_visible()
    till.look_up(new_phone())
    till.page.get_by_role("button", name="Thêm tên").click()
    expect(till.page.get_by_label("Tên khách")).to_be_focused()
    expect(keypad).to_be_hidden()
    expect(till.submit).to_be_visible()
    fits(till)


def test_a_long_name_is_shortened_from_the_front(open_till):
    till = open_till(viewport=SCREENS["small"])
    phone = new_phone()
    till.look_up(phone)
    till.page.get_by_role("button", name="Thêm tên").click()
    till.page.get_by_label("Tên khách").fill("Công Tằng Tôn Nữ Thị Bích Ngọc")
    till.amount.fill("150000")
    till.receipt.fill(new_receipt())
    till.submit.click()
    expect(till.outcome).to_contain_text("Bích Ngọc")
    till.look_up(phone)
    expect(till.member.locator(".name")).to_have_text("C. T. T. N. T. Bích Ngọc")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desk", "small"])
def test_the_till_is_accessible(open_till, screen, theme):
    till = open_till(viewport=SCREENS[screen], theme=theme)
    receipt = new_receipt()
    till.fill(phone=REGULAR, receipt=receipt, amount="150000")
    expect(till.preview).to_contain_text("15 điểm")
    is_accessible(till.page)
    till.submit.click()
    expect(till.outcome.locator("[data-undo]")).to_be_visible()
    is_accessible(till.page)
    till.fill(phone=new_phone(), receipt=receipt, amount="150000")
    is_accessible(till.page)
    till.submit.click()
    expect(till.question.locator("h2")).to_be_visible()
    is_accessible(till.page)
    till.page.keyboard.press("Escape")
    till.look_up("0123 45")
    is_accessible(till.page)


def test_the_menu_changes_language_and_appearance(open_till):
    till = open_till()
    till.page.locator("summary").click()
    till.page.get_by_role("button", name="English").click()
    expect(till.submit).to_contain_text("Record purchase")
    till.page.locator("summary").click()
    till.page.get_by_role("button", name="Dark").click()
    expect(till.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(till.page.locator("html")).to_have_attribute("lang", "en")


def test_the_menu_is_accessible_and_closes_by_escape(open_till):
    till = open_till(theme="dark")
    till.page.locator("summary").click()
    is_accessible(till.page)
    till.page.keyboard.press("Escape")
    expect(till.page.locator(".menu-box")).to_be_hidden()
    expect(till.page.locator("summary")).to_be_focused()
