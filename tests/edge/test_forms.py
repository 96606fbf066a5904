"""Forms: a token on every one, whole bodies only, no way out to other sites."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from loyalty.core.access import Door, rule_of
from tests.core.rows import row_counts
from tests.edge.conftest import OWNER
from tests.pages.visitor import PASSWORD, Visitor

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
MEGABYTE = 1024 * 1024


def forms_of(app) -> list[tuple[str, str]]:
    """Method and path of everything that a page can change, ids filled in."""
    found = []
    for rule in app.url_map.iter_rules():
        said = rule_of(app.view_functions[rule.endpoint])
        if said is not None and said.door is not Door.KEY:
            path = re.sub(r"<[^>]*?(int|int32)?:?\w+>", "1", rule.rule)
            found += [(method, path) for method in sorted(UNSAFE & (rule.methods or set()))]
    return found


@pytest.fixture
def visitor(shop) -> Visitor:
    """The owner, signed in."""
    visitor = Visitor(shop().test_client())
    visitor.sign_in(OWNER)
    return visitor


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    ({"csrf_token": ""}, {}),
    ({"csrf_token": "x" * 91}, {}),
    ({}, {"X-CSRFToken": "x"}),
    ({}, {"HX-Request": "true"}),
]


def test_every_form_needs_its_token(visitor):
    app = visitor.client.application
    paths = forms_of(app)
    assert {"/login", "/logout", "/preferences", "/setup"} <= {path for _, path in paths}
    before = row_counts(app)
    for (method, path), (form, headers) in itertools.product(paths, WRONG):
        answer = visitor.client.open(path, method=method, data=form, headers=headers)
        sent_back = answer.status_code == 204 and answer.headers.get("HX-Refresh") == "true"
        assert answer.status_code == 400 or sent_back, (method, path, answer.status)
    assert row_counts(app) == before
    assert visitor.get("/till").status_code == 200, "still signed in"


def test_a_token_of_another_session_is_worth_nothing(visitor):
    app = visitor.client.application
    stranger = Visitor(app.test_client())
    before = row_counts(app)
    for method, path in forms_of(app):
        answer = visitor.client.open(path, method=method, data={"csrf_token": stranger.token()})
        assert answer.status_code == 400, (method, path)
    assert row_counts(app) == before


def test_a_token_in_the_address_is_none(visitor):
    token = visitor.token()
    assert visitor.client.post(f"/logout?csrf_token={token}").status_code == 400
    assert visitor.get("/till").status_code == 200


ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example"]
ELSEWHERE += ["https:evil.example", "javascript:alert(1)", "/\t/evil.example", " //evil.example"]
ELSEWHERE += ["/%0d%0aSet-Cookie:x=1", "/\r\nSet-Cookie: x=1", "///evil.example", "evil.example"]
ELSEWHERE += ["/a/..//evil.example", "http:///evil.example", "\x00//evil.example"]
LEADS_ON = ("back", "next", "return", "return_to", "redirect", "url", "to")


def test_no_form_leads_out(visitor):
    for method, path in forms_of(visitor.client.application):
        visitor.sign_in(OWNER)  # the form before may have signed out
        token = visitor.token()
        tried = ELSEWHERE if path == "/preferences" else ELSEWHERE[:2]
        for number, elsewhere in enumerate(tried):
            given = dict.fromkeys(LEADS_ON, elsewhere)
            answer = visitor.client.open(path, method=method, data={**given, "csrf_token": token})
            assert number or answer.status_code != 400, path
            where = answer.headers.get("Location", "/")
            assert re.match(r"/(?![/\\])", where), (path, where)
            assert not re.search(r"[\s\\\x00]", where), (path, where)


def test_no_page_leads_out(visitor):
    rules = visitor.client.application.url_map.iter_rules()
    pages = [rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments]
    for page, elsewhere in itertools.product(pages, ELSEWHERE[:6]):
        answer = visitor.client.get(page, query_string=dict.fromkeys(LEADS_ON, elsewhere))
        assert re.match(r"/(?![/\\])", answer.headers.get("Location", "/")), page


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_password_of_a_megabyte_is_refused_dully(visitor, content_type):
    app = visitor.client.application
    before = row_counts(app)
    for path in ("/login", "/setup"):
        answer = visitor.client.post(
            path,
            data={"login": OWNER, "password": "x" * MEGABYTE, "csrf_token": visitor.token()},
            content_type=content_type,
        )
        assert answer.status_code in (413, 422), path
        assert answer.mimetype == "text/html"
        assert "xxxx" not in answer.text
    assert row_counts(app) == before


def test_a_form_of_a_thousand_and_more_parts_is_refused(visitor):
    part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    answer = visitor.client.post(
        "/login", data=part * 2_000 + "--b--\r\n", content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 413


def test_half_a_form_is_no_form(visitor):
    """A connection that breaks gives half a body, and the server does not say so."""
    body = f"csrf_token={visitor.token('/till')}&theme=dark&language=th"
    for given, status in ((len(body), 302), (len(body) + 1, 408), (len(body) + 10_000, 408)):
        answer = visitor.client.post(
            "/preferences",
            data=body,
            environ_overrides={"CONTENT_LENGTH": str(given)},
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == status, given


def test_a_form_in_chunks_is_refused(visitor):
    answer = visitor.client.post(
        "/login",
        data={"login": OWNER, "password": PASSWORD},
        headers={"Transfer-Encoding": "chunked"},
    )
    assert answer.status_code == 422
