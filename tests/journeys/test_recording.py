"""A cashier records purchases: new customers, receipts twice, mistakes and their way back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.shop import REGULAR, REGULAR_NAME, new_phone, new_receipt


def test_a_new_phone_earns_at_once(till):
    phone, receipt = new_phone(), new_receipt()
    till.look_up(phone)
    expect(till.member).to_contain_text("Khách mới")
    till.receipt.fill(receipt)
    till.tap("1", "5", "0", "000")
    expect(till.amount).to_have_value("150.000")
    expect(till.preview).to_contain_text("150.000 ₫ → 15 điểm")
    expect(till.preview).to_contain_text("đơn đầu tiên")
    expect(till.submit).to_contain_text("Ghi đơn và tích 15 điểm")
    till.submit.click()
    expect(till.outcome).to_contain_text(f"Vừa ghi {receipt}")
    expect(till.outcome).to_contain_text("+15 điểm")
    expect(till.phone).to_be_focused()
    for field in (till.phone, till.receipt, till.amount):
        expect(field).to_have_value("")
    assert till.points_of(phone) == "15"


def test_what_is_told_of_a_new_customer_is_kept(till):
    phone = new_phone()
    till.look_up(phone)
    till.page.get_by_label("Tên khách").fill("Lê Hoàng Phương")
    till.page.get_by_label("Ngày sinh").fill("26/11/1990")
    till.page.get_by_label("Giới tính").select_option("female")
    till.receipt.fill(new_receipt())
    till.amount.fill("150000")
    till.submit.click()
    expect(till.outcome).to_contain_text("Lê Hoàng Phương")
    till.look_up(phone)
    expect(till.member).to_contain_text("Lê Hoàng Phương")
    expect(till.member).to_contain_text("26/11")


def test_a_wrong_birth_date_is_said_beside_the_field(till):
    till.look_up(new_phone())
    birth_date = till.page.get_by_label("Ngày sinh")
    birth_date.fill("31/02/1990")
    till.receipt.fill(new_receipt())
    till.amount.fill("150000")
    till.submit.click()
    expect(till.page.locator("#birth_date-error")).to_contain_text("Ngày không đúng")
    expect(birth_date).to_have_value("31/02/1990")
    expect(birth_date).to_have_attribute("aria-invalid", "true")


def test_a_known_customer_sees_the_balance_afterwards(till):
    till.look_up(REGULAR)
    expect(till.member).to_contain_text(REGULAR_NAME)
    expect(till.receipts).to_contain_text("HD-10233")
    till.amount.fill("20000")
    before = till.member.locator(".points-figure").inner_text()
    expect(till.preview).to_contain_text(f"sau đơn: {int(before) + 2}")


def test_the_same_receipt_again_earns_nothing_more(till):
    phone, receipt = new_phone(), new_receipt()
    till.recorded(phone=phone, receipt=receipt, amount="150000")
    till.record(phone=phone, receipt=receipt, amount="150000")
    expect(till.outcome).to_contain_text("nên không tích thêm điểm")
    assert till.points_of(phone) == "15"


def test_two_impatient_presses_record_once(till):
    phone, receipt = new_phone(), new_receipt()
    till.fill(phone=phone, receipt=receipt, amount="150000")
    till.submit.dblclick()
    expect(till.outcome).to_contain_text("Vừa ghi")
    assert till.points_of(phone) == "15"
    expect(till.receipts.locator(".row-receipt")).to_have_count(1)


def test_a_conflict_shows_what_is_recorded_and_moves_it(till):
    wrong, right, receipt = new_phone(), new_phone(), new_receipt()
    till.recorded(phone=wrong, receipt=receipt, amount="150000")
    till.record(phone=right, receipt=receipt, amount="150000")
    expect(till.question).to_contain_text(f"{receipt} đã được ghi rồi")
    expect(till.question).to_contain_text("150.000 ₫")
    expect(till.question).to_contain_text("••• 204")
    expect(till.submit).to_be_hidden()
    till.question.get_by_role("button", name="chuyển sang").click()
    expect(till.outcome).to_contain_text(f"Đã chuyển {receipt}")
    assert till.points_of(right) == "15"
    till.look_up(wrong)
    expect(till.member).to_contain_text("Khách mới")


def test_a_conflict_can_be_a_wrong_receipt_number(till):
    first, second, receipt, other = new_phone(), new_phone(), new_receipt(), new_receipt()
    till.recorded(phone=first, receipt=receipt, amount="150000")
    till.record(phone=second, receipt=receipt, amount="150000")
    till.question.get_by_role("button", name="Sửa mã hóa đơn").click()
    expect(till.receipt).to_be_focused()
    expect(till.phone).to_have_value(second)
    till.page.keyboard.type(other)
    till.page.keyboard.press("Enter")
    expect(till.outcome).to_contain_text(f"Vừa ghi {other}")


def test_a_conflict_can_be_the_same_receipt(till):
    phone, receipt = new_phone(), new_receipt()
    till.recorded(phone=phone, receipt=receipt, amount="150000")
    till.record(phone=phone, receipt=receipt, amount="160000")
    expect(till.question).to_contain_text("đang nhập: 160.000 ₫")
    # Another amount is no wrong number: to move it is not offered.
    expect(till.question.get_by_role("button", name="chuyển sang")).to_have_count(0)
    till.question.get_by_role("button", name="giữ đơn đã ghi").click()
    expect(till.phone).to_have_value("")
    assert till.points_of(phone) == "15"


def test_undo_takes_points_back_and_frees_the_number(till):
    phone, receipt = new_phone(), new_receipt()
    till.recorded(phone=phone, receipt=receipt, amount="150000")
    till.outcome.get_by_role("button", name="Hoàn tác").click()
    expect(till.outcome).to_contain_text(f"hủy {receipt}")
    expect(till.receipts.locator(".voided")).to_contain_text(receipt)
    assert till.points_of(phone) == "0"
    till.recorded(phone=phone, receipt=receipt, amount="180000")
    assert till.points_of(phone) == "18"


def test_undo_is_offered_for_thirty_seconds(till):
    till.page.clock.install()
    till.recorded(phone=new_phone(), receipt=new_receipt(), amount="150000")
    undo = till.outcome.get_by_role("button", name="Hoàn tác")
    till.page.clock.run_for(20_000)
    expect(till.outcome).to_contain_text("còn 10 giây")
    expect(undo).to_be_visible()
    till.page.clock.run_for(11_000)
    expect(undo).to_have_count(0)
    expect(till.outcome).to_contain_text("Vừa ghi")


@pytest.mark.parametrize("amount", ["500", "999", "50000001", "0"])
def test_an_unusual_amount_is_asked_about_once(till, amount):
    till.record(phone=new_phone(), receipt=new_receipt(), amount=amount)
    expect(till.question).to_contain_text("có đúng không?")
    expect(till.question.get_by_role("button", name="Sửa số tiền")).to_be_focused()
    till.question.get_by_role("button", name="Đúng, ghi").click()
    expect(till.outcome).to_contain_text("Vừa ghi")
    expect(till.question).to_be_empty()


def test_an_unusual_amount_can_be_corrected(till):
    till.record(phone=new_phone(), receipt=new_receipt(), amount="500")
    till.question.get_by_role("button", name="Sửa số tiền").click()
    expect(till.amount).to_be_focused()
    till.page.keyboard.type("500000")
    till.submit.click()
    expect(till.outcome).to_contain_text("+50 điểm")


@pytest.mark.parametrize("amount", ["1000", "50000000"])
def test_a_usual_amount_is_not_asked_about(till, amount):
    till.recorded(phone=new_phone(), receipt=new_receipt(), amount=amount)


def test_a_refused_phone_says_why_and_stays(till):
    till.look_up("0123 456")
    expect(till.member).to_contain_text("còn thiếu chữ số")
    expect(till.phone).to_have_value("0123 456")
    expect(till.phone).to_have_attribute("aria-invalid", "true")


def test_what_is_missing_is_said_beside_each_field(till):
    till.submit.click()
    expect(till.member).to_contain_text("Hãy nhập số điện thoại trước")
    expect(till.page.locator("#receipt_no-error")).to_contain_text("Hãy nhập mã hóa đơn")
    expect(till.page.locator("#amount-error")).to_contain_text("Hãy nhập số tiền")
    expect(till.phone).to_be_focused()


def test_without_a_phone_nothing_is_recorded(till):
    till.receipt.fill(new_receipt())
    till.amount.fill("150000")
    till.page.get_by_role("button", name="Không có số").click()
    expect(till.outcome).to_contain_text("không ghi đơn nào")
    for field in (till.phone, till.receipt, till.amount):
        expect(field).to_have_value("")


def test_a_foreign_number_finds_its_country(till):
    till.look_up("+66 81 234 5678")
    expect(till.member).to_contain_text("Khách mới")
    expect(till.page.locator("#country")).to_have_value("TH")
    expect(till.phone).to_have_value("081 234 5678")


def test_a_number_is_read_in_the_chosen_country(till):
    till.page.locator("#country").select_option("TH")
    expect(till.page.locator("#country-dial")).to_have_text("+66")
    till.look_up("0812345679")
    expect(till.member).to_contain_text("Khách mới")


def test_without_network_the_form_stays_and_a_second_try_records_once(till):
    phone, receipt = new_phone(), new_receipt()
    till.fill(phone=phone, receipt=receipt, amount="150000")
    expect(till.submit).to_contain_text("15 điểm")
    till.page.context.set_offline(True)
    till.submit.click()
    expect(till.outcome).to_contain_text("Không có mạng")
    expect(till.page.locator("#net")).to_contain_text("Mất mạng")
    expect(till.receipt).to_have_value(receipt)
    expect(till.amount).to_have_value("150.000")
    till.page.context.set_offline(False)
    till.submit.click()
    expect(till.outcome).to_contain_text("Vừa ghi")
    assert till.points_of(phone) == "15"
