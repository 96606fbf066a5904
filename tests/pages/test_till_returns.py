"""Goods that come back at the till: found by their receipt, reckoned before they are recorded,
and exchanged for others in one press."""

from __future__ import annotations

import re

import pytest

from loyalty.core.db import transaction
from loyalty.core.phone import PhoneNumber
from loyalty.identity import merging, phones
from loyalty.members import service as members
from loyalty.purchases import service as purchases
from loyalty.rewards import service as rewards
from tests.core.rows import change, column, scalar
from tests.pages.visitor import places
from tests.properties.shop import broken_invariants

PHONE = "0912 345 678"
OTHER = "0987 654 321"
LINES = [
    {"sku": "PAN", "name": "Pan", "quantity": 1, "amount": 690_000},
    {"sku": "TOWEL", "name": "Towel", "quantity": 4, "amount": 560_000},
]
BOTH = {"sku_0": "PAN", "sku_1": "TOWEL"}


@pytest.fixture
def han(visit):
    person = visit("han")
    person.client.set_cookie("language", "en")
    return person


@pytest.fixture
def bought(shop_app):
    """A receipt with goods named, and one without: HD-1 and HD-2; their ids."""
    with shop_app.test_request_context(), transaction():
        named = _buys("HD-1", 1_250_000, lines=LINES)
        plain = _buys("HD-2", 500_000)
    yield named, plain
    assert broken_invariants(shop_app) == ""


def _buys(receipt_no, amount, **more):
    given = {"phone": PhoneNumber.parse(PHONE, "VN"), "store": "S01"}
    recorded = purchases.record({**given, "receipt_no": receipt_no, "amount": amount, **more})
    return recorded.purchase["id"]


def points_of_member(app):
    with app.test_request_context():
        return members.get(scalar(app, "SELECT id FROM members"))["points"]


def reckon(person, purchase_id, **form):
    return person.ask(f"/till/returns/{purchase_id}/reckon", **form)


def take_back(person, purchase_id, number="TH-1", **form):
    return person.ask(f"/till/returns/{purchase_id}", receipt_no=number, **form)


# -- which receipt -------------------------------------------------------------------


def test_receipt_is_found_by_its_number_with_what_is_left(han, bought):
    found = han.ask("/till/returns/find", find_no=" HD-1 ")
    assert places(found) == ["return", "ask", "submit-label"]
    for said in ("Return of HD-1", "Pan", "1 left", "4 left", "••• 678"):
        assert said in found.text
    assert "0912 345 678" not in found.text


@pytest.mark.parametrize("number", ["HD-9", ""])
def test_number_of_no_receipt_is_said_beside_the_field(han, bought, number):
    found = han.ask("/till/returns/find", find_no=number)
    assert found.status_code == 200
    assert 'id="find_no-error" role="alert"><svg' in found.text


@pytest.mark.parametrize("number", ["x" * 300, "HD\0-1", "\0"])
def test_what_is_no_number_of_a_receipt_is_said_beside_the_field(han, bought, number):
    refused = han.ask("/till/returns/find", find_no=number)
    assert (refused.status_code, places(refused)) == (422, ["find_no-error"])


def test_receipts_of_the_customer_on_the_card_are_offered(han, bought, shop_app):
    member_id = scalar(shop_app, "SELECT id FROM members")
    offered = han.ask("/till/returns/begin", member=str(member_id)).text
    assert "HD-1" in offered
    assert "HD-2" in offered
    assert "HD-1" not in han.ask("/till/returns/begin", member="new").text


def test_receipts_of_other_stores_are_not_found(bought, visit):
    other = visit("cuc")
    assert "Return of" not in other.ask("/till/returns/find", store="S02", find_no="HD-1").text
    for way in ("/goods", "/reckon", ""):
        goods = {**BOTH, "back_0": "1", "back_1": "0", "receipt_no": "TH-1"}
        refused = other.ask(f"/till/returns/{bought[0]}{way}", **goods, store="S02")
        assert refused.status_code == 404


