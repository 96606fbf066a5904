"""The first page of whoever runs the shop: figures of the own stores, and what to look at."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
import time_machine

from loyalty.core import clock
from loyalty.core.access import acting_as
from loyalty.core.db import read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.pages.manage.today import charts
from loyalty.purchases import oddities
from loyalty.purchases import service as purchases
from loyalty.staff import service as staff
from tests.pages.visitor import PASSWORD
from tests.purchases.receipts import local, phone

NOW = local("2026-11-22 17:20")
SUNDAY_BEFORE = local("2026-11-15 10:00")
_STRIP = re.compile(r'<dd class="today-figure">([^<]+)</dd>\s*<dd class="small second">(.*?)</dd>')
_TAGS = re.compile(r"<[^>]+>")


@pytest.fixture
def shop(shop_app):
    """On a Sunday evening."""
    with time_machine.travel(NOW, tick=False):
        yield shop_app


@pytest.fixture
def sells(shop):
    """`sells("han", 150_000, phone(1))`: typed by a person now, or at a time of the past."""

    numbers = iter(range(1, 1000))

    def sell(login, amount, number, *, at=None, recorded_at=None, store="S01"):
        label = f"person:{id_of(shop, login)}"
        moment = recorded_at or at or clock.now()
        with (
            time_machine.travel(moment, tick=False),
            shop.app_context(),
            transaction(),
            acting_as(label),
        ):
            done = purchases.record(
                {
                    "phone": PhoneNumber.parse(number, "VN"),
                    "store": store,
                    "receipt_no": f"HD-{next(numbers)}",
                    "amount": amount,
                    "purchased_at": at or moment,
                }
            )
        return done.purchase["id"]

    return sell


def id_of(app, login):
    with app.app_context(), read():
        return staff.id_of(login)


def cancel(app, login, purchase_id, *, at):
    label = f"person:{id_of(app, login)}"
    with (
        time_machine.travel(at, tick=False),
        app.app_context(),
        transaction(),
        acting_as(label),
    ):
        purchases.void(purchase_id, reason=None)


def strip(page):
    """The figures and the lines below them, in English."""
    return [
        (value.replace("\xa0", " "), _TAGS.sub("", line).strip())
        for value, line in _STRIP.findall(page)
    ]


def page_of(visitor, path="/manage/today"):
    visitor.client.set_cookie("language", "en")
    answer = visitor.get(path)
    assert answer.status_code == 200
    return answer.text


def table(visitor, path="/manage/today/stores.csv"):
    visitor.client.set_cookie("language", "en")
    answer = visitor.get(path)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


# -- who sees it ------------------------------------------------------------------


def test_a_manager_begins_the_day_there(visit):
    owner = visit("tram")
    assert owner.get("/").headers["Location"] == "/manage/today"
    assert owner.get("/manage").headers["Location"] == "/manage/today"
    assert visit("han").get("/").headers["Location"] == "/till"


@pytest.mark.parametrize("path", ["/manage/today", "/manage/today/stores.csv"])
@pytest.mark.parametrize("login", ["han", "mai"])
def test_only_managers_see_it(visit, login, path):
    assert visit(login).get(path).status_code == 403


def test_a_manager_of_some_stores_sees_those_alone(visit, shop, sells):
    with shop.app_context(), transaction():
        staff.create_staff(
            login="binh", name="Bình", password=PASSWORD, role="manager", store_codes=["S02"]
        )
    sells("han", 150_000, phone(1))
    sells("cuc", 70_000, phone(2), store="S02")
    manager = visit("binh")
    page = page_of(manager)
    assert "Lê Văn Sỹ" not in page
    assert strip(page)[0][0] == "₫70,000"
    assert "Points outstanding" not in page
    assert [row["Cashier"] for row in table(manager)] == ["cuc"]
    assert "Points outstanding" in page_of(visit("tram"))


# -- the figures --------------------------------------------------------------------


def test_an_empty_shop_says_so_in_every_figure(visit, shop):
    page = page_of(visit("tram"))
    assert strip(page) == [
        ("₫0", "No sales last Sunday"),
        ("0", "None yet"),
        ("0", "0% of the receipts"),
        ("0", "worth ₫0"),
        ("0", "worth ₫0"),
    ]
    assert "Nothing to look at today." in page


def test_the_strip_compares_a_day_with_the_same_day_of_the_week_before(visit, shop, sells):
    sells("han", 100_000, phone(1), at=SUNDAY_BEFORE)
    sells("han", 900_000, phone(1), at=local("2026-11-15 17:21"))  # later than it is now
    sells("han", 90_000, phone(1), at=local("2026-11-22 09:00"))
    sells("cuc", 22_000, phone(2), store="S02")
    assert strip(page_of(visit("tram")))[:4] == [
        ("₫112,000", "+12% on last Sunday"),
        ("2", "₫56,000 on average"),
        ("1", "50% of the receipts"),
        ("11", "worth ₫1,100"),
    ]


def test_seven_days_are_compared_with_the_seven_before(visit, shop, sells):
    for day, amount in (("2026-11-22", 30_000), ("2026-11-16", 60_000), ("2026-11-15", 100_000)):
        sells("han", amount, phone(1), at=local(f"{day} 09:00"))
    owner = visit("tram")
    assert strip(page_of(owner, "/manage/today?days=7"))[0] == (
        "₫90,000",
        "\u221210% on the 7 days before",
    )
    assert strip(page_of(owner, "/manage/today?days=30"))[0][0] == "₫190,000"
    assert strip(page_of(owner, "/manage/today?days=8"))[0][0] == "₫30,000"


def test_cancelled_and_returned_goods_are_not_sold(visit, shop, sells):
    sells("han", 100_000, phone(1))
    cancel(shop, "han", sells("han", 500_000, phone(1)), at=NOW)
    assert strip(page_of(visit("tram")))[:2] == [
        ("₫100,000", "No sales last Sunday"),
        ("1", "₫100,000 on average"),
    ]


def test_whoever_came_before_is_no_new_customer(visit, shop, sells):
    sells("han", 10_000, phone(1), at=local("2026-11-21 23:59"))
    sells("han", 10_000, phone(1))
    sells("han", 10_000, phone(2), at=local("2026-11-22 00:00"))
    sells("cuc", 10_000, phone(2), store="S02")
    [han, cuc] = table(visit("tram"))
    assert (han["New customers"], cuc["New customers"]) == ("1", "0")


def test_stores_hold_their_cashiers_and_add_them_up(visit, shop, sells):
    for login, amount in (("han", 150_000), ("han", 50_000), ("tram", 300_000)):
        sells(login, amount, phone(1))
    sells("cuc", 20_000, phone(2), store="S02")
    rows = table(visit("tram"))
    assert [(row["Store"], row["Cashier"], row["Sales"], row["Points earned"]) for row in rows] == [
        ("Lê Văn Sỹ", "Bảo Trâm", "300000", "30"),
        ("Lê Văn Sỹ", "han", "200000", "20"),
        ("Nguyễn Trãi", "cuc", "20000", "2"),
    ]
    page = page_of(visit("tram"))
    assert "₫500,000" in page
    assert page.count('class="today-store"') == 2
    assert page.count('class="today-seller"') == 3


def test_a_store_in_the_file_runs_no_cell(visit, shop, sells):
    visit("tram").post("/manage/stores/1", name="=1+1")
    sells("han", 20_000, phone(1))
    assert table(visit("tram"))[0]["Store"] == "'=1+1"


# -- what to look at ------------------------------------------------------------------


def test_many_receipts_of_one_number_are_one_thing_to_look_at(visit, shop, sells):
    for _ in range(5):
        sells("han", 100_000, phone(1))
    page = page_of(visit("tram"))
    assert "5 receipts of one number in a day" in page
    assert "••• 001 at Lê Văn Sỹ, cashier han. 20 points waiting." in page
    assert "1 thing" in page
    assert [row["To look at"] for row in table(visit("tram"))] == ["1"]


def test_the_own_number_is_to_be_looked_at(visit, shop, sells):
    with shop.app_context(), transaction():
        staff.set_phone(staff.id_of("han"), PhoneNumber.parse(phone(7), "VN"))
    sells("han", 2_300_000, phone(7))
    page = page_of(visit("tram"))
    assert "Earned on the own number" in page
    assert "han, Lê Văn Sỹ, ₫2,300,000. No manager has looked at it yet." in page
    assert 'href="/manage/flags#flag-1"' in page


@pytest.mark.parametrize(("minutes", "is_told"), [(30, True), (31, False)])
def test_three_cancelled_within_an_hour_are_told(visit, shop, sells, minutes, is_told):
    for number in range(3):
        at = local("2026-11-22 14:05") + timedelta(minutes=minutes * number)
        cancel(shop, "han", sells("han", 100_000, phone(number), at=at), at=at)
    page = page_of(visit("tram"))
    assert ("3 receipts cancelled within an hour" in page) is is_told
    assert ("Cashier han, 14:05–15:05, ₫300,000 in all." in page) is is_told
    assert ("action=purchase.void" in page) is is_told


def test_receipts_entered_days_later_are_told(visit, shop, sells):
    for day in ("2026-11-16", "2026-11-19", "2026-11-20"):
        sells("han", 10_000, phone(1), at=local(f"{day} 09:00"), recorded_at=NOW)
    page = page_of(visit("tram"))
    assert "2 receipts entered late" in page
    assert "han, Lê Văn Sỹ. The oldest is of 16/11, 6 days ago." in page


def test_the_fullest_hour_is_found():
    def at(minute):
        return NOW + timedelta(minutes=minute), 1

    voids = [at(0), at(50), at(70), at(100), at(111), at(200)]
    assert oddities.most_within_an_hour(voids) == voids[1:4]
    assert oddities.most_within_an_hour([]) == ()


# -- charts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("largest", "top"),
    [(0, 3), (1, 3), (4, 6), (9, 15), (31, 60), (240_000, 300_000), (300_000, 300_000)],
)
def test_the_axis_ends_at_a_round_number_above_every_value(largest, top):
    assert charts.top_of([largest, 0]) == top


def test_bars_stand_on_the_axis_and_none_falls_below_it():
    bars = charts.bars([(30, 0), (-5, 15)], 30)
    assert [(bar.y, bar.height) for bar in bars] == [(0, 100), (100, 0), (100, 0), (50, 50)]
    assert [bar.kind for bar in bars] == ["earned", "spent", "earned running", "spent running"]


def test_the_months_are_told_in_a_table_too(visit, shop, sells):
    sells("han", 150_000, phone(1))
    page = page_of(visit("tram"))
    assert "The same as a table" in page
    assert "to 22/11" in page
    assert re.search(r'<th scope="row" class="row-name">12/25</th>', page)
