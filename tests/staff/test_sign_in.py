"""Signing in: who gets in, what a guesser learns, and whom a guesser makes wait."""

from __future__ import annotations

import statistics
import threading
import time

import pytest

from loyalty.core.db import transaction
from loyalty.core.errors import Problem
from loyalty.staff import passwords, service, signing_in
from tests.core.rows import column, scalar
from tests.databases import environment
from tests.pages.visitor import PASSWORD
from tests.staff.people import At, acting, furnish, hash_quickly, of

WRONG = "not the password"


@pytest.fixture
def environ(database_url, tmp_path):
    return environment(database_url, tmp_path, rate_limits="on")


@pytest.fixture
def ids(app, monkeypatch):
    hash_quickly(monkeypatch)
    return furnish(app)


def events(app, action):
    return column(
        app, "SELECT object_id FROM audit_events WHERE action = :action ORDER BY id", action=action
    )


def is_in(answer) -> bool:
    return answer.status_code == 302 and answer.headers["Location"] == "/"


# -- logins -------------------------------------------------------------------


def test_a_login_is_the_same_however_it_is_typed(app, ids):
    for typed in ("han", " HAN ", "ｈａｎ", "Han"):
        assert is_in(At(app).sign_in(typed)), typed


@pytest.mark.parametrize(
    "typed",
    [
        "hаn",
        "ha\u0301n",
        "h\u200ban",
        "ha\x00n",
        "\x00",
        "",
        "h",
        "han" * 40,
        "ﷺ" * 64,
        "' OR 1=1 --",
    ],
)
def test_a_login_that_only_looks_alike_is_nobody(app, ids, typed):
    answer = At(app).sign_in(typed)
    assert answer.status_code == 401
    assert events(app, "account.sign_in_failed") == ["unknown"]


@pytest.mark.parametrize("typed", ["x" * 201, "x" * 100_000, "a\x00b", "\ufffd", ""])
def test_what_cannot_be_a_password_is_a_wrong_one(app, ids, monkeypatch, typed):
    assert At(app).sign_in("han", typed).status_code == 401
    if len(typed) > 200:
        monkeypatch.setattr(passwords, "_hasher", None)
        assert At(app, "10.0.0.2").sign_in("han", typed).status_code == 401


def test_a_megabyte_of_password_is_refused(app, ids):
    assert At(app).sign_in("han", "x" * 1_000_000).status_code in (401, 413)


def test_lone_surrogates_are_nobody_and_no_crash(app, ids):
    for login, password in (("\ud800", PASSWORD), ("han", "\ud800" * 9)):
        with app.app_context(), pytest.raises(Problem, match="wrong_login"):
            signing_in.sign_in(login, password, address="::1", device=None, instead_of=None)


# -- what a guesser learns ------------------------------------------------------


def test_known_unknown_and_ended_are_answered_alike(app, ids):
    with acting(app, None):
        service.set_active(ids["cuc"], active=False)
    answers = [
        At(app, f"10.0.1.{number}").sign_in(login, password)
        for number, (login, password) in enumerate(
            [("han", WRONG), ("nobody", WRONG), ("cuc", PASSWORD), ("bad login", WRONG)]
        )
    ]
    bodies = {answer.text.replace('value="', "", 1).split("csrf")[0] for answer in answers}
    assert {answer.status_code for answer in answers} == {401}
    assert len({tuple(sorted(answer.headers.keys())) for answer in answers}) == 1
    assert len(bodies) == 1
    failed = events(app, "account.sign_in_failed")
    assert failed == [str(ids["han"]), "unknown", str(ids["cuc"]), "unknown"]


