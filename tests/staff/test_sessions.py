"""Being signed in: how long it lasts, what ends it, and what a copied cookie is worth then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from loyalty.core.db import transaction
from loyalty.staff import service, sessions
from tests.core.rows import column, scalar
from tests.pages.visitor import PASSWORD
from tests.staff.people import At, acting, furnish, hash_quickly

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NEW = "quite another phrase"


@pytest.fixture
def ids(app, monkeypatch):
    hash_quickly(monkeypatch)
    return furnish(app)


def at(app, login="han", address="10.0.0.1"):
    browser = At(app, address)
    assert browser.sign_in(login).status_code == 302
    return browser


def copy_of(app, browser):
    """A browser with the same cookies: stolen from the other."""
    thief = At(app, "203.0.113.9")
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    thief.client.set_cookie("session", cookie.value)
    return thief


def is_in(browser) -> bool:
    return browser.get("/till").status_code == 200


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app, ids):
    browser = at(app)
    thief = copy_of(app, browser)
    assert is_in(thief)
    browser.post("/logout")
    assert not is_in(thief)
    assert not is_in(browser)
    assert column(app, "SELECT object_id FROM audit_events WHERE action = 'account.sign_out'") == [
        str(ids["han"])
    ]


def test_signing_out_everywhere_ends_every_browser(app, ids):
    browsers = [at(app), at(app), at(app)]
    other = at(app, "cuc")
    assert browsers[0].post("/account/sign-out").headers["Location"] == "/login"
    assert [is_in(browser) for browser in browsers] == [False] * 3
    assert is_in(other)


def test_a_new_password_ends_every_other_browser(app, ids):
    here, there = at(app), at(app)
    thief = copy_of(app, there)
    changed = here.post("/account/password", present=PASSWORD, password=NEW, password_again=NEW)
    assert changed.status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert not is_in(thief)


CHANGES = {
    "reset": lambda staff_id: service.reset_password(staff_id),
    "role": lambda staff_id: service.change_staff(
        staff_id, name="Han", role="manager", store_codes=["S01"]
    ),
    "stores": lambda staff_id: service.change_staff(
        staff_id, name="Han", role="cashier", store_codes=["S02"]
    ),
    "end of access": lambda staff_id: service.set_active(staff_id, active=False),
    "signing out": service.sign_out_everywhere,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_manager_changes_signs_the_person_out(app, ids, change):
    browser = at(app)
    with acting(app, "tram"):
        change(ids["han"])
    assert not is_in(browser)


def test_a_new_name_signs_nobody_out(app, ids):
    browser = at(app)
    with acting(app, "tram"):
        service.change_staff(ids["han"], name="Hân", role="cashier", store_codes=["S01"])
    assert is_in(browser)


def test_a_browser_left_alone_is_signed_out(app, ids):
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = at(app)
        clock.move_to(MORNING + sessions.IDLE - timedelta(seconds=1))
        assert is_in(browser)
        clock.shift(sessions.IDLE - timedelta(seconds=1))
        assert is_in(browser), "it was seen again in between"
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = at(app)
        clock.shift(sessions.IDLE)
        assert not is_in(browser)


def test_a_day_begins_with_the_password(app, ids):
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = at(app)
        for _ in range(17):
            clock.shift(timedelta(hours=1))
            assert is_in(browser)
        clock.move_to(MORNING + sessions.LONGEST - timedelta(seconds=1))
        assert is_in(browser)
        clock.shift(timedelta(seconds=1))
        assert not is_in(browser)


def test_the_cookie_is_sent_anew_every_five_minutes_at_most(app, ids):
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = at(app)
        browser.get("/till")
        assert "Set-Cookie" not in browser.get("/till").headers
        clock.shift(timedelta(minutes=5))
        assert "session=" in browser.get("/till").headers["Set-Cookie"]
        assert "Set-Cookie" not in browser.get("/till").headers


def test_signing_in_begins_a_new_session(app, ids):
    """A cookie that was planted before is nobody's afterwards."""
    browser = at(app, "cuc")
    planted = copy_of(app, browser)
    browser.sign_in("han")
    assert not is_in(planted)
    assert "han" in browser.get("/account").text.lower()


def test_the_cookie_says_nothing_of_the_person(app, ids):
    browser = at(app)
    browser.get("/till")
    with browser.client.session_transaction() as session:
        assert set(session) <= {"token", "store", "seen", "csrf_token"}
    cookie = browser.client.get_cookie("session")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    tokens = column(app, "SELECT token_hash FROM staff_sessions")
    with browser.client.session_transaction() as session:
        assert session["token"] not in tokens


def test_a_cookie_of_another_secret_is_nobody(app, ids):
    browser = At(app)
    browser.client.set_cookie("session", "eyJ0b2tlbiI6InNlc194In0.aSLmAA.x")
    assert not is_in(browser)


def test_sessions_that_are_over_are_forgotten(app, ids):
    with time_machine.travel(MORNING, tick=False) as clock:
        ended, running = at(app), at(app, "cuc")
        ended.post("/logout")
        with app.app_context(), transaction():
            assert sessions.forget_old(MORNING) == 1
        assert is_in(running)
        clock.shift(sessions.LONGEST)
        with app.app_context(), transaction():
            assert sessions.forget_old(MORNING + sessions.LONGEST) == 1
    assert scalar(app, "SELECT count(*) FROM staff_sessions") == 0


def test_a_temporary_password_opens_nothing_but_its_change(app, ids):
    with acting(app, "tram"):
        given = service.reset_password(ids["han"])
    browser = At(app)
    browser.sign_in("han", given)
    for path in ("/", "/till", "/till/stores", "/account", "/till/switch", "/manage"):
        assert browser.get(path).headers["Location"] == "/account/password", path
    asked = browser.ask("/till/member", phone="0912345678")
    assert asked.headers["HX-Redirect"] == "/account/password"
    same = browser.post("/account/password", present=given, password=given, password_again=given)
    assert same.status_code == 422
    browser.post("/account/password", present=given, password=NEW, password_again=NEW)
    assert is_in(browser)


def test_whoever_must_choose_a_password_may_leave(app, ids):
    with acting(app, "tram"):
        given = service.reset_password(ids["han"])
    browser = At(app)
    browser.sign_in("han", given)
    assert browser.post("/logout").headers["Location"] == "/login"
