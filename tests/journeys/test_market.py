"""A store without receipt numbers: the till makes them, and asks before a second purchase."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.shop import new_phone


def test_the_till_makes_a_number_and_hides_the_field(open_till):
    till = open_till("cuc")
    expect(till.receipt).to_be_hidden()
    phone = new_phone()
    till.recorded(phone=phone, amount="150000")
    assert till.points_of(phone) == "15"


def test_the_same_phone_and_amount_ask_once_more(open_till):
    till = open_till("cuc")
    phone = new_phone()
    till.recorded(phone=phone, amount="150000")
    till.record(phone=phone, amount="150000")
    expect(till.question).to_contain_text("Ghi thêm lần nữa?")
    till.question.get_by_role("button", name="Đúng, khách mua lần nữa").click()
    expect(till.question).to_be_empty()
    assert till.points_of(phone) == "30"


def test_the_same_purchase_is_not_recorded_again(open_till):
    till = open_till("cuc")
    phone = new_phone()
    till.recorded(phone=phone, amount="150000")
    till.record(phone=phone, amount="150000")
    till.question.get_by_role("button", name="vẫn là đơn đó").click()
    expect(till.amount).to_have_value("")
    assert till.points_of(phone) == "15"


def test_a_lost_answer_is_no_second_purchase(open_till):
    """The server recorded it, but the answer never came: the same number is sent again."""
    till = open_till("cuc")
    phone = new_phone()
    till.fill(phone=phone, amount="150000")
    expect(till.submit).to_contain_text("15 điểm")
    till.page.route("**/till/purchases", lambda route: (route.fetch(), route.abort()))
    till.submit.click()
    expect(till.outcome).to_contain_text("Không có mạng")
    till.page.unroute("**/till/purchases")
    till.submit.click()
    expect(till.outcome).to_contain_text("nên không tích thêm điểm")
    assert till.points_of(phone) == "15"