def test_receipt_that_was_undone_has_nothing_to_return(han, bought, shop_app):
    with shop_app.test_request_context(), transaction():
        purchases.void(bought[0], reason=None)
    assert han.ask(f"/till/returns/{bought[0]}/goods").status_code == 409
    assert "Return of" not in han.ask("/till/returns/find", find_no="HD-1").text


# -- what it does --------------------------------------------------------------------


def test_points_that_go_back_are_shown_before_anything_is_recorded(han, bought, shop_app):
    shown = reckon(han, bought[0], **BOTH, back_0="0", back_1="1").text
    assert "−₫140,000" in shown
    assert "earned points: −14 points" in shown
    assert "Give back ₫140,000" in shown
    assert scalar(shop_app, "SELECT count(*) FROM returns") == 0
    assert points_of_member(shop_app) == 175


def test_used_points_that_come_back_are_shown_before_anything_is_recorded(han, bought, shop_app):
    member = scalar(shop_app, "SELECT id FROM members")
    with shop_app.test_request_context(), transaction():
        held = rewards.hold(member, points=100)["id"]
        paid = _buys("HD-3", 300_000, redemptions=[held])
    half = {"back_amount": "150000"}
    assert "used points back: 50 points" in reckon(han, paid, **half).text
    exchanged = reckon(han, paid, **half, amount="100000", member=str(member)).text
    assert f"afterwards: {175 - 100 + 30 - 15 + 50 + 10}" in exchanged
    assert scalar(shop_app, "SELECT sum(restored) FROM redemptions") == 0
    said = take_back(han, paid, **half).text
    assert "−15 points, 50 points back" in re.sub(r"<[^>]+>", "", said)
    assert "used points back: 50 points" in reckon(han, paid, **half).text
    assert "used points back" not in reckon(han, bought[1], **half).text


def test_nothing_chosen_comes_to_nothing(han, bought):
    assert "Choose what comes back." in reckon(han, bought[0], **BOTH, back_0="0", back_1="").text


@pytest.mark.parametrize("count", ["2", "x", "-1", "1.5.5", "9" * 40])
def test_more_than_is_left_is_refused_beside_the_goods(han, bought, shop_app, count):
    for ask in (reckon, take_back):
        refused = ask(han, bought[0], **BOTH, back_0=count, back_1="0")
        assert (refused.status_code, places(refused)) == (422, ["back-error"])
    assert scalar(shop_app, "SELECT count(*) FROM returns") == 0


def test_return_is_recorded_and_stands_in_the_lists_with_a_minus(han, bought, shop_app):
    done = take_back(han, bought[0], **BOTH, back_0="1", back_1="0")
    assert done.status_code == 200
    assert "−₫690,000" in done.text
    assert 'class="small danger">−69 points' in done.text
    card = han.ask("/till/member", phone=PHONE).text
    assert "Return, Lê Văn Sỹ" in card
    assert points_of_member(shop_app) == 106
    assert column(shop_app, "SELECT recorded_by FROM returns") == ["person:2"]


def test_return_pressed_twice_is_recorded_once(han, bought, shop_app):
    for _ in range(2):
        assert take_back(han, bought[0], **BOTH, back_0="0", back_1="3").status_code == 200
    assert scalar(shop_app, "SELECT count(*) FROM returns") == 1
    assert points_of_member(shop_app) == 133


def test_amount_comes_back_of_a_receipt_without_goods(han, bought, shop_app):
    assert "earned points: −20 points" in reckon(han, bought[1], back_amount="200000").text
    assert take_back(han, bought[1], back_amount="200000").status_code == 200
    refused = take_back(han, bought[1], "TH-2", back_amount="300001")
    assert (refused.status_code, places(refused)) == (422, ["back-error"])
    assert points_of_member(shop_app) == 155


