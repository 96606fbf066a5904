"""A customer's page that is old by the time its button is pressed; a manager whom a store
bounds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loyalty.core.db import read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.identity import merging
from loyalty.identity import phones as identity
from loyalty.members import service as members
from loyalty.purchases import service as purchases
from loyalty.staff import service as staff
from tests.pages.test_manage_customers import page
from tests.pages.visitor import PASSWORD

PHONE, OTHER, THIRD = "+84912345678", "+84987654321", "+84905111222"


@pytest.fixture
def desk(visit):
    """The owner's browser, in English."""
    visitor = visit("tram")
    visitor.client.set_cookie("language", "en")
    return visitor


@pytest.fixture
def bounded(visit, act):
    """That of a manager of one store."""
    given: dict[str, Any] = {
        "login": "binh",
        "name": "Bình",
        "password": PASSWORD,
        "role": "manager",
    }
    act(lambda: staff.create_staff(**given, store_codes=["S01"]))
    visitor = visit("binh")
    visitor.client.set_cookie("language", "en")
    return visitor


@pytest.fixture
def act(shop_app):
    """Do something meanwhile."""

    def done(what):
        with shop_app.app_context(), transaction():
            return what()

    return done


@pytest.fixture
def buy(act):
    def record(e164: str) -> int:
        bought = {"phone": PhoneNumber(e164), "store": "S01", "receipt_no": e164, "amount": 10_000}
        return act(lambda: purchases.record(bought).member["id"])

    return record


@pytest.fixture
def whose(shop_app):
    def look(e164: str) -> int | None:
        with shop_app.app_context(), read():
            found = members.find_by_phone(PhoneNumber(e164))
        return found["id"] if found else None

    return look


def shown_in(desk, customer: int, form: str) -> str:
    """What the form of the customer's page sends as the number that is looked at."""
    [part] = re.findall(
        rf'action="{page(customer, form)}".*?</form>', desk.get(page(customer)).text, re.DOTALL
    )
    [value] = re.findall(r'name="number" value="(\d*)"', part)
    return value


def detach(desk, customer: int, number: str):
    return desk.post(page(customer, "phone/detach"), reason="recycled", number=number)


def change(desk, customer: int, number: str, *, phone: str = THIRD):
    return desk.post(page(customer, "phone"), phone=phone, number=number)


def test_forms_say_which_number_is_looked_at(desk, buy, whose):
    customer = buy(PHONE)
    assert change(desk, customer, shown_in(desk, customer, "phone")).status_code == 302
    assert whose(THIRD) == customer
    assert detach(desk, customer, shown_in(desk, customer, "phone/detach")).status_code == 302
    assert change(desk, customer, shown_in(desk, customer, "phone")).status_code == 302
    assert whose(THIRD) == customer


@pytest.mark.parametrize("send", [detach, change])
def test_number_that_nobody_looked_at_stays(desk, buy, act, whose, send):
    customer = buy(PHONE)
    number = shown_in(desk, customer, "phone/detach")
    act(lambda: identity.change(customer, PhoneNumber(OTHER)))
    for said in (number, ""):
        answer = send(desk, customer, said)
        assert answer.status_code == 409
        assert "look at the number again" in answer.text
        assert "••• 321" in answer.text
    assert (whose(OTHER), whose(THIRD)) == (customer, None)


def test_pressed_twice_it_is_changed_once(desk, buy, whose):
    customer = buy(PHONE)
    number = shown_in(desk, customer, "phone")
    assert [change(desk, customer, number).status_code for _ in range(2)] == [302, 302]
    assert whose(THIRD) == customer


@pytest.mark.parametrize("send", [detach, change])
def test_page_of_a_merged_account_leads_to_the_survivor(desk, buy, act, whose, send):
    customer, other = buy(PHONE), buy(OTHER)
    number = shown_in(desk, customer, "phone/detach")
    act(lambda: merging.merge(customer, into=other, via="desk"))
    answer = send(desk, customer, number)
    assert answer.status_code == 302
    assert answer.headers["Location"] == page(other)
    assert "was merged into another one" in desk.get(page(other)).text
    assert whose(PHONE) == whose(OTHER) == other


@pytest.mark.parametrize("keep", ["this", "other"])
def test_third_account_is_not_merged_unseen(desk, buy, act, whose, keep):
    customer, other, third = buy(PHONE), buy(OTHER), buy(THIRD)
    act(lambda: merging.merge(customer, into=other, via="desk"))
    answer = desk.post(page(customer, "merge"), other=str(third), keep=keep, sure="yes")
    assert answer.headers["Location"] == page(other)
    answer = desk.post(page(third, "merge"), other=str(customer), keep=keep, sure="yes")
    assert answer.headers["Location"] == page(other)
    assert (whose(OTHER), whose(THIRD)) == (other, third)


def test_manager_of_one_store_merges_nobody(bounded, buy, whose):
    customer, other = buy(PHONE), buy(OTHER)
    shown = bounded.get(page(customer)).text
    assert "Change the number" in shown
    assert page(customer, "merge") not in shown
    assert bounded.get(page(customer, "merge")).status_code == 403
    form = {"other": str(other), "keep": "other", "sure": "yes"}
    assert bounded.post(page(customer, "merge"), **form).status_code == 403
    # Nor is the manager led there by a number that is in use.
    number = shown_in(bounded, customer, "phone")
    answer = change(bounded, customer, number, phone=OTHER)
    assert answer.status_code == 409
    assert "This phone belongs to a member already." in answer.text
    assert whose(PHONE) == customer
