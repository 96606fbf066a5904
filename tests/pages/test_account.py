"""The own account: password and PIN, each with the present password."""

from __future__ import annotations

import pytest

from tests.core.rows import scalar
from tests.pages.visitor import PASSWORD
from tests.staff.people import hash_quickly

NEW = "quite another phrase"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.mark.parametrize("login", ["tram", "han", "mai"])
def test_everybody_has_an_account(visit, login):
    page = visit(login).get("/account")
    assert page.status_code == 200
    assert ("pin-title" in page.text) == (login != "mai")


def test_a_cashier_is_offered_no_place_of_the_desk(visit):
    assert 'href="/manage' not in visit("han").get("/account").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"present": "wrong"}, "present"),
        ({"password": "matkhau123", "password_again": "matkhau123"}, "password"),
        ({"password": "han", "password_again": "han"}, "password"),
        ({"password": PASSWORD, "password_again": PASSWORD}, "password"),
        ({"password_again": "other"}, "password_again"),
    ],
)
def test_a_new_password_that_is_refused_says_why(visit, change, field):
    visitor = visit("han")
    form = {"present": PASSWORD, "password": NEW, "password_again": NEW, **change}
    answer = visitor.post("/account/password", **form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert visit().sign_in("han").status_code == 302


def test_a_new_password_is_the_one_that_counts(visit):
    visit("han").post("/account/password", present=PASSWORD, password=NEW, password_again=NEW)
    assert visit().sign_in("han").status_code == 401
    assert visit().sign_in("han", NEW).status_code == 302


def test_a_pin_needs_the_password(visit, sqlite_app):
    visitor = visit("han")
    for present, pin, field in (("wrong", "2580", "present"), (PASSWORD, "1234", "pin")):
        answer = visitor.post("/account/pin", present=present, pin=pin)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
    has = "SELECT count(*) FROM staff_users WHERE pin_hash IS NOT NULL"
    assert scalar(sqlite_app, has) == 0
    assert visitor.post("/account/pin", present=PASSWORD, pin="2580").status_code == 302
    assert scalar(sqlite_app, has) == 1
    assert scalar(sqlite_app, "SELECT max(pin_hash) FROM staff_users").startswith("$argon2id$")
    assert visitor.post("/account/pin/remove", present="wrong").status_code == 422
    assert visitor.post("/account/pin/remove", present=PASSWORD).status_code == 302
    assert scalar(sqlite_app, has) == 0


def test_marketing_gets_no_pin(visit):
    assert visit("mai").post("/account/pin", present=PASSWORD, pin="2580").status_code == 403


def test_where_one_is_signed_in_is_shown(visit):
    visit("han")
    page = visit("han").get("/account").text
    assert page.count("127.0.0.1") == 2
    assert page.count('class="badge-soft"') == 1