def test_what_was_typed_is_kept_nowhere(app, ids):
    At(app).sign_in("my secret as a login", WRONG)
    kept = column(app, "SELECT action || object_id || COALESCE(reason, '') FROM audit_events")
    kept += column(app, "SELECT subject FROM rate_windows")
    assert not any("secret" in text or WRONG in text for text in kept)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_known_and_unknown_take_the_same_time(app):
    furnish(app)

    def once(login: str, number: int) -> float:
        began = time.perf_counter()
        with app.app_context(), pytest.raises(Problem):
            signing_in.sign_in(
                login, WRONG, address=f"10.1.0.{number}", device=None, instead_of=None
            )
        return time.perf_counter() - began

    once("nobody", 200)
    pairs = [(once("han", number), once("nobody", number)) for number in range(5)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 0.5 < known / unknown < 2


# -- whom a guesser makes wait --------------------------------------------------------


def test_200_wrong_logins_cost_the_guesser_the_turn_and_nobody_else(app, ids):
    own = At(app, "10.0.0.7")
    assert is_in(own.sign_in("han"))
    guesser = At(app, "203.0.113.9")
    codes = [guesser.sign_in("han", f"{WRONG} {number}").status_code for number in range(200)]
    assert codes == [401] * 5 + [429] * 195
    # The right one is refused as well: nothing is learnt any more.
    assert guesser.sign_in("han").status_code == 429
    assert is_in(own.sign_in("han"))
    assert is_in(At(app, "10.0.0.8").sign_in("han"))
    # From the guesser's address, in the browser that she has signed in at before.
    own.address = guesser.address
    assert is_in(own.sign_in("han"))
    # And a colleague there, in a browser never used before.
    assert is_in(At(app, guesser.address).sign_in("cuc"))
    assert len(events(app, "account.sign_in_failed")) == 5
    assert events(app, "account.sign_in_blocked") == [str(ids["han"])]


def test_the_page_says_how_long_to_wait(app, ids):
    guesser = At(app)
    answer = [guesser.sign_in("nobody", WRONG) for _ in range(6)][-1]
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert 'id="password-error"' in answer.text
    assert "15" in answer.text.split('id="password-error"')[1].split("</p>")[0]


def test_one_address_guesses_at_20_logins_and_no_more(app, ids):
    guesser = At(app)
    codes = [guesser.sign_in(f"somebody{number}", WRONG).status_code for number in range(25)]
    assert codes == [401] * 20 + [429] * 5


def test_an_own_account_buys_no_guesses_at_others(app, ids):
    """A success gives back its own try, and no other."""
    codes = []
    for number in range(40):
        codes.append(At(app).sign_in(f"somebody{number}", WRONG).status_code)
        if codes.count(401) < 20:
            assert is_in(At(app).sign_in("cuc"))
    assert codes.count(401) == 20


def test_a_success_begins_the_window_of_person_and_place_again(app, ids):
    for _ in range(3):
        browser = At(app)
        for _ in range(4):
            assert browser.sign_in("han", WRONG).status_code == 401
        assert is_in(At(app).sign_in("han"))


def test_a_forged_address_changes_nothing(app, ids):
    browser = At(app)
    csrf = browser.token()
    codes = [
        browser.client.post(
            "/login",
            data={"login": "han", "password": WRONG, "csrf_token": csrf},
            headers={"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": "198.51.100.1"},
        ).status_code
        for number in range(8)
    ]
    assert codes == [401] * 5 + [429] * 3


def test_a_network_of_ipv6_is_one_place(app, ids):
    codes = [
        At(app, f"2001:db8::{number:x}").sign_in("han", WRONG).status_code for number in range(7)
    ]
    assert codes == [401] * 5 + [429] * 2


def test_a_known_browser_has_tries_of_its_own(app, ids):
    own = At(app)
    assert is_in(own.sign_in("han"))
    codes = [own.sign_in("han", WRONG).status_code for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2
    assert own.sign_in("cuc").status_code == 302, "for others it is a browser like any"


def test_a_known_browser_is_forgotten_with_the_password(app, ids):
    own = At(app)
    assert is_in(own.sign_in("han"))
    with acting(app, None):
        service.reset_password(ids["han"])
    codes = [own.sign_in("han", WRONG).status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2


@pytest.mark.parametrize("change", [lambda cookie: cookie[:-2] + "xx", lambda cookie: "e30.x.y"])
def test_a_made_up_browser_is_unknown(app, ids, change):
    own = At(app)
    own.sign_in("han")
    cookie = own.client.get_cookie("known_browser")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    forged = At(app, "10.0.0.2")
    forged.client.set_cookie("known_browser", change(cookie.value))
    codes = [forged.sign_in("han", WRONG).status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2


def test_guesses_side_by_side_do_not_slip_through(app, ids):
    codes = []
    start = threading.Barrier(12)

    def guess() -> None:
        browser = At(app)
        browser.csrf = browser.token()
        start.wait()
        codes.append(browser.sign_in("han", WRONG).status_code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [401] * 5 + [429] * 7


# -- what may come between ------------------------------------------------------


def test_a_reset_between_check_and_session_ends_the_sign_in(app, ids, monkeypatch):
    real = passwords.matches

    def slow(kept, text):
        found = real(kept, text)
        with app.app_context(), transaction():
            service.reset_password(ids["han"])
        return found

    monkeypatch.setattr(passwords, "matches", slow)
    assert At(app).sign_in("han").status_code == 401
    assert scalar(app, "SELECT count(*) FROM staff_sessions") == 0


def test_no_write_transaction_is_open_while_a_password_is_checked(app, ids, monkeypatch):
    real = passwords.matches
    written = []

    def check(kept, text):
        # Were the one writer of SQLite held, this would never be done.
        other = threading.Thread(target=write)
        other.start()
        other.join(10)
        return real(kept, text)

    def write() -> None:
        with app.app_context(), transaction():
            written.append(True)

    monkeypatch.setattr(passwords, "matches", check)
    assert is_in(At(app).sign_in("han"))
    assert written == [True]


def test_an_old_hash_is_renewed(app, ids, monkeypatch):
    before = of(app, "han", lambda user: user.password_hash)
    from argon2 import PasswordHasher

    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", stronger)
    assert is_in(At(app).sign_in("han"))
    after = of(app, "han", lambda user: user.password_hash)
    assert after != before
    assert "m=16,t=2" in after
    assert is_in(At(app).sign_in("han"))
