"""Forged Host and X-Forwarded-*: whom the service believes, and that it builds on neither."""

from __future__ import annotations

import re

import pytest
from flask import request

from loyalty.core.access import open_to_anyone
from loyalty.core.proxies import plain_address
from tests.core.rows import column
from tests.edge.conftest import BEHIND_TLS, OWNER
from tests.pages.visitor import Visitor

EVIL = "evil.example"
PEER = "192.0.2.1"
FORGED = {
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Server": EVIL,
    "Forwarded": f"for=6.6.6.6;host={EVIL};proto=https",
    "X-Real-IP": "6.6.6.6",
    "X-Original-URL": "/api/v1/members",
    "X-Rewrite-URL": "/api/v1/members",
}
PATHS = ["", "/", "/login", "/setup", "/till", "//till", "/till/", "/nothing"]
PATHS += ["/api/docs", "/api/v1/openapi.json", "/api/v1/members", "/static//css/tokens.css"]
PATHS += ["/manage", "/manage/", "/healthz"]


def seen_by(app, *, peer: str = PEER, **headers: str) -> tuple[str, str]:
    """The caller's address and the scheme, as the app takes them."""

    @open_to_anyone
    def show() -> str:
        return f"{request.remote_addr} {request.scheme}"

    app._got_first_request = False
    app.add_url_rule("/seen", "seen", show)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = app.test_client().get("/seen", headers=sent, environ_base={"REMOTE_ADDR": peer})
    address, _, scheme = answer.text.partition(" ")
    return address, scheme


HOSTS = [EVIL, f"{EVIL}:8000", f"user@{EVIL}", f"localhost, {EVIL}", ""]


@pytest.mark.parametrize("settings", [{}, {"proxies": "1"}, BEHIND_TLS])
def test_nothing_is_built_from_what_a_caller_says_of_names(installation, settings):
    client = installation(**settings).test_client()
    for path in PATHS:
        for host in HOSTS:
            answer = client.get(
                "/", headers={**FORGED, "Host": host}, environ_overrides={"PATH_INFO": path}
            )
            assert "evil" not in answer.text + str(answer.headers), (path, host)
            assert re.match(r"/(?!/)", answer.headers.get("Location", "/")), (path, host)


def test_forms_lead_nowhere_else_under_a_forged_name(shop):
    visitor = Visitor(shop().test_client())
    token = visitor.token()
    for path, form in (("/login", {"login": OWNER, "password": "x"}), ("/logout", {})):
        answer = visitor.client.post(
            path, data={**form, "csrf_token": token}, headers={**FORGED, "Host": EVIL}
        )
        assert "evil" not in answer.text + str(answer.headers)


OTHER_NAMES = [EVIL, "", "shop.example.evil.example", "evil.example:443", "shop.example,evil"]
NO_NAMES = [".evil.example", "evil..example", "a b", "evil.example:x", "evil.example:999999"]
NO_NAMES += ["-evil.example", "evil.example/", "x" * 64 + ".example", "[evil]", "evil\\example"]
OTHER_NAMES += NO_NAMES
OTHER_NAMES += ["shop.example@evil.example", "sub.shop.example", ".shop.example", "shop.example."]


def test_another_name_is_refused(installation):
    client = installation(hosts="shop.example, 10.0.0.7").test_client()
    for host in OTHER_NAMES:
        assert_refused(client, host)


def assert_refused(client, host: str) -> None:
    called = client.get("/api/v1/members", headers={"Host": host})
    assert (called.status_code, called.json["code"]) == (400, "invalid_host")
    assert called.content_type == "application/problem+json"
    for method, path in (("GET", "/login"), ("POST", "/login"), ("GET", "/nothing")):
        page = client.open(path, method=method, headers={"Host": host})
        assert page.status_code == 400
        assert page.mimetype == "text/html"
        assert "<h1" in page.text
        assert "evil" not in page.text
        assert page.headers["Cache-Control"] == "no-store"


