"""A customer moved at the desk: another number, a detached one, two accounts that become one,
points by hand, a statement to save."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from loyalty.audit.models import AuditEvent
from loyalty.core.db import read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.purchases import service as purchases
from tests.pages.test_manage_customers import error_of, page
from tests.properties.shop import broken_invariants

PHONE, OTHER = "+84912345678", "+84987654321"
NAME, OTHER_NAME = "Nguyễn Thị Thu Hằng", "Thu Hằng"


@pytest.fixture
def buy(shop_app):
    """`buy(PHONE, 1_250_000, name="Hằng")`: the member's id."""

    def record(e164: str, amount: int, name: str, receipt_no: str = "") -> int:
        bought = {
            "phone": PhoneNumber(e164),
            "store": "S01",
            "receipt_no": receipt_no or e164,
            "amount": amount,
            "member": {"name": name},
        }
        with shop_app.app_context(), transaction():
            return purchases.record(bought).member["id"]

    return record


@pytest.fixture
def customer(buy):
    return buy(PHONE, 1_250_000, NAME)


@pytest.fixture
def other(buy):
    return buy(OTHER, 500_000, OTHER_NAME)


@pytest.fixture
def desk(visit):
    visitor = visit("tram")
    visitor.client.set_cookie("language", "en")
    return visitor


@pytest.fixture
def member(shop_app):
    def look(e164: str):
        with shop_app.app_context(), read():
            return members.find_by_phone(PhoneNumber(e164))

    return look


@pytest.fixture
def verified(shop_app):
    yield
    assert broken_invariants(shop_app) == ""


def after(desk, answer) -> str:
    """The page that the answer leads to."""
    assert answer.status_code == 302, answer.text
    return desk.get(answer.headers["Location"].partition("#")[0]).text


# -- numbers -----------------------------------------------------------------------


def test_another_number_and_the_old_one_says_whose_it_was(desk, customer, member):
    shown = after(desk, desk.post(page(customer, "phone"), phone="0987 654 321", number="1"))
    assert "••• 321" in shown
    assert member(OTHER)["id"] == customer
    answer = desk.post("/manage/customers", phone="0912 345 678")
    assert (answer.status_code, error_of(answer, "find-phone")) == (
        404,
        "No customer has this number.",
    )
    assert re.search(rf'href="/manage/customers/{customer}">{NAME}</a>', answer.text)


def test_what_is_no_number_is_said_beside_the_field(desk, customer):
    answer = desk.post(page(customer, "phone"), phone="0912")
    assert answer.status_code == 422
    assert error_of(answer, "phone-phone")
    assert 'value="0912"' in answer.text


def test_number_in_use_leads_to_the_page_that_shows_both(desk, customer, other, member):
    answer = desk.post(page(customer, "phone"), phone="0987654321", number="1")
    assert answer.headers["Location"] == f"{page(customer, 'merge')}?other={other}"
    shown = desk.get(answer.headers["Location"]).text
    assert "Is it the same person?" in shown
    assert "••• 321" in shown
    assert member(OTHER)["id"] == other


def test_detached_number_leaves_the_customer_without_one(desk, customer, member):
    answer = desk.post(page(customer, "phone/detach"), reason="")
    assert error_of(answer, "detach-reason")
    detached = desk.post(page(customer, "phone/detach"), reason="recycled", number="1")
    shown = after(desk, detached)
    assert "No phone" in shown
    assert "Give a number" in shown
    assert member(PHONE) is None


def test_only_the_customers_own_numbers_are_detached(desk, customer, other, member):
    answer = desk.post(page(customer, "phone/detach"), reason="why", number="2")
    assert answer.status_code == 409
    assert member(OTHER)["id"] == other


# -- two accounts --------------------------------------------------------------------


def merge(desk, customer: int, **form: str):
    return desk.post(page(customer, "merge"), **form)


@pytest.mark.usefixtures("verified")
def test_two_accounts_are_shown_and_become_one(desk, customer, other, member):
    found = desk.post(page(customer, "merge/find"), phone="0987 654 321")
    assert found.headers["Location"] == f"{page(customer, 'merge')}?other={other}"
    shown = desk.get(found.headers["Location"]).text
    for said in (NAME, OTHER_NAME, "••• 678", "••• 321", ">125<", ">50<", ">175<"):
        assert said in shown
    shown = after(desk, merge(desk, customer, other=str(other), keep="other", sure="yes"))
    assert "The two accounts are one from now on." in shown
    assert "175 points" in shown
    assert "••• 678" in shown
    assert member(PHONE)["id"] == member(OTHER)["id"] == other


def test_either_account_may_stay(desk, customer, other, member):
    merge(desk, customer, other=str(other), keep="this", sure="yes")
    assert member(OTHER)["id"] == customer
    assert member(OTHER)["phone"] == PHONE


def test_nothing_happens_before_both_are_said_to_be_one_person(desk, customer, other, member):
    answer = merge(desk, customer, other=str(other), keep="other")
    assert error_of(answer, "merge-sure").startswith("Say that both are one person")
    answer = merge(desk, customer, other=str(other), keep="both", sure="yes")
    assert error_of(answer, "merge-keep")
    assert merge(desk, customer, sure="yes", keep="this").status_code == 422
    assert member(PHONE)["id"] == customer


