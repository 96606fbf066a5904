"""Receipts that wait for a manager, decided at the desk, and what each cashier typed."""

from __future__ import annotations

import re

import pytest
import time_machine

from loyalty.core import clock
from loyalty.core.access import acting_as
from loyalty.core.db import read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.purchases import service as purchases
from loyalty.staff import service as staff
from tests.pages.visitor import PASSWORD
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import local, phone

NOW = local("2026-11-22 17:20")


@pytest.fixture
def shop(shop_app):
    """A cashier typed for the own number, and another five receipts for one."""
    with time_machine.travel(NOW, tick=False):
        with shop_app.app_context(), transaction():
            staff.set_phone(staff.id_of("han"), PhoneNumber.parse(phone(7), "VN"))
        type_in(shop_app, "han", phone(7), "S01", "HD-7")
        for number in range(5):
            type_in(shop_app, "cuc", phone(1), "S02", f"HD-1{number}")
        yield shop_app
        assert broken_invariants(shop_app) == ""


def type_in(app, login, number, store, receipt_no):
    with app.app_context(), read():
        label = f"person:{staff.id_of(login)}"
    with app.app_context(), transaction(), acting_as(label):
        purchases.record(
            {
                "phone": PhoneNumber.parse(number, "VN"),
                "store": store,
                "receipt_no": receipt_no,
                "amount": 150_000,
                "purchased_at": clock.now(),
            }
        )


def page_of(visitor, path="/manage/flags"):
    visitor.client.set_cookie("language", "en")
    answer = visitor.get(path)
    assert answer.status_code == 200
    return answer.text


def waiting(page):
    """Receipt numbers by the id of their flag."""
    found = re.findall(r'<tr id="flag-(\d+)">\s*<th scope="row" class="row-name">([^<]+)<', page)
    return {receipt_no: flag_id for flag_id, receipt_no in found}


def points_of(app, number):
    with app.app_context(), read():
        found = members.find_by_phone(PhoneNumber.parse(number, "VN"))
    assert found is not None
    return found["points"]


@pytest.mark.parametrize("login", ["han", "mai"])
def test_only_managers_see_what_waits(visit, shop, login):
    visitor = visit(login)
    assert visitor.get("/manage/flags").status_code == 403
    assert visitor.post("/manage/flags/1/approve").status_code == 403
    assert points_of(shop, phone(7)) == 0


def test_each_receipt_says_why_it_waits(visit, shop):
    page = page_of(visit("tram"))
    assert set(waiting(page)) == {"HD-7", "HD-13", "HD-14"}
    assert page.count("own number</span>") == 1
    assert page.count("More receipts of one number than usual in a day") == 2
    assert "15 points waiting" in page
    assert phone(7) not in page


def test_what_is_let_count_is_the_customers_at_once(visit, shop):
    owner = visit("tram")
    flag_id = waiting(page_of(owner))["HD-7"]
    answer = owner.post(f"/manage/flags/{flag_id}/approve")
    assert answer.headers["Location"] == "/manage/flags"
    assert points_of(shop, phone(7)) == 15
    page = page_of(owner)
    assert "15 points are the customer&#39;s now" in page
    assert "HD-7" not in waiting(page)


def test_what_is_refused_never_counts(visit, shop):
    owner = visit("tram")
    flag_id = waiting(page_of(owner))["HD-14"]
    owner.post(f"/manage/flags/{flag_id}/refuse")
    assert points_of(shop, phone(1)) == 45
    assert set(waiting(page_of(owner))) == {"HD-7", "HD-13"}
    owner.post(f"/manage/flags/{flag_id}/approve")
    assert "A manager has decided this already." in page_of(owner)
    assert points_of(shop, phone(1)) == 45


def test_a_manager_of_some_stores_decides_on_those_alone(visit, shop):
    with shop.app_context(), transaction():
        staff.create_staff(
            login="binh", name="Bình", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    manager = visit("binh")
    assert set(waiting(page_of(manager))) == {"HD-7"}
    elsewhere = waiting(page_of(visit("tram")))["HD-13"]
    assert manager.post(f"/manage/flags/{elsewhere}/approve").status_code == 403
    assert points_of(shop, phone(1)) == 45


def test_each_cashier_stands_with_what_was_typed(visit, shop):
    page = page_of(visit("tram")).partition('id="cashiers"')[2]
    rows = dict(re.findall(r'class="row-name">([^<]+)</th>(.*?)</tr>', page, re.DOTALL))
    assert list(rows) == ["cuc", "han"]
    assert "₫750,000" in rows["cuc"]
    assert "••• 001" in rows["cuc"]
    assert "× 5" in rows["cuc"]
    assert "none twice" in rows["han"]


def test_without_anything_the_page_says_so(visit, shop_app):
    page = page_of(visit("tram"), "/manage/flags?days=7")
    assert "No receipt waits for a manager." in page
    assert "Nobody typed a receipt in these days." in page


@pytest.mark.parametrize("address", ["/manage/flags?after", "/manage/audit?before"])
def test_a_place_that_no_list_has_is_its_beginning(visit, shop_app, address):
    for place in ("9" * 30, f"{'0' * 19}1{'9' * 40}", "x", "²"):
        assert visit("tram").get(f"{address}={place}").status_code == 200


def test_an_unknown_flag_is_a_page_that_says_so(visit, shop_app):
    assert visit("tram").post("/manage/flags/99/approve").status_code == 404
