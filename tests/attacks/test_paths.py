"""Paths that climb, hide and end early: never a file of ours that is not for everyone."""

from __future__ import annotations

import pytest

from tests.attacks.strings import SECRET

CLIMBS = [
    "/static/../../__init__.py",
    "/static/..%2f..%2f__init__.py",
    "/static/%2e%2e/%2e%2e/__init__.py",
    "/static/..%5c..%5c__init__.py",
    "/static/....//....//__init__.py",
    "/static/%252e%252e%252f__init__.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/css/../../templates/pages/base.html",
    "/static/css/tokens.css%00.html",
    "/static/css/tokens.css%2f..%2f..%2f..%2fsessions.py",
    "/static/\x00",
    "/static/",
    "/static/css",
    "/static/css/",
    "/static/" + "a/" * 2_000,
    "/static/" + "%c0%ae%c0%ae/" * 4 + "etc/passwd",
    "/static/vendor/~root/.ssh/id_rsa",
    "/var/loyalty.db",
    "/.git/config",
    "/config/example.env",
    "//evil.example/static/mark.svg",
    "/./login",
    "/till/../login",
    "/api/v1/../v1/members/1",
    "/api/v1/members/1/../2",
    "/api/v1/members//1",
    "/login/%0d%0aSet-Cookie:%20session=x",
    "/{{70707*70707}}",
    "/%7b%7b70707*70707%7d%7d",
    "/\u202e/login",
    "/%ff%fe",
    "/" + "A" * 30_000,
]


@pytest.mark.parametrize("path", CLIMBS, ids=range(len(CLIMBS)))
@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_a_path_leads_to_what_is_for_everyone_or_to_nothing(shop, path):
    answer = shop.app.test_client().get(path)
    text = answer.get_data(as_text=True)
    assert answer.status_code in (200, 302, 308, 400, 401, 404), path
    for inside in (
        "import annotations",
        "root:",
        "{% ",
        "[core]",
        "LOYALTY_",
        "4999479849",
        SECRET,
    ):
        assert inside not in text, path
    assert "session=x" not in answer.headers.get("Set-Cookie", "")
    leads_to = answer.headers.get("Location", "/")
    assert leads_to.startswith(("/", "http://localhost/")), leads_to
    assert not leads_to.startswith(("//", "/\\")), leads_to