@pytest.mark.parametrize("amount", ["x", "-5", "1e3", "1.5"])
def test_what_is_no_amount_is_refused_beside_it(han, bought, amount):
    refused = take_back(han, bought[1], back_amount=amount)
    assert (refused.status_code, places(refused)) == (422, ["back-error"])


def test_return_without_goods_or_number_is_refused_beside_the_field(han, bought):
    assert places(take_back(han, bought[0], **BOTH, back_0="0", back_1="0")) == ["back-error"]
    unnumbered = take_back(han, bought[0], "", **BOTH, back_0="1", back_1="0")
    assert places(unnumbered) == ["receipt_no-error"]


# -- exchange --------------------------------------------------------------------------


def test_exchange_records_return_and_purchase_in_one_press_each_once(han, bought, shop_app):
    new = {**BOTH, "back_0": "1", "back_1": "0", "amount": "900000"}
    assert "Exchange, take ₫210,000" in reckon(han, bought[0], **new).text
    for _ in range(2):
        done = take_back(han, bought[0], "HD-3", **new)
        assert done.status_code == 200
    assert scalar(shop_app, "SELECT count(*) FROM returns") == 1
    assert column(shop_app, "SELECT amount FROM purchases ORDER BY id")[2:] == [900_000]
    assert points_of_member(shop_app) == 175 - 69 + 90
    assert scalar(shop_app, "SELECT count(*) FROM members") == 1


@pytest.mark.parametrize(
    ("amount", "button"),
    [
        ("690000", "Exchange, nothing to pay"),
        ("600000", "Exchange, give back ₫90,000"),
    ],
)
def test_button_says_who_pays_whom(han, bought, amount, button):
    assert button in reckon(han, bought[0], **BOTH, back_0="1", back_1="0", amount=amount).text


def test_exchange_of_which_one_half_is_refused_records_neither(han, bought, shop_app):
    taken = take_back(
        han, bought[0], "HD-2", **BOTH, back_0="1", back_1="0", amount="900000", confirmed="amount"
    )
    assert (taken.status_code, places(taken)) == (409, ["receipt_no-error"])
    assert scalar(shop_app, "SELECT count(*) FROM returns") == 0
    assert points_of_member(shop_app) == 175


def test_exchange_for_a_customer_without_a_phone_is_refused(han, bought, shop_app):
    change(shop_app, "UPDATE member_phones SET active_until = active_from")
    refused = take_back(han, bought[0], **BOTH, back_0="1", back_1="0", amount="900000")
    assert (refused.status_code, places(refused)) == (409, ["outcome"])
    assert scalar(shop_app, "SELECT count(*) FROM returns") == 0


def test_customer_whose_main_number_was_detached_is_served_by_the_other(han, bought, shop_app):
    """The number of an account that was merged leads to the customer as before."""
    with shop_app.test_request_context(), transaction():
        other = {"phone": PhoneNumber.parse(OTHER, "VN"), "store": "S01", "receipt_no": "HD-9"}
        source = purchases.record({**other, "amount": 10_000}).member["id"]
    member = scalar(shop_app, "SELECT min(id) FROM members")
    with shop_app.test_request_context(), transaction():
        merging.merge(source, into=member, via="desk")
        phones.detach(member, reason="recycled")
    done = take_back(han, bought[0], **BOTH, back_0="1", back_1="0", amount="900000")
    assert done.status_code == 200
    newest = "SELECT member_id FROM purchases ORDER BY id DESC"
    assert scalar(shop_app, newest) == member


def test_odd_amount_in_exchange_is_asked_about(han, bought, shop_app):
    asked = take_back(han, bought[0], "HD-3", **BOTH, back_0="1", back_1="0", amount="900")
    assert places(asked) == ["ask"]
    assert scalar(shop_app, "SELECT count(*) FROM returns") == 0


def test_marketing_takes_nothing_back(bought, visit):
    assert visit("mai").ask("/till/returns/find", find_no="HD-1").status_code == 403
