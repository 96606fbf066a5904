"""The new customer's card: what is ticked is kept with the purchase, and waits to be confirmed."""

from __future__ import annotations

from datetime import date

import pytest

from loyalty.core.clock import add_months
from tests.core.rows import change, column, scalar
from tests.pages.visitor import places

PHONE = "0912 345 678"
CHILD = add_months(date.today(), -15 * 12).strftime("%d/%m/%Y")  # noqa: DTZ011
KEPT = "SELECT channel || ' ' || purpose || ' ' || granted || ' ' || confirmed FROM consents"


@pytest.fixture
def han(visit):
    person = visit("han")
    person.client.set_cookie("language", "en")
    return person


def sell(person, *agreed, receipt_no="HD-1", **form):
    ticked = {f"agreed_{channel}": "yes" for channel in agreed}
    given = {"phone": PHONE, "receipt_no": receipt_no, "amount": "150000", **ticked, **form}
    return person.ask("/till/purchases", **given)


def test_card_asks_with_every_box_empty(han):
    card = han.ask("/till/member", phone=PHONE).text
    assert card.count('type="checkbox"') == 3
    assert "checked" not in card
    assert "Sent only after the customer confirms." in card


def test_card_of_a_known_customer_asks_nothing(han):
    sell(han)
    assert 'type="checkbox"' not in han.ask("/till/member", phone=PHONE).text


def test_nothing_ticked_is_nothing_kept(han, shop_app):
    assert sell(han).status_code == 200
    assert scalar(shop_app, "SELECT count(*) FROM consents") == 0
    assert scalar(shop_app, "SELECT count(*) FROM consent_changes") == 0


def test_what_is_ticked_is_kept_unconfirmed_and_by_whom(han, shop_app):
    assert sell(han, "sms", "email").status_code == 200
    assert sorted(column(shop_app, KEPT)) == ["email marketing 1 0", "sms marketing 1 0"]
    person = scalar(shop_app, "SELECT id FROM staff_users WHERE login = 'han'")
    assert set(column(shop_app, "SELECT actor FROM consent_changes")) == {f"person:{person}"}
    assert set(column(shop_app, "SELECT via FROM consent_changes")) == {"till"}


def test_only_what_the_card_offers_is_read(han, shop_app):
    sell(han, "ads", "call", "sms", agreed_zalo="no")
    assert column(shop_app, KEPT) == ["sms marketing 1 0"]


def test_child_without_a_guardian_is_refused_beside_the_boxes_and_nothing_is_kept(han, shop_app):
    refused = sell(han, "zalo", birth_date=CHILD)
    assert refused.status_code == 422
    assert places(refused) == ["agreed-error"]
    assert "leave these boxes empty" in refused.text
    for table in ("members", "purchases", "consents"):
        assert scalar(shop_app, f"SELECT count(*) FROM {table}") == 0
    assert sell(han, birth_date=CHILD).status_code == 200


def test_birth_date_that_is_known_decides_not_the_one_typed_now(han, shop_app):
    """Another till made the member in between: what it knows is not overwritten."""
    sell(han, receipt_no="HD-0", birth_date=CHILD)
    refused = sell(han, "zalo", birth_date="28/02/1990")
    assert (refused.status_code, places(refused)) == (422, ["agreed-error"])
    assert scalar(shop_app, "SELECT count(*) FROM purchases") == 1


def test_receipt_pressed_twice_does_not_bring_back_what_was_withdrawn(han, shop_app):
    sell(han, "sms")
    change(shop_app, "UPDATE consents SET granted = false, confirmed = false")
    assert sell(han, "sms").status_code == 200
    assert column(shop_app, KEPT) == ["sms marketing 0 0"]


def test_question_before_recording_keeps_nothing_yet(han, shop_app):
    asked = sell(han, "sms", amount="900")
    assert places(asked) == ["ask"]
    assert scalar(shop_app, "SELECT count(*) FROM consents") == 0
    assert sell(han, "sms", amount="900", confirmed="amount").status_code == 200
    assert scalar(shop_app, "SELECT count(*) FROM consents") == 1
