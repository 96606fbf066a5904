"""Who gets in: every route says it, and nobody else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loyalty.core import clock
from loyalty.core.access import Door, Role, rule_of
from loyalty.core.codes import fingerprint
from loyalty.core.errors import Problem
from tests.api import BASE, Api
from tests.core.rows import change, column, row_counts
from tests.purchases.receipts import buy, problem, receipt
from tests.shop import make_key

ROLES = ("cashier", "marketing", "manager")
CALLS = {
    ("GET", "/purchases?store=S01&receipt_no=HD-1"): {"cashier", "manager"},
    ("POST", "/purchases"): {"cashier", "manager"},
    ("POST", "/purchases/batch"): {"cashier", "manager"},
    ("POST", "/purchases/1/void"): {"cashier", "manager"},
    ("POST", "/purchases/1/reassign"): {"cashier", "manager"},
    ("GET", "/members?phone=0912345678"): {"cashier", "manager"},
    ("POST", "/members"): {"cashier", "manager"},
    ("GET", "/members/1"): {"manager"},
    ("PATCH", "/members/1"): {"manager"},
    ("GET", "/members/1/points"): {"cashier", "manager"},
    ("GET", "/members/1/entries"): {"manager"},
    ("GET", "/entries/1"): {"manager"},
}
OPEN = {
    "/healthz",
    "/readyz",
    "/api/v1/openapi.json",
    "/api/docs",
    "/static/<path:filename>",
    "/login",
    "/setup",
    "/preferences",
    "/logout",
    "/",
}
"""Routes that may let anyone in; what is not here needs a key or a login."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_route_says_who_may_use_it(app):
    silent = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule_of(app.view_functions[rule.endpoint]) is None
    ]
    assert silent == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_the_named_routes_are_open(app):
    rules = {
        rule.rule: rule_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()
    }
    opened = {name for name, rule in rules.items() if rule and rule.door is Door.OPEN}
    assert {name.partition("/<")[0] for name in opened} <= {n.partition("/<")[0] for n in OPEN}
    for name, rule in rules.items():
        assert rule is not None
        assert (rule.door is Door.OPEN) == (rule.action is None), name
        if name.startswith(f"{BASE}/") and name not in opened:
            assert rule.door is Door.KEY, name


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_table_of_this_test_names_every_call_of_the_api(app):
    declared = {
        (method, rule.rule.removeprefix(BASE)): {str(role) for role in said.action.roles}
        for rule in app.url_map.iter_rules()
        if (said := rule_of(app.view_functions[rule.endpoint]))
        and said.door is Door.KEY
        and said.action
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    adapter = app.url_map.bind("localhost")
    named = {}
    for (method, path), roles in CALLS.items():
        rule, _ = adapter.match(BASE + path.partition("?")[0], method=method, return_rule=True)
        named[method, rule.rule.removeprefix(BASE)] = roles
    assert named == declared


def call(client, method: str, path: str, key: str | None):
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    body: Any = {} if method != "GET" else None
    return client.open(BASE + path, method=method, json=body, headers=headers)


def test_wrong_role_is_refused_and_changes_nothing(app, client, api, api_key, store):
    buy(api)
    keys = {role: api_key(role) for role in ROLES}
    before = row_counts(app)
    for (method, path), allowed in CALLS.items():
        for role in keys.keys() - allowed:
            problem(call(client, method, path, keys[role]), 403, "forbidden")
    assert row_counts(app) == before


def test_right_role_is_let_in(client, api, api_key, store):
    buy(api)
    keys = {role: api_key(role) for role in ROLES}
    for (method, path), allowed in CALLS.items():
        for role in allowed:
            answer = call(client, method, path, keys[role])
            code = (answer.get_json() or {}).get("code")
            assert code not in ("unauthenticated", "forbidden", "internal_error"), (path, role)


NO_KEYS = [None, "", "nothing", "loy_", "loy_" + "x" * 43, "x" * 8_000, "khoá", "loy_x y", "'; --"]


def test_no_key_and_unknown_keys_are_refused_everywhere(app, client, store):
    before = row_counts(app)
    for method, path in CALLS:
        for key in NO_KEYS:
            answer = call(client, method, path, key.encode().decode("latin-1") if key else key)
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


def test_login_does_not_open_the_api_and_a_key_opens_no_page(app, client, api, store):
    for path in ("/till", "/till/stores"):
        answer = client.get(path, headers={"Authorization": f"Bearer {api.key}"})
        assert answer.status_code in (302, 303, 401, 204), path


def test_role_that_does_not_exist_makes_no_key(app, store):
    with pytest.raises((ValueError, Problem)):
        make_key(app, "owner")
    assert {role.value for role in Role} == set(ROLES)
