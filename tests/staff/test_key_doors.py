"""Keys at the door: what is no key opens nothing, and a key that ended opens nothing more."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from loyalty.core import clock
from loyalty.core.access import Door, Role
from loyalty.core.codes import fingerprint
from loyalty.core.errors import Problem
from tests.api import BASE, Api
from tests.core.rows import change, column, row_counts
from tests.doors import guarded
from tests.purchases.receipts import buy, problem, receipt
from tests.shop import make_key

PATH_FIELD = re.compile(r"<(?:(\w+):)?\w+>")
WORDS = {"slug", "attribute"}
"""Which fields of an address are words."""
NO_KEYS = [None, "", "nothing", "loy_", "loy_" + "x" * 43, "x" * 8_000, "khoá", "loy_x y", "'; --"]


def call(client, route, key):
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    path = PATH_FIELD.sub(lambda field: "vehicle" if field[1] in WORDS else "1", route.route)
    body: Any = {} if route.method != "GET" else None
    return client.open(path, method=route.method, json=body, headers=headers)


def test_no_key_and_unknown_keys_are_refused_everywhere(app, client, store):
    before = row_counts(app)
    for route in guarded(app):
        if route.rule.door is not Door.KEY:
            continue
        for key in NO_KEYS:
            answer = call(client, route, key.encode().decode("latin-1") if key else key)
            problem(answer, 401, "unauthenticated")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert row_counts(app) == before


def test_only_the_bearer_scheme_is_taken(client, api, store):
    buy(api)
    path = f"{BASE}/members/1"
    for written in (f"Bearer {api.key}", f"bearer {api.key}", f"BEARER  {api.key} "):
        assert client.get(path, headers={"Authorization": written}).status_code == 200
    for written in (api.key, f"Basic {api.key}", f"Token {api.key}", f"Bearer{api.key}", "Bearer"):
        answer = client.get(path, headers={"Authorization": written})
        problem(answer, 401, "unauthenticated")


def test_revoked_and_expired_keys_are_refused_at_once(app, client, store):
    for name, ago, status in (
        ("revoked_at", timedelta(0), 401),
        ("expires_at", timedelta(seconds=1), 401),
        ("expires_at", timedelta(minutes=-5), 200),
    ):
        key = make_key(app)
        caller = Api(client, key)
        assert caller.get("/members", phone="0912345678").status_code == 200
        moment = clock.now() - ago
        sqlite = app.extensions["settings"].is_sqlite
        at = moment.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else moment
        change(
            app,
            f"UPDATE api_keys SET {name} = :at WHERE key_hash = :hash",
            at=at,
            hash=fingerprint(key),
        )
        assert caller.get("/members", phone="0912345678").status_code == status, name
        assert caller.post("/purchases", receipt(receipt_no=name)).status_code in (status, 201)
        assert (caller.post("/members", {}).status_code == 401) == (status == 401)


def test_key_itself_is_kept_nowhere(app, api, store):
    buy(api)
    kept = column(app, "SELECT name || prefix || key_hash FROM api_keys")
    assert all(api.key not in row for row in kept)
    events = column(app, "SELECT CAST(details AS TEXT) FROM audit_events WHERE details IS NOT NULL")
    assert all(api.key not in event for event in events)


def test_role_that_does_not_exist_makes_no_key(app, store):
    with pytest.raises((ValueError, Problem)):
        make_key(app, "owner")
    assert {role.value for role in Role} == {"cashier", "marketing", "manager"}
