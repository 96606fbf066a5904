"""A cashier takes goods back: by the receipt's number or from the list, alone or in exchange."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from loyalty.core.db import transaction
from loyalty.core.phone import PhoneNumber
from loyalty.purchases import service as purchases
from tests.databases import running_app
from tests.journeys.shop import new_phone, new_receipt
from tests.journeys.test_screens import LANGUAGES, SCREENS, fits, is_accessible

LINES = [
    {"sku": "PAN", "name": "Chảo chống dính 24 cm", "quantity": 1, "amount": 690_000},
    {"sku": "TOWEL", "name": "Khăn bếp cotton, bộ 3", "quantity": 4, "amount": 560_000},
]


@pytest.fixture
def bought(shop):
    """Phone and number of a receipt with goods named."""
    phone, receipt = new_phone(), new_receipt()
    given = {"phone": PhoneNumber.parse(phone, "VN"), "store": "S01", "amount": 1_250_000}
    with running_app(shop.environ) as app, app.test_request_context(), transaction():
        purchases.record({**given, "receipt_no": receipt, "lines": LINES})
    return phone, receipt


@pytest.fixture
def english(open_till):
    return open_till(language="en")


def begin(till, receipt):
    till.page.locator("#begin-return").click()
    till.page.locator("#find_no").fill(receipt)
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#return-title")).to_contain_text(receipt)


def more(till, line):
    till.page.locator(".stepper").nth(line).locator("[data-step='1']").click()


def sum_of(till):
    return till.page.locator("#return-sum")


def test_goods_come_back_by_keyboard_alone(english, bought):
    till, (phone, receipt) = english, bought
    keys = till.page.keyboard
    keys.press("F8")
    expect(till.page.locator("#find_no")).to_be_focused()
    keys.type(receipt)
    keys.press("Enter")
    expect(till.page.locator(".step-count").first).to_be_focused()
    keys.type("1")
    expect(sum_of(till)).to_contain_text("−₫690,000")
    expect(sum_of(till)).to_contain_text("−69 points")
    keys.press("Enter")
    expect(till.receipt).to_be_focused()
    slip = new_receipt()
    keys.type(slip)
    expect(till.submit).to_contain_text("Give back ₫690,000")
    keys.press("Enter")
    expect(till.outcome).to_contain_text(f"Return {slip}")
    expect(till.phone).to_be_focused()
    assert till.points_of(phone) == "56"
    expect(till.receipts.locator(".danger")).to_contain_text("−69 points")


def test_return_pressed_twice_is_recorded_once(english, bought):
    till, (phone, receipt) = english, bought
    begin(till, receipt)
    more(till, 1)
    expect(sum_of(till)).to_contain_text("−₫140,000")
    till.receipt.fill(new_receipt())
    till.submit.dblclick()
    expect(till.outcome).to_contain_text("−14 points")
    assert till.points_of(phone) == "111"


def test_receipt_is_opened_from_the_list_of_its_customer(english, bought):
    till, (phone, receipt) = english, bought
    till.look_up(phone)
    till.receipts.get_by_role("button", name=f"Return goods of {receipt}").click()
    expect(till.page.locator("#return-title")).to_contain_text(receipt)
    till.page.get_by_role("button", name="All of it").click()
    expect(sum_of(till)).to_contain_text("−₫1,250,000")
    till.page.keyboard.press("Escape")
    expect(till.page.locator("#return")).to_be_empty()
    expect(till.phone).to_have_value(phone)
    expect(till.member).to_be_visible()


def test_no_more_comes_back_than_there_is(english, bought):
    till, (_, receipt) = english, bought
    begin(till, receipt)
    for _ in range(3):
        more(till, 0)
    expect(till.page.locator(".step-count").first).to_have_value("1")


def test_number_of_no_receipt_says_so_and_stays(english):
    till = english
    till.page.keyboard.press("F8")
    till.page.locator("#find_no").fill("NO-SUCH-NUMBER")
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#find_no-error")).to_contain_text("No receipt of your stores")
    expect(till.page.locator("#find_no")).to_have_value("NO-SUCH-NUMBER")


@pytest.mark.parametrize("screen", SCREENS)
def test_exchange_is_one_screen_and_one_press(open_till, bought, screen):
    till, (phone, receipt) = open_till(viewport=SCREENS[screen], language="en"), bought
    begin(till, receipt)
    more(till, 0)
    expect(till.submit).to_contain_text("Give back ₫690,000")
    fits(till)
    till.receipt.fill(new_receipt())
    till.amount.focus()
    till.tap("9", "0", "0", "000")
    expect(till.submit).to_contain_text("Exchange, take ₫210,000")
    expect(till.preview).to_contain_text("90 points")
    fits(till)
    till.submit.click()
    expect(till.outcome).to_contain_text("−69 points")
    expect(till.outcome).to_contain_text("+90 points")
    assert till.points_of(phone) == "146"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_returns_fit(open_till, bought, screen, language):
    till, (_, receipt) = open_till(viewport=SCREENS[screen], language=language), bought
    till.page.locator("#begin-return").click()
    expect(till.page.locator("#find_no")).to_be_visible()
    fits(till)
    till.page.locator("#find_no").fill(receipt)
    till.page.keyboard.press("Enter")
    expect(till.page.locator(".stepper")).to_have_count(2)
    fits(till)
    more(till, 1)
    expect(sum_of(till)).to_contain_text("140")
    fits(till)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desk", "small"])
def test_returns_are_accessible(open_till, bought, screen, theme):
    till, (_, receipt) = open_till(viewport=SCREENS[screen], theme=theme), bought
    till.page.locator("#begin-return").click()
    expect(till.page.locator("#find_no")).to_be_visible()
    is_accessible(till.page)
    till.page.locator("#find_no").fill(receipt)
    till.page.keyboard.press("Enter")
    more(till, 1)
    expect(sum_of(till)).to_contain_text("140")
    is_accessible(till.page)
