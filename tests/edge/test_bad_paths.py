"""Tricks with paths, methods and query strings: dull answers, nothing of ours shown."""

from __future__ import annotations

import itertools

import pytest

from tests.edge.conftest import OWNER
from tests.pages.visitor import Visitor
from tests.shop import make_key

SECRETS = ("root:", "SECRET_KEY", "only-for-tests", "create_app", "SQLite format", "[tool.ruff]")
UP = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", "%2e%2e%5c", "....//", "..;/"]
UP += ["%252e%252e%252f", "..%c0%af", "..%ef%bc%8f", "%c0%ae%c0%ae/", "..%00/", ".%2e/"]
TARGETS = ["etc/passwd", "pages/security.py", "__init__.py", "templates/pages/base.html"]
PATHS = [f"/static/{up * 6}{target}" for up in UP for target in TARGETS[:1]]
PATHS += [f"/static/{up}{target}" for up in UP for target in TARGETS[1:]]
PATHS += ["/static//etc/passwd", "/static/%2fetc/passwd", "/static/C:%5cwindows%5cwin.ini"]
PATHS += ["/static/file:///etc/passwd", "/static/css/", "/static/css", "/static/.", "/static/%2e"]
PATHS += ["/static/%00", "/static/css/tokens.css%00", "/static/css/tokens.css%00.png", "/static/"]
PATHS += ["/static/css/tokens.css/..", "/static/" + "a" * 5_000]
PATHS += ["/static/%ff%fe", "/%00", "/%ff", "/till/%2e%2e/", "/.env", "/.git/config", "/var/"]
PATHS += ["/wsgi.py", "/config/example.env", "/static/CON", "/static/css%2ftokens.css%3f"]


def test_a_path_leads_to_no_file_but_those_of_the_pages(installation):
    client = installation().test_client()
    for path, method in itertools.product(PATHS, ("GET", "HEAD")):
        answer = client.open(path, method=method)
        assert answer.status_code == 404, path
        assert not any(secret in answer.text for secret in SECRETS), path
        assert answer.headers["Cache-Control"] == "no-store"


NO_IDS = ["..%2f1", "1%00", "-1", "1.0", "0x1", "%31%2f", "١", "1;2", "1'--"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_id_is_a_number(api):
    for number, end in itertools.product(NO_IDS, ("", "/", "/points")):
        answer = api.get(f"/members/{number}{end}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found"), number


METHODS = ["TRACE", "CONNECT", "PROPFIND", "FOO"]


@pytest.mark.parametrize("path", ["/login", "/till", "/api/v1/members", "/static/css/tokens.css"])
def test_an_unknown_method_is_refused(installation, path):
    client = installation().test_client()
    for method in METHODS:
        answer = client.open(path, method=method, headers={"X-Secret": "secret"})
        assert answer.status_code == 405, method
        assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/till", "/manage", "/api/v1/members", "/api/v1/members/1"])
def test_options_tell_methods_and_nothing_else(installation, path):
    answer = installation().test_client().options(path)
    if answer.status_code == 200:
        assert answer.data == b""
        assert "Allow" in answer.headers


def test_head_asks_for_a_key_and_a_login_like_get(shop):
    client = shop().test_client()
    assert client.head("/api/v1/members?phone=0912345678").status_code == 401
    assert client.head("/till").headers["Location"] == "/login"


OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]


@pytest.mark.parametrize("header", OVERRIDES)
def test_a_method_is_not_changed_by_a_header_or_a_field(shop, header):
    app = shop()
    visitor = Visitor(app.test_client())
    visitor.sign_in(OWNER)
    assert visitor.client.get("/logout", headers={header: "POST"}).status_code == 405
    assert visitor.client.get("/logout?_method=POST").status_code == 405
    assert visitor.client.get("/till").status_code == 200
    key = {"Authorization": f"Bearer {make_key(app)}"}
    answer = app.test_client().get("/api/v1/purchases/batch", headers={**key, header: "POST"})
    assert answer.status_code in (404, 405)


def test_a_query_field_given_twice_is_refused(api, store):
    answer = api.call("GET", "/members?phone=0912345678&phone=0987654321")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert list(answer.json["errors"]) == ["phone"]
    assert "09" not in str(answer.json["errors"])


@pytest.mark.parametrize("query", ["?access_token=x", "?_method=DELETE", "?debug=1", "?%00=1"])
def test_an_unknown_query_field_is_refused(api, query):
    for path in ("/members/1", "/members"):
        assert api.call("GET", path + query).status_code == 422
