"""What the log must hold: who, what, on what, from where and why, for every touch that matters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loyalty.audit import service as audit
from loyalty.core.db import read
from tests.api import BASE
from tests.attacks.forms import browser
from tests.doors import Shop, standing_open


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request, tmp_path_factory) -> Iterator[Shop]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with standing_open(databases, tmp_path_factory.mktemp("recorded")) as standing:
        yield standing


def newest(shop, action):
    with shop.app.app_context(), read():
        events, _ = audit.search(action=action, limit=1)
    assert events, f"nothing recorded of {action}"
    return events[0]


def call(shop, method, path, body=None):
    headers = {"Authorization": f"Bearer {shop.caller(KEY).key}"}
    answer = shop.app.test_client().open(f"{BASE}{path}", method=method, json=body, headers=headers)
    assert answer.status_code < 300, answer.text


KEY = "manager's key"
BY_KEY = {
    "member.view": ("GET", "/members/{member_id}", None),
    "member.change": ("PATCH", "/members/{member_id}", {"name": "Lan"}),
    "consent.change": (
        "PUT",
        "/members/{member_id}/consents",
        {"channel": "sms", "purpose": "service", "granted": True},
    ),
    "purchase.void": ("POST", "/purchases/{purchase_id}/void", {"reason": "typed twice"}),
}


@pytest.mark.parametrize("action", BY_KEY)
def test_calls_by_key(shop, action):
    method, path, body = BY_KEY[action]
    ids = shop.caller(KEY).ids
    call(shop, method, path.format(**ids), body)
    event = newest(shop, action)
    kind = "purchase" if "purchase" in path else "member"
    assert event["actor_name"] == KEY
    assert event["object_kind"] == kind
    assert event["object_id"] == str(ids[f"{kind}_id"])
    assert event["address"] == "127.0.0.1"
    assert event["reason"] == (body or {}).get("reason")
    assert event["store"] == ("S01" if kind == "purchase" else None)


BY_HAND = {
    "member.view": ("GET", "/manage/customers/{member_id}", {}),
    "member.reveal": ("POST", "/manage/customers/{member_id}/number", {"reason": "call back"}),
    "staff.role": (
        "POST",
        "/manage/staff/{staff_id}",
        {"name": "A colleague", "role": "marketing", "stores": "S01", "store": "S01"},
    ),
    "staff.reset_password": ("POST", "/manage/staff/{staff_id}/password", {}),
    "api_key.revoke": ("POST", "/manage/keys/{key_id}/revoke", {}),
}


@pytest.mark.parametrize("action", BY_HAND)
def test_deeds_at_the_desk(shop, action):
    method, path, form = BY_HAND[action]
    manager = shop.caller("manager")
    answer = browser(shop, "manager").open(path.format(**manager.ids), method=method, data=form)
    assert answer.status_code < 400, answer.text[-800:]
    event = newest(shop, action)
    assert event["actor_name"] == "manager"
    assert event["address"] == "127.0.0.1"
    assert event["reason"] == form.get("reason")
    assert event["object_id"] in {str(number) for number in manager.ids.values()}


@pytest.mark.parametrize("login", ["owner", "nobody-of-ours"])
def test_a_failed_login_names_the_account_and_never_what_was_typed(shop, login):
    """A password often lands in the field above it: what nobody is called is not kept."""
    shop.app.test_client().post("/login", data={"login": login, "password": "wrong password"})
    event = newest(shop, "account.sign_in_failed")
    assert event["object_kind"] == "staff"
    assert event["object_id"] == ("1" if login == "owner" else event["object_id"])
    assert event["address"] == "127.0.0.1"
    assert login not in str(event)
    assert "wrong" not in str(event)