def test_the_other_account_is_another_customers(desk, customer, member):
    answer = desk.post(page(customer, "merge/find"), phone="0912345678")
    assert error_of(answer, "other-phone") == "These are the same customer: choose two."
    answer = desk.post(page(customer, "merge/find"), phone="0905 111 222")
    assert error_of(answer, "other-phone") == "No customer has this number."
    assert desk.get(f"{page(customer, 'merge')}?other=999").status_code == 404
    assert desk.get(f"{page(customer, 'merge')}?other=x").status_code == 200


def test_merged_account_leads_to_the_one_that_carries_it_on(desk, customer, other):
    merge(desk, customer, other=str(other), keep="other", sure="yes")
    answer = desk.get(page(customer))
    assert answer.headers["Location"] == page(other)
    assert "was merged into this one" in after(desk, answer)
    found = desk.post("/manage/customers", phone="0912345678")
    assert found.headers["Location"] == page(other)
    assert "merged into this one" in after(desk, found)


# -- points ------------------------------------------------------------------------


def once_of(desk, customer: int) -> str:
    """What the page puts into its form, so that it counts once."""
    found = re.search(r'name="once" value="([^"]+)"', desk.get(page(customer)).text)
    assert found is not None
    return found[1]


def by_hand(desk, customer: int, **form: str):
    given = {"way": "add", "points": "50", "reason": "why", **form}
    if "once" not in given:
        given["once"] = once_of(desk, customer)
    return desk.post(page(customer, "points"), **given)


@pytest.mark.usefixtures("verified")
def test_points_are_added_and_taken_with_a_reason(desk, customer, member, shop_app):
    shown = after(desk, by_hand(desk, customer, points="50", reason="wait"))
    assert "+50 points by hand." in shown
    assert "175 points" in shown
    by_hand(desk, customer, way="take", points="25", reason="mistake")
    assert member(PHONE)["points"] == 150
    with shop_app.app_context(), read() as session:
        reasons = session.scalars(select(AuditEvent.reason).filter_by(action="points.adjust"))
        assert list(reasons) == ["wait", "mistake"]


ZEROS = "0" * 19
NO_NUMBERS = ["-5", "1.5", "năm", "9" * 30, "²", f"{ZEROS}1{'9' * 40}", "1" * 500]


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("", "Fill this in."),
        ("0", "From 1 to 1,000,000,000,000."),
        ("1000000000001", "From 1 to 1,000,000,000,000."),
        *((text, "Enter a whole number.") for text in NO_NUMBERS),
    ],
)
def test_points_are_a_whole_number(desk, customer, member, points, said):
    answer = by_hand(desk, customer, points=points)
    assert error_of(answer, "adjust-points") == said
    assert member(PHONE)["points"] == 125


@pytest.mark.usefixtures("verified")
def test_form_sent_twice_adds_points_once(desk, customer, member):
    once = once_of(desk, customer)
    for _ in range(2):
        shown = after(desk, by_hand(desk, customer, points="1,000", once=once))
        assert "+1,000 points by hand." in shown
    assert member(PHONE)["points"] == 1_125
    by_hand(desk, customer, points="500", once=once)
    assert member(PHONE)["points"] == 1_625, "gone back to and filled in anew"
    by_hand(desk, customer, points="500")
    assert member(PHONE)["points"] == 2_125, "the page opened anew"


def test_refused_form_may_be_sent_again(desk, customer, member, buy):
    once = once_of(desk, customer)
    assert by_hand(desk, customer, way="take", points="126", once=once).status_code == 409
    buy(PHONE, 10_000, NAME, receipt_no="next")
    after(desk, by_hand(desk, customer, way="take", points="126", once=once))
    assert member(PHONE)["points"] == 0


def test_form_that_no_page_made_adds_nothing(desk, customer, member):
    assert by_hand(desk, customer, once="").status_code == 422
    assert member(PHONE)["points"] == 125


def test_more_than_there_is_is_not_taken(desk, customer, member):
    answer = by_hand(desk, customer, way="take", points="126")
    assert answer.status_code == 409
    assert "There are not enough points." in answer.text
    assert member(PHONE)["points"] == 125


def period(desk, customer: int, **form: str):
    given = {"since": "01/01/2000", "until": "31/12/2100", "kind": "csv", **form}
    return desk.post(page(customer, "statement"), **given)


def test_statement_is_a_file_to_save(desk, customer):
    answer = period(desk, customer)
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "125" in answer.text
    assert period(desk, customer, kind="pdf").data.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"since": "32/01/2026"}, "since"),
        ({"until": ""}, "until"),
        ({"since": "01/01/0001"}, "since"),
        ({"since": "02/01/2026", "until": "01/01/2026"}, "until"),
        ({"kind": "exe"}, "kind"),
    ],
)
def test_statement_of_no_period_is_refused(desk, customer, form, field):
    answer = period(desk, customer, **form)
    assert answer.status_code == 422
    assert field == "kind" or error_of(answer, f"statement-{field}")


@pytest.mark.parametrize("login", ["han", "mai"])
def test_moving_is_for_managers(visit, customer, other, member, login):
    visitor = visit(login)
    for path, form in (
        ("phone", {"phone": "0905111222"}),
        ("phone/detach", {"reason": "why"}),
        ("merge", {"other": str(other), "keep": "other", "sure": "yes"}),
        ("merge/find", {"phone": "0987654321"}),
        ("statement", {"since": "01/01/2026", "until": "02/01/2026", "kind": "csv"}),
    ):
        assert visitor.post(page(customer, path), **form).status_code == 403
    assert visitor.get(page(customer, "merge")).status_code == 403
    assert member(PHONE)["id"] == customer
