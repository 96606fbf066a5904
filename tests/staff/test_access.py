"""Who may do what: the table, and every cell of it tried at every route by everyone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import time_machine

from loyalty.core.access import ACTIONS, Door, Role, rule_of
from tests.api import BASE
from tests.doors import Caller, Route, Shop, content, guarded, routes, standing_open
from tests.purchases.receipts import local, problem

CASHIER, MARKETING, MANAGER = Role.CASHIER, Role.MARKETING, Role.MANAGER
TILL = {CASHIER, MANAGER}
EVERYONE = {CASHIER, MARKETING, MANAGER}
MANAGERS = {MANAGER}

SPEC = {
    "account.change": EVERYONE,
    "api_key.manage": MANAGERS,
    "attribute.change": MANAGERS,
    "attribute.view": EVERYONE,
    "audience.change": {MARKETING, MANAGER},
    "audience.view": {MARKETING, MANAGER},
    "audience.why": {MARKETING, MANAGER},
    "audit.search": MANAGERS,
    "balance.import": MANAGERS,
    "cashier.switch": TILL,
    "consent.change": TILL,
    "consent.view": TILL,
    "do_not_call.change": {MARKETING, MANAGER},
    "export.create": {MARKETING, MANAGER},
    "export.internal": MANAGERS,
    "export.view": {MARKETING, MANAGER},
    "member.change": MANAGERS,
    "member.create": TILL,
    "member.find": TILL,
    "member.import": {MARKETING, MANAGER},
    "member.merge": MANAGERS,
    "member.phone": MANAGERS,
    "member.view": MANAGERS,
    "points.adjust": TILL,
    "points.dry_run": MANAGERS,
    "points.explain": MANAGERS,
    "points.redeem": TILL,
    "points.reverse": MANAGERS,
    "points.statement": MANAGERS,
    "points.view": TILL,
    "programme.change": MANAGERS,
    "programme.figures": MANAGERS,
    "programme.view": EVERYONE,
    "purchase.find": TILL,
    "purchase.flags": MANAGERS,
    "purchase.reassign": TILL,
    "purchase.record": TILL,
    "purchase.return": TILL,
    "purchase.void": TILL,
    "reward.manage": MANAGERS,
    "reward.view": EVERYONE,
    "rights.copy": MANAGERS,
    "rights.erase": MANAGERS,
    "rights.handle": MANAGERS,
    "rights.object": MANAGERS,
    "rights.restrict": MANAGERS,
    "staff.manage": MANAGERS,
    "store.manage": MANAGERS,
    "tag.change": {MARKETING, MANAGER},
    "tag.fill": {MARKETING, MANAGER},
    "tag.mark": TILL,
    "tag.of_member": MANAGERS,
    "tag.view": {MARKETING, MANAGER},
}
"""Written from what the shop wants, not from the code: a cashier sees members one at a time
and makes no lists, marketing sees no member, a manager does all."""
FOR_THE_WHOLE_SHOP = {
    "attribute.change",
    "audience.change",
    "audience.view",
    "audience.why",
    "balance.import",
    "do_not_call.change",
    "export.create",
    "export.internal",
    "export.view",
    "member.import",
    "member.merge",
    "points.dry_run",
    "programme.change",
    "reward.manage",
    "rights.erase",
    "store.manage",
    "tag.change",
    "tag.fill",
    "tag.view",
}
"""What reaches over every store: no manager whom a store bounds."""
NOT_BY_PIN = {
    "account.change",
    "api_key.manage",
    "points.adjust",
    "programme.change",
    "staff.manage",
}
"""What a till that was taken over by PIN does not lead to; nor does it lead to the desk."""
LEADS_OUT = {"POST /account/sign-out"}
"""Let in, and signed out on the own wish."""
OPEN = {
    "/",
    "/api/docs",
    "/api/v1/openapi.json",
    "/healthz",
    "/login",
    "/logout",
    "/preferences",
    "/readyz",
    "/setup",
    "/static/<path:filename>",
    "/terms",
    "/terms/<int:number>",
}
"""Routes that let anyone in; what is not here needs a key or a login."""


# -- what the code declares ------------------------------------------------------


def test_actions_are_those_of_the_shops_table():
    assert {name: set(action.roles) for name, action in ACTIONS.items()} == SPEC
    assert {a.name for a in ACTIONS.values() if a.whole_shop} == FOR_THE_WHOLE_SHOP
    assert {a.name for a in ACTIONS.values() if a.by_password} == NOT_BY_PIN


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
    opened = {route.route for route in routes(app) if route.rule.door is Door.OPEN}
    assert opened == OPEN


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_route_names_an_action_and_the_door_of_its_kind(app):
    for route in guarded(app):
        assert route.action is ACTIONS[route.action.name], route
        assert route.rule.door is (Door.KEY if route.is_api else Door.LOGIN), route
    for route in routes(app):
        assert (route.rule.action is None) == (route.rule.door is Door.OPEN), route


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_action_has_a_route(app):
    used = {route.action.name for route in guarded(app)}
    assert used == set(SPEC)


# -- every cell, tried -----------------------------------------------------------

LET_IN, SENT_TO_SIGN_IN, REFUSED = "let in", "sent to sign in", "refused"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request, tmp_path_factory) -> Iterator[Shop]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    # At noon: a cashier's own receipt is one of yesterday's at midnight.
    noon = time_machine.travel(local("2027-03-14 12:00"), tick=True)
    with noon, standing_open(databases, tmp_path_factory.mktemp("doors")) as shop:
        yield shop


def expected(caller: Caller, route: Route) -> str:
    if caller.may(route):
        return LET_IN
    knows = caller.role is not None and caller.door is route.rule.door
    return REFUSED if knows else SENT_TO_SIGN_IN


def outcome(answer) -> str:
    """What a caller hears, whatever else the answer says."""
    leads_to = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or ""
    if answer.status_code == 401 or leads_to.startswith("/login"):
        return SENT_TO_SIGN_IN
    assert answer.status_code < 500, answer.text
    return REFUSED if answer.status_code == 403 else LET_IN


def test_whoever_may_not_is_refused_by_every_route_and_changes_nothing(shop):
    before = content(shop.app)
    for route in guarded(shop.app):
        for caller in shop.callers:
            if not caller.may(route):
                answer = shop.knock(caller, route)
                assert outcome(answer) == expected(caller, route), (str(route), caller.name)
                if route.is_api:
                    assert answer.content_type == "application/problem+json"
    assert content(shop.app) == before


def test_whoever_may_is_let_in_by_every_route(shop):
    """The body is empty: that something is missing is said after the door."""
    tried = set()
    for route in guarded(shop.app):
        for caller in shop.callers:
            if caller.may(route):
                heard = outcome(shop.knock(caller, route))
                left = heard == SENT_TO_SIGN_IN and str(route) in LEADS_OUT
                assert heard == LET_IN or left, (str(route), caller.name)
                tried.add((route.action.name, caller.role))
    # Every yes of the table was tried by someone; a person by PIN is no one's only way in.
    assert tried == {(name, role) for name, roles in SPEC.items() for role in roles}


def test_a_refusal_is_the_same_before_and_after_a_body_is_read(shop):
    """Who may not does not learn what a body should be, nor whether something is there."""
    cashier = shop.caller("cashier's key")
    nothing = {str: "nothing", int: 2**31 - 1}
    elsewhere = replace(cashier, ids={name: nothing[type(i)] for name, i in cashier.ids.items()})
    for route in guarded(shop.app):
        if route.is_api and not cashier.may(route):
            known = shop.knock(cashier, route, json={"surprise": 1})
            unknown = shop.knock(elsewhere, route, data=b"no json")
            assert problem(known, 403, "forbidden") == problem(unknown, 403, "forbidden")


def test_a_login_opens_no_api_and_a_key_no_page(shop):
    manager, machine = shop.caller("manager"), shop.caller("manager's key")
    both = Caller(name="both", door=Door.KEY, login=manager.login, ids=machine.ids)
    keyed = Caller(name="keyed", door=Door.LOGIN, key=machine.key, ids=manager.ids)
    for route in guarded(shop.app):
        answer = shop.knock(both if route.is_api else keyed, route)
        assert outcome(answer) == SENT_TO_SIGN_IN, str(route)


# -- the API says so -------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_description_says_who_may_use_each_operation(client):
    document = client.get(f"{BASE}/openapi.json").get_json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            name = operation["x-action"]
            assert set(operation["x-roles"]) == {str(role) for role in SPEC[name]}, path
            assert operation["x-whole-shop"] == (name in FOR_THE_WHOLE_SHOP)
            for status in ("401", "403", "429"):
                answer = operation["responses"][status]["$ref"].rpartition("/")[2]
                shown = document["components"]["responses"][answer]["content"]
                assert list(shown) == ["application/problem+json"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["en", "vi", "th"])
def test_the_description_shows_the_whole_table_in_english(client, language):
    answer = client.get(f"{BASE}/openapi.json", headers={"Accept-Language": language})
    text = answer.get_json()["info"]["description"]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    shown = {row[0].strip("`"): row[2:] for row in cells}
    assert shown.keys() == SPEC.keys()
    for name, marks in shown.items():
        yes = "whole shop" if name in FOR_THE_WHOLE_SHOP else "yes"
        assert marks == [yes if role in SPEC[name] else "–" for role in Role], name
    assert all(row[1].isascii() for row in cells)