def test_what_can_be_no_name_is_refused_anywhere(installation):
    client = installation().test_client()
    for host in NO_NAMES:
        assert_refused(client, host)


@pytest.mark.parametrize("host", ["shop.example", "SHOP.example:8443", "10.0.0.7", "10.0.0.7:80"])
def test_own_names_are_answered_on_any_port(installation, host):
    client = installation(hosts="shop.example,10.0.0.7").test_client()
    assert client.get("/setup", headers={"Host": host}).status_code == 200
    assert client.get("/api/v1/members", headers={"Host": host}).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_under_any_name(installation, path):
    client = installation(hosts="shop.example").test_client()
    assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


CLAIMS = ["6.6.6.6", "6.6.6.6, 7.7.7.7", "127.0.0.1", "::1", "x" * 5_000]


@pytest.mark.parametrize("claim", CLAIMS)
def test_without_a_proxy_nothing_is_believed(installation, claim):
    seen = seen_by(installation(), X_Forwarded_For=claim, X_Forwarded_Proto="https", **FORGED)
    assert seen == (PEER, "http")


@pytest.mark.parametrize("claim", CLAIMS)
def test_behind_one_proxy_only_its_own_entry_is_believed(installation, claim):
    app = installation(proxies="1")
    assert seen_by(app, X_Forwarded_For=f"{claim}, 203.0.113.9") == ("203.0.113.9", "http")


@pytest.mark.parametrize("claim", ['"6.6.6.6', '"', '"6.6.6.6\\"', "6.6.6.6;", "for=6.6.6.6", ","])
def test_an_open_quotation_mark_swallows_nothing(installation, claim):
    app = installation(proxies="1")
    assert seen_by(app, X_Forwarded_For=f"{claim}, 203.0.113.9")[0] == "203.0.113.9"


def test_behind_two_proxies_the_outer_one_says_who_calls(installation):
    app = installation(proxies="2")
    said = "6.6.6.6, 203.0.113.9, 10.0.0.2"
    assert seen_by(app, X_Forwarded_For=said)[0] == "203.0.113.9"


@pytest.mark.parametrize("said", ["", "10.0.0.2", "unknown, 10.0.0.2", "x" * 9_000 + ", 10.0.0.2"])
def test_where_the_proxies_say_too_little_it_is_the_peer(installation, said):
    assert seen_by(installation(proxies="2"), X_Forwarded_For=said)[0] == PEER


@pytest.mark.parametrize(
    ("said", "scheme"),
    [("https", "https"), ("http", "http"), ("http, https", "https"), ("https, http", "http")]
    + [("", "https"), ("javascript", "https"), ("HTTPS", "https")],
)
def test_the_last_proxy_says_whether_it_was_tls(installation, said, scheme):
    assert seen_by(installation(**BEHIND_TLS), X_Forwarded_Proto=said)[1] == scheme


def test_tls_is_not_believed_where_it_is_not_expected(installation):
    assert seen_by(installation(proxies="1"), X_Forwarded_Proto="https")[1] == "http"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        *[
            (bad, None)
            for bad in ("", "unknown", "_hidden", "203.0.113", "203.0.113.9:", "1.2.3.4.5")
        ],
        *[(bad, None) for bad in ("fe80::1%" + "x" * 900, "0x7f.1", "203.0.113.9\n", "٣.٣.٣.٣")],
    ],
)
def test_an_address_has_one_form(text, plain):
    assert plain_address(text) == plain


def test_the_log_says_where_a_caller_really_is(shop):
    app = shop(proxies="1")
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = PEER
    visitor = Visitor(client)
    token = visitor.token()
    client.post(
        "/login",
        data={"login": OWNER, "password": "a password of tests", "csrf_token": token},
        headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"},
    )
    assert column(app, "SELECT address FROM staff_sessions") == ["203.0.113.9"]
