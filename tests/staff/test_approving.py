"""A manager's PIN at a cashier's till: who may approve, and how often one may guess."""

from __future__ import annotations

import pytest

from loyalty.core.db import read
from loyalty.core.errors import Code, Problem
from loyalty.staff import approving
from tests.core.rows import column
from tests.databases import environment
from tests.staff.people import PIN, At, furnish, give_pin, hash_quickly

WRONG = "1357"


@pytest.fixture
def environ(database_url, tmp_path):
    return environment(database_url, tmp_path, rate_limits="on")


@pytest.fixture
def ids(app, monkeypatch):
    hash_quickly(monkeypatch)
    ids = furnish(app)
    give_pin(app, "han", "quan", "tram", "mai")
    return ids


@pytest.fixture
def token(app, ids):
    """Of the cashier's session at a till of S01."""
    browser = At(app)
    browser.sign_in("han")
    with browser.client.session_transaction() as session:
        return session["token"]


def approve(app, staff_id, token, pin=PIN, store_id=1):
    """None, or the code of the refusal."""
    with app.app_context():
        try:
            approving.approve(staff_id, pin, token=token, store_id=store_id)
        except Problem as problem:
            return problem.code
    return None


def test_managers_of_the_store_with_a_pin_approve(app, ids, token):
    with app.app_context(), read():
        offered = {person.id for person in approving.managers_of(1)}
        assert {person.id for person in approving.managers_of(2)} == {ids["tram"]}
    assert offered == {ids["quan"], ids["tram"]}
    assert [approve(app, ids[login], token) for login in ("quan", "tram")] == [None, None]
    refused = [approve(app, ids[login], token) for login in ("han", "mai", "kim", "cuc")]
    assert refused == [Code.WRONG_PIN] * 4
    assert approve(app, ids["quan"], token, store_id=2) is Code.WRONG_PIN
    assert approve(app, ids["quan"], "no session") is Code.UNAUTHENTICATED


def test_guesses_are_counted_and_in_the_log(app, ids, token):
    guesses = [approve(app, ids["quan"], token, pin=WRONG) for _ in range(6)]
    assert guesses == [Code.WRONG_PIN] * 5 + [Code.TOO_MANY_REQUESTS]
    assert approve(app, ids["quan"], token) is Code.TOO_MANY_REQUESTS
    logged = "SELECT object_id FROM audit_events WHERE action = 'cashier.approval_failed'"
    assert column(app, logged) == [str(ids["quan"])] * 5


def test_a_right_pin_begins_the_count_again(app, ids, token):
    for _ in range(3):
        assert [approve(app, ids["quan"], token, pin=WRONG) for _ in range(4)] == [
            Code.WRONG_PIN
        ] * 4
        assert approve(app, ids["quan"], token) is None
