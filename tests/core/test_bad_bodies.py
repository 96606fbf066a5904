"""Bodies that are no JSON object of ours: always a 4xx with a code, and nothing written."""

from __future__ import annotations

import orjson
import pytest

from tests.core.rows import row_counts
from tests.core.standing import standing_shop
from tests.purchases.receipts import problem, receipt

WRITES = [
    ("POST", "/purchases"),
    ("POST", "/purchases/batch"),
    ("POST", "/members"),
    ("PATCH", "/members/1"),
    ("POST", "/purchases/1/void"),
    ("POST", "/purchases/1/reassign"),
]
READS = [
    "/members?phone=0912345678",
    "/members/1",
    "/members/1/points",
    "/members/1/entries",
    "/entries/1",
    "/purchases?store=S01&receipt_no=HD-1",
]
DEEP = 100_000
NO_JSON = {
    "empty": b"",
    "blank": b"  \n",
    "cut short": b'{"phone": "0912',
    "two documents": b"{}{}",
    "a trailing comma": b'{"phone": "0912345678",}',
    "single quotes": b"{'phone': '0912345678'}",
    "a comment": b"{} // x",
    "NaN": b'{"amount": NaN}',
    "Infinity": b'{"amount": Infinity}',
    "broken UTF-8": b'{"phone": "\xff\xfe"}',
    "overlong UTF-8": b'{"phone": "\xc0\xaf"}',
    "UTF-16": '{"phone": "0912345678"}'.encode("utf-16"),
    "another encoding": '{"reason": "Đ"}'.encode("cp1258"),
    "a lone surrogate": rb'{"reason": "\ud800"}',
    "a reversed pair": rb'{"reason": "\udc00\ud800"}',
    "a raw control character": b'{"reason": "a\x01b"}',
    "a raw NUL": b'{"reason": "a\x00b"}',
    "lists without end": b"[" * DEEP,
    "lists in lists": b"[" * DEEP + b"]" * DEEP,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "form data": b"phone=0912345678&store=S01",
    "XML": b"<purchase/>",
}
NO_OBJECT = [
    b"[]",
    b"null",
    b"7",
    b"true",
    b'"text"',
    b'[{"phone": "0912345678"}]',
    b"1e300",
    b"[1]",
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request, tmp_path_factory):
    databases = request.getfixturevalue(f"{request.param}_databases")
    with standing_shop(databases, tmp_path_factory.mktemp("standing")) as standing:
        yield standing


@pytest.fixture
def untouched(shop):
    """The caller; afterwards every table holds as many rows as before."""
    app, api = shop
    before = row_counts(app)
    yield api
    assert row_counts(app) == before


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_body_that_is_no_json_is_refused(untouched, method, path):
    for kind, body in NO_JSON.items():
        answer = untouched.call(method, path, data=body, content_type="application/json")
        assert answer.status_code == 400, kind
        problem(answer, 400, "invalid_json")


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_body_that_is_no_object_is_refused(untouched, method, path):
    for body in NO_OBJECT:
        answer = untouched.call(method, path, data=body, content_type="application/json")
        problem(answer, 422, "invalid_request")


CONTENT_TYPES = [None, "", "text/plain", "text/json", "application/x-www-form-urlencoded"]
CONTENT_TYPES += ["multipart/form-data; boundary=x", "application/xml", "application/jsonp", "json"]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_other_content_types_are_refused(untouched, method, path):
    for content_type in CONTENT_TYPES:
        answer = untouched.call(method, path, data=b"{}", content_type=content_type)
        problem(answer, 415, "unsupported_media_type")


def test_content_type_may_name_its_charset(shop):
    _, api = shop
    body = orjson.dumps(receipt())
    answer = api.call(
        "POST", "/purchases", data=body, content_type="application/json; charset=utf-8"
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_ten_megabytes_are_refused(untouched, method, path):
    body = b'{"reason": "' + b"x" * 10 * 1024 * 1024 + b'"}'
    answer = untouched.call(method, path, data=body, content_type="application/json")
    problem(answer, 413, "request_too_large")


def test_large_body_below_the_limit_is_read_and_refused_by_its_fields(untouched):
    body = {"purchases": [receipt(receipt_no="x" * 1_000)] * 5_000}
    answer = untouched.post("/purchases/batch", body)
    assert answer.status_code == 200
    assert len(answer.get_json()["rejected"]) == 5_000


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_methods_a_route_does_not_take(untouched, method, path):
    for other in ("PUT", "DELETE", "TRACE", "PROPFIND"):
        answer = untouched.call(other, path, data=b"{}", content_type="application/json")
        problem(answer, 405, "method_not_allowed")


def test_addresses_of_nothing(untouched):
    for path in (
        "/",
        "/purchase",
        "/purchases/",
        "/members/x",
        "/members/1/",
        "/%00",
    ):
        answer = untouched.get(path)
        assert answer.status_code in (404, 405)
        problem(answer, answer.status_code, answer.get_json()["code"])


def test_unknown_query_fields_are_refused(untouched):
    for path in READS:
        more = "&" if "?" in path else "?"
        for name in ("limit=1", "%00=1", "x=%FF", "a[]=1"):
            answer = untouched.client.get(
                f"/api/v1{path}{more}{name}", headers={"Authorization": f"Bearer {untouched.key}"}
            )
            problem(answer, 422, "invalid_request")


HEADERS = [
    {"Accept": "text/html"},
    {"Accept-Language": "x" * 5_000},
    {"Accept-Language": "th;q=abc, *"},
    {"X-Forwarded-For": "' OR 1=1 --"},
    {"Content-Encoding": "gzip"},
    {"Cookie": "session=forged; preferences=%00"},
    {"Range": "bytes=0-1"},
    {"If-Match": "*"},
]


def test_strange_headers_change_no_answer(untouched):
    for headers in HEADERS:
        answer = untouched.call("POST", "/purchases", json=receipt(), headers=headers)
        assert answer.status_code == 200, headers
        assert answer.get_json()["member"]["points"] == 15
