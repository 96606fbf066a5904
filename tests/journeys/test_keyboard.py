"""The till by keyboard alone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.shop import new_phone, new_receipt


def test_enter_leads_through_the_fields_and_records(till):
    phone, receipt = new_phone(), new_receipt()
    keys = till.page.keyboard
    expect(till.phone).to_be_focused()
    keys.type(phone)
    keys.press("Enter")
    expect(till.receipt).to_be_focused()
    keys.type(receipt)
    keys.press("Enter")
    expect(till.amount).to_be_focused()
    keys.type("150000")
    keys.press("Enter")
    expect(till.outcome).to_contain_text(f"Vừa ghi {receipt}")
    expect(till.phone).to_be_focused()


def test_function_keys_jump_and_escape_starts_again(till):
    keys = till.page.keyboard
    keys.press("F4")
    expect(till.amount).to_be_focused()
    keys.type("150000")
    keys.press("F3")
    expect(till.receipt).to_be_focused()
    keys.press("F2")
    expect(till.phone).to_be_focused()
    keys.press("Escape")
    expect(till.amount).to_have_value("")
    expect(till.phone).to_be_focused()


def test_a_question_is_answered_by_keyboard(till):
    keys = till.page.keyboard
    till.fill(phone=new_phone(), receipt=new_receipt(), amount="500")
    till.amount.press("Enter")
    expect(till.question.get_by_role("button", name="Sửa số tiền")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(till.outcome).to_contain_text("Vừa ghi")


def test_escape_leaves_a_question_and_keeps_the_form(till):
    phone = new_phone()
    till.record(phone=phone, receipt=new_receipt(), amount="500")
    expect(till.question).to_contain_text("có đúng không?")
    till.page.keyboard.press("Escape")
    expect(till.question).to_be_empty()
    expect(till.phone).to_have_value(phone)
    expect(till.amount).to_be_focused()


def test_the_last_digit_goes_and_the_rest_is_grouped_again(till):
    till.tap("1", "2", "3", "4", "back")
    expect(till.amount).to_have_value("123")
    till.tap("000", "5")
    expect(till.amount).to_have_value("1.230.005")


def test_a_digit_in_the_middle_keeps_the_caret(till):
    till.amount.fill("1500")
    till.amount.press("Home")
    till.amount.press("ArrowRight")
    till.page.keyboard.type("22")
    expect(till.amount).to_have_value("122.500")


def test_tab_goes_from_phone_to_receipt_to_amount(till):
    till.phone.focus()
    seen = []
    for _ in range(8):
        till.page.keyboard.press("Tab")
        seen.append(till.page.evaluate("document.activeElement.id"))
    named = [name for name in seen if name in ("receipt_no", "amount", "submit")]
    assert named == ["receipt_no", "amount", "submit"]
