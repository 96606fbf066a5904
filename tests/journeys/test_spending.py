"""A cashier gives gifts and lets points pay: one press each, and each has its way back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from loyalty.core.db import transaction
from loyalty.core.phone import PhoneNumber
from loyalty.purchases import service as purchases
from loyalty.rewards import service as rewards
from loyalty.staff import passwords, people
from tests.databases import running_app
from tests.journeys.shop import new_phone, new_receipt
from tests.journeys.test_screens import LANGUAGES, SCREENS, fits, is_accessible

GIFTS = (("Towel", "gift", 100), ("50k off", "voucher", 50), ("Pan", "gift", 900))


@pytest.fixture(scope="module", autouse=True)
def gifts(shop):
    """Offered to everyone, from here on."""
    with running_app(shop.environ) as app, app.test_request_context(), transaction():
        for name, kind, cost in GIFTS:
            rewards.create({"name": name, "kind": kind, "cost": cost, "worth": 50_000})


@pytest.fixture
def regular(shop):
    """The phone of a customer with 400 points and a voucher."""
    phone = new_phone()
    with running_app(shop.environ) as app, app.test_request_context(), transaction():
        given = {"phone": PhoneNumber.parse(phone, "VN"), "store": "S01", "amount": 4_500_000}
        bought = purchases.record({**given, "receipt_no": new_receipt()})
        voucher = next(each for each in rewards.every() if each.name == "50k off")
        rewards.redeem_now(bought.member["id"], reward_id=voucher.id)
    return phone


@pytest.fixture
def english(open_till):
    return open_till(language="en")


def button(till, name):
    return till.page.get_by_role("button", name=name, exact=True)


def points(till):
    return till.member.locator(".points-figure")


def use_points(till, phone, amount="30000"):
    till.look_up(phone)
    till.amount.fill(amount)
    till.page.locator("#use-points").click()
    till.question.locator("[data-first]").click()
    expect(till.page.locator(".pay-chosen")).to_be_visible()


def test_gift_is_given_by_one_press_and_undone(english, regular):
    till = english
    till.look_up(regular)
    expect(till.page.locator("#gifts")).to_contain_text("500 points missing")
    button(till, "Get Towel").dblclick()
    expect(till.outcome).to_contain_text("Towel")
    expect(points(till)).to_have_text("300")
    expect(till.question).to_be_empty()
    till.outcome.get_by_role("button", name="Undo").click()
    expect(points(till)).to_have_text("400")
    expect(button(till, "Get Towel")).to_be_visible()


def test_points_pay_and_the_button_says_what_to_take(english, regular):
    till = english
    till.look_up(regular)
    till.receipt.fill(new_receipt())
    till.amount.fill("150000")
    till.page.keyboard.press("F9")
    expect(till.question.locator("[data-first]")).to_be_focused()
    till.page.locator("#points").fill("150")
    till.page.keyboard.press("Enter")
    expect(till.preview).to_contain_text("to pay ₫135,000")
    expect(till.submit).to_contain_text("Take ₫135,000, earn 13 points")
    till.submit.click()
    expect(till.outcome).to_contain_text("₫135,000")
    expect(till.page.locator("#pays")).to_be_empty()
    assert till.points_of(regular) == "263"
    expect(till.page.locator(".pay-chosen")).to_have_count(0)


@pytest.mark.parametrize("way", ["Escape", "clear", "another number", "reload"])
def test_points_are_free_again_once_the_cashier_turns_away(english, regular, way):
    till = english
    use_points(till, regular)
    with till.page.expect_response(lambda answer: answer.url.endswith("/drop")) as freed:
        if way == "Escape":
            till.page.keyboard.press("Escape")
        elif way == "clear":
            till.page.locator("#clear").click()
        elif way == "reload":
            till.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
        else:
            till.phone.fill("0938")
    assert freed.value.ok
    till.page.reload()
    till.look_up(regular)
    expect(till.page.locator("#pays")).to_contain_text("at most ₫40,000")


def test_voucher_is_scanned_where_the_caret_stands(english, regular):
    till = english
    till.look_up(regular)
    button(till, "Use 50k off").click()
    expect(till.page.locator("#gifts")).to_contain_text("In use")
    till.receipt.fill(new_receipt())
    till.amount.fill("150000")
    expect(till.preview).to_contain_text("to pay ₫100,000")
    button(till, "Do not use 50k off").click()
    expect(till.preview).to_contain_text("₫150,000 → 15 points")


def test_voucher_taken_back_pays_no_more(english, regular):
    till = english
    till.look_up(regular)
    button(till, "Use 50k off").click()
    expect(till.page.locator(".pay-chosen")).to_have_count(1)
    till.receipt.fill(new_receipt())
    till.amount.fill("150000")
    button(till, "Get 50k off").click()
    expect(till.outcome).to_contain_text("50k off")
    button(till, "Use 50k off").click()
    expect(till.submit).to_contain_text("Take ₫50,000")
    till.outcome.get_by_role("button", name="Undo").click()
    expect(till.page.locator(".pay-chosen")).to_have_count(1)
    expect(till.submit).to_contain_text("Take ₫100,000")
    till.submit.click()
    expect(till.outcome).to_contain_text("₫100,000")


def test_voucher_that_another_till_used_leaves_the_page(english, shop, regular):
    till = english
    till.look_up(regular)
    button(till, "Use 50k off").click()
    till.amount.fill("150000")
    expect(till.submit).to_contain_text("Take ₫100,000")
    with running_app(shop.environ) as app, app.test_request_context(), transaction():
        given = {"phone": PhoneNumber.parse(regular, "VN"), "store": "S01", "amount": 1}
        voucher = int(till.page.locator("[name=redemption]").input_value())
        purchases.record({**given, "receipt_no": new_receipt(), "redemptions": [voucher]})
    till.receipt.fill(new_receipt())
    till.submit.click()
    expect(till.outcome.locator(".danger")).to_be_visible()
    expect(till.page.locator(".pay-chosen")).to_have_count(0)
    expect(till.submit).to_contain_text("Record and earn 15 points")
    expect(till.outcome.locator(".danger")).to_be_visible()


def test_code_that_is_none_is_said_beside_the_field(english, regular):
    till = english
    till.look_up(regular)
    till.page.locator(".code-open").click()
    till.page.locator("#code").fill("NO SUCH CODE")
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#code-error")).not_to_be_empty()
    expect(till.phone).to_have_value(regular)


def test_manager_lets_many_points_pass(english, shop, regular):
    till = english
    with running_app(shop.environ) as app, app.test_request_context(), transaction():
        given = {"phone": PhoneNumber.parse(regular, "VN"), "store": "S01", "amount": 9_000_000}
        purchases.record({**given, "receipt_no": new_receipt()})
        people.row_of(people.id_of("tram")).pin_hash = passwords.hashed("2580")
    till.look_up(regular)
    button(till, "Get Pan").click()
    expect(till.question).to_contain_text("A manager enters the PIN")
    till.page.locator("#manager_pin").fill("1111")
    till.page.keyboard.press("Enter")
    expect(till.question.locator(".error")).to_contain_text("Wrong PIN.")
    till.page.locator("#manager_pin").fill("2580")
    till.page.keyboard.press("Enter")
    expect(till.outcome).to_contain_text("Pan")
    expect(points(till)).to_have_text("400")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_gifts_and_payments_fit(open_till, regular, screen, language):
    till = open_till(viewport=SCREENS[screen], language=language)
    till.look_up(regular)
    till.receipt.fill(new_receipt())
    till.amount.fill("150000")
    fits(till)
    if screen != "desk":
        till.page.locator("#gifts-way button").click()
        expect(till.page.locator("#keypad")).to_be_hidden()
    fits(till)
    till.page.locator(".row-gift .row-act").first.click()
    expect(till.page.locator(".pay-chosen")).to_be_visible()
    fits(till)
    till.page.locator("#use-points").click()
    fits(till)
    till.question.locator("[data-first]").click()
    expect(till.page.locator(".pay-chosen")).to_have_count(2)
    fits(till)
    till.amount.focus()
    expect(till.page.locator("#keypad")).to_be_visible()
    fits(till)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desk", "small"])
def test_gifts_and_payments_are_accessible(open_till, regular, screen, theme):
    till = open_till(viewport=SCREENS[screen], theme=theme)
    till.look_up(regular)
    till.amount.fill("150000")
    if screen != "desk":
        till.page.locator("#gifts-way button").click()
    is_accessible(till.page)
    till.page.locator("#use-points").click()
    expect(till.question.locator("h2")).to_be_visible()
    is_accessible(till.page)
    till.question.locator("[data-first]").click()
    expect(till.page.locator(".pay-chosen")).to_be_visible()
    is_accessible(till.page)
