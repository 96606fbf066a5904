"""Hostile texts and other types in every field of every body, query and path of the API."""

from __future__ import annotations

import orjson
import pytest

from tests.attacks.api import operations, with_value
from tests.attacks.strings import CONFUSED, EVALUATED, GREEDY, HOSTILE, SECRET, SURROGATES
from tests.doors import content

NO_IDS = ["0", "-1", "1.0", "1e3", "01x", "٣", "9" * 40, "2147483648", "9223372036854775808"]
NO_IDS += ["%00", "1%00", "1;DROP TABLE members", "..%2f1", "%2e%2e", "{{70707*70707}}", "*"]
HERE = "here-stands-the-value"


def path_of(shop, operation):
    path = operation.path
    for name, value in shop.caller("manager's key").ids.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path


@pytest.fixture
def call(shop):
    client = shop.app.test_client()
    key = shop.caller("manager's key").key
    headers = {"Authorization": f"Bearer {key}"}

    def send(method, path, **given):
        return client.open(path, method=method, headers=headers, **given)

    return send


def check(answer, *told):
    """Refused or taken as a text: never a crash, nothing evaluated, nothing told."""
    text = answer.get_data(as_text=True)
    assert answer.status_code < 500, (told, text)
    assert EVALUATED not in text, told
    assert SECRET not in text, told
    assert "argon2" not in text, told
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json", told
        assert answer.get_json()["code"] != "internal_error"
    return answer.status_code >= 400


def raw_bodies(operation, way):
    """What lies deep is of a schema that is tried whole elsewhere: a few will do."""
    body = orjson.dumps(with_value(operation.example, way, HERE))
    deep = len(way) > 1
    given = [(kind, orjson.dumps(text)) for kind, text in HOSTILE.items()]
    given += [(kind, text) for kind, text in SURROGATES.items()]
    given += [(repr(value)[:20], _as_json(value)) for value in CONFUSED]
    given = given[::3] if deep else given
    for kind, written in given:
        yield kind, body.replace(b'"%s"' % HERE.encode(), written)


def _as_json(value):
    return str(value).encode() if type(value) is int else orjson.dumps(value)


def test_every_field_of_every_body(shop, call):
    refused = []
    for operation in operations(shop.app):
        path = path_of(shop, operation)
        for way in operation.ways:
            for kind, body in raw_bodies(operation, way):
                sent = {"data": body, "content_type": "application/json"}
                answer = call(operation.method, path, **sent)
                if check(answer, str(operation), way, kind):
                    refused.append((operation.method, path, sent))
    assert len(refused) > 500
    before = content(shop.app)
    for method, path, sent in refused[::7]:
        call(method, path, **sent)
    assert content(shop.app) == before


def test_every_query(shop, call):
    before = content(shop.app)
    for operation in operations(shop.app):
        if operation.method != "GET":
            continue
        path = path_of(shop, operation)
        for name in [*operation.queries, "unknown"]:
            for kind, text in HOSTILE.items():
                check(call("GET", path, query_string={name: text}), str(operation), name, kind)
            check(call("GET", f"{path}?{name}=%ff%fe&{name}=%ed%a0%80"), str(operation), name)
            check(call("GET", f"{path}?{name}[$ne]=1&{name}=1&{name}=2"), str(operation), name)
    assert content(shop.app) == before


def test_every_id_in_a_path(shop, call):
    before = content(shop.app)
    for operation in operations(shop.app):
        if "{" not in operation.path:
            continue
        for wrong in NO_IDS:
            path = operation.path
            for name in shop.caller("manager's key").ids:
                path = path.replace(f"{{{name}}}", wrong)
            answer = call(operation.method, path, json=operation.example or {})
            assert check(answer, path) or operation.method == "GET", path
    assert content(shop.app) == before


def test_no_body_takes_more_than_it_offers(shop, call):
    """Mass assignment: what only the service decides is no field of any body."""
    before = content(shop.app)
    for operation in operations(shop.app):
        if operation.example is None:
            continue
        offered = {way[-1] for way in operation.ways}
        for name, value in GREEDY.items():
            if name in offered:
                continue
            parents = {way[:-1] for way in operation.ways if isinstance(way[-1], str)}
            for parent in parents:
                body = with_value(operation.example, (*parent, name), value)
                answer = call(operation.method, path_of(shop, operation), json=body)
                told = (str(operation), parent, name, answer.text)
                if answer.status_code == 200:
                    assert answer.get_json()["recorded"] == 0, told
                else:
                    assert answer.status_code == 422, told
    assert content(shop.app) == before
