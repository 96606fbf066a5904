"""What every answer says to browsers and proxies, and how cookies are kept."""

from __future__ import annotations

import re

from tests.edge.conftest import BEHIND_TLS, OWNER
from tests.pages.visitor import PASSWORD
from tests.shop import make_key

HTTPS = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
PATHS = ["/", "/login", "/till", "/nothing", "/healthz", "/readyz", "/api/docs"]
PATHS += ["/api/v1/openapi.json", "/api/v1/members?phone=0912345678", "/api/v1/nothing"]
FILE = "/static/css/tokens.css"
PATHS += [FILE, "/static/nothing.css"]


def test_every_answer_is_hardened(installation):
    client = installation().test_client()
    for path in PATHS:
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            assert_hardened(client.open(path, method=method).headers)


def assert_hardened(headers) -> None:
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers
    assert "Access-Control-Allow-Origin" not in headers


def test_nothing_but_files_is_kept(installation):
    app = installation()
    key = {"Authorization": f"Bearer {make_key(app)}"}
    for path in PATHS:
        for headers in ({}, key):
            answer = app.test_client().get(path, headers=headers)
            assert (answer.headers["Cache-Control"] == "no-store") == (path != FILE), path


def test_an_answer_that_shows_a_member_is_not_kept(api, store):
    made = api.post("/members", {"phone": "0912345678", "profile": {}})
    found = api.get("/members", phone="0912345678")
    assert found.status_code == 200
    for answer in (made, found):
        assert answer.headers["Cache-Control"] == "no-store"


def test_browsers_stay_with_https_behind_tls(installation):
    client = installation(**BEHIND_TLS).test_client()
    for path in PATHS:
        secure = client.get(path, headers=HTTPS)
        assert secure.headers["Strict-Transport-Security"] == "max-age=31536000", path
        plain = client.get(path, headers={**HTTPS, "X-Forwarded-Proto": "http"})
        assert "Strict-Transport-Security" not in plain.headers, path


def token_of(page: str) -> str:
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert token is not None
    return token[1]


def cookies_of(app, **headers: str) -> dict[str, str]:
    """What signing in and choosing a language set, by the cookie's name."""
    client = app.test_client()
    base = "https://localhost" if headers else "http://localhost"
    sent = {**headers, "Referer": f"{base}/login"}
    set_by = []
    for page_path, path, form in (
        ("/login", "/login", {"login": OWNER, "password": PASSWORD}),
        ("/till", "/preferences", {"theme": "dark", "language": "th"}),
    ):
        page = client.get(page_path, base_url=base, headers=sent)
        data = {**form, "csrf_token": token_of(page.text)}
        set_by += [page, client.post(path, data=data, base_url=base, headers=sent)]
    lines = [line for answer in set_by for line in answer.headers.getlist("Set-Cookie")]
    return {line.partition("=")[0]: line for line in lines}


def test_cookies_of_a_plain_shop(shop):
    cookies = cookies_of(shop())
    assert {"session", "theme", "language"} <= set(cookies)
    for cookie in cookies.values():
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie
        assert "Domain" not in cookie


def test_cookies_behind_tls_go_over_tls_only(shop):
    cookies = cookies_of(shop(**BEHIND_TLS), **HTTPS)
    assert {"__Host-session", "theme", "language"} <= set(cookies)
    assert "session" not in cookies
    for cookie in cookies.values():
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


def test_a_session_of_another_name_is_none_of_ours_behind_tls(installation):
    app = installation(**BEHIND_TLS)
    client = app.test_client()
    signed = app.session_interface.get_signing_serializer(app).dumps({"token": "x"})
    client.set_cookie("session", signed)
    assert client.get("/till", headers=HTTPS).headers["Location"] == "/login"


def test_a_form_from_another_place_is_refused_behind_tls(shop):
    client = shop(**BEHIND_TLS).test_client()
    page = client.get("/login", base_url="https://localhost", headers=HTTPS)
    token = token_of(page.text)
    for origin, status in (("https://evil.example/", 400), ("https://localhost/x", 302)):
        answer = client.post(
            "/preferences",
            data={"csrf_token": token, "theme": "dark"},
            base_url="https://localhost",
            headers={**HTTPS, "Referer": origin},
        )
        assert answer.status_code == status, origin


def test_the_page_of_the_api_works_under_the_strict_policy(installation):
    client = installation().test_client()
    page = client.get("/api/docs")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|<style", page.text)
    named = re.findall(r'(?:href|src)="(/static/[^"#]+)', page.text)
    assert any("swagger" in address for address in named)
    for address in [*named, "/api/v1/openapi.json"]:
        assert client.get(address).status_code == 200, address
