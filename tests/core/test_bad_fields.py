"""Every field of every write: what is not right is refused with its name, and nothing written."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from tests.core.rows import row_counts
from tests.core.standing import standing_shop
from tests.purchases.receipts import problem

LINE = {"sku": "A-1", "name": "Áo", "category": "shirts", "quantity": 1, "amount": 150_000}
PROFILE = {
    "name": "Lan",
    "email": "lan@example.vn",
    "birth_date": "1990-02-28",
    "gender": "female",
    "income_band": "low",
    "occupation": "thợ may",
    "education": "đại học",
    "family_size": 3,
    "country": "VN",
    "province": "01",
    "district": "Cầu Giấy",
}
PURCHASE = {
    "phone": "0903 111 222",
    "store": "S01",
    "receipt_no": "HD-9",
    "register": "K1",
    "amount": 150_000,
    "quantity": 1,
    "purchased_at": "2026-01-05T10:00:00+07:00",
    "channel": "store",
    "lines": [LINE],
    "member": PROFILE,
}
ROUTES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "record": ("POST", "/purchases", PURCHASE),
    "create member": ("POST", "/members", {"phone": "0903 111 222", **PROFILE}),
    "change member": ("PATCH", "/members/1", PROFILE),
    "void": ("POST", "/purchases/1/void", {"reason": "typed twice"}),
    "reassign": ("POST", "/purchases/1/reassign", {"phone": "0903 111 222", "reason": "misheard"}),
}
RAW_NUMBERS = [b"1e300", b"-1e300", b"1e400", b"1.5", b"1.0", b"-1", b"18446744073709551616"]
NOT_TEXT: list[Any] = [True, False, 7, 1.5, [], ["a"], {}, {"a": 1}]
BAD_TEXT = ["a\x00b", "a\x1fb", "a\nb", "a\x7fb", "a\x85b", "x" * 5_000, "x" * 1_000_000]
NOT_A_NUMBER: list[Any] = [True, False, "1000", "1,000", "1_000", "", [], {}, 10**13 + 1, 2**63]
NOT_A_TIME = ["", "yesterday", "2026", "2026-13-01", "2026-02-30", "10:42", "1", "0001-01-01"]
NOT_A_TIME += ["9999-12-31T23:59:59Z", "2026-01-05T10:00:00+99:00", "2026-01-05T25:00:00"]
NOT_A_DAY = ["", "28/02/1990", "1990-02-30", "1899-12-31", "2999-01-01", "1990-02-28T00:00:00"]
CHOSEN = ["", "Store", "unknown", " store", "x" * 500]

BAD_VALUES: dict[str, list[Any]] = {
    **dict.fromkeys(("amount", "quantity", "family_size"), NOT_A_NUMBER),
    **dict.fromkeys(("channel", "gender", "income_band"), [*NOT_TEXT, *CHOSEN]),
    **dict.fromkeys(
        ("store", "receipt_no", "sku", "name", "occupation", "education", "province", "district"),
        [*NOT_TEXT, *BAD_TEXT, "", "   "],
    ),
    **dict.fromkeys(("register", "category", "reason"), [*NOT_TEXT, *BAD_TEXT]),
    "email": [*NOT_TEXT, *BAD_TEXT, "", "lan", "lan@", "@b.vn", f"{'x' * 300}@example.vn"],
    "phone": [*NOT_TEXT, "", "x" * 5_000, "0912\x00345678x", "0912xxxxxx", "19001234"],
    "country": [*NOT_TEXT, "", "vn", "VNM", "V", "VN\n", "Việt Nam"],
    "purchased_at": [*NOT_TEXT, *NOT_A_TIME],
    "birth_date": [*NOT_TEXT, *NOT_A_DAY],
    "lines": [[], {}, "A-1", 7, True, [None], ["A-1"], [[]], [LINE] * 501],
    "member": ["Lan", 7, True, [], [PROFILE]],
}
MAY_NOT_BE_NULL = {"phone", "store", "amount", "sku"}
LINE_MAY_NOT_BE_NULL = {"sku", "quantity", "amount"}
REQUIRED = {
    "record": {"phone", "store", "receipt_no", "amount"},
    "create member": {"phone"},
    "reassign": {"phone"},
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request, tmp_path_factory):
    databases = request.getfixturevalue(f"{request.param}_databases")
    with standing_shop(databases, tmp_path_factory.mktemp("standing")) as standing:
        yield standing


def places(body: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The way to every field: ("amount",), ("lines", 0, "sku"), ("member", "name") ..."""
    found: list[tuple[Any, ...]] = []
    for name, value in body.items():
        found.append((name,))
        inner = value if isinstance(value, dict) else {}
        found += [(name, *way) for way in places(inner)]
        if isinstance(value, list):
            found += [(name, 0, *way) for way in places(value[0])]
    return found


def changed(body: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy in which the field at the end of the way holds `value`."""
    body = copy.deepcopy(body)
    inner: Any = body
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return body


def send(api, method: str, path: str, body: Any):
    raw = (
        body
        if isinstance(body, bytes)
        else orjson.dumps(body, option=orjson.OPT_PASSTHROUGH_DATETIME)
    )
    return api.call(method, path, data=raw, content_type="application/json")


def names_in(errors: Any) -> set[str]:
    if not isinstance(errors, dict):
        return set()
    return {*errors, *(name for inner in errors.values() for name in names_in(inner))}


WAYS = [(route, way) for route, (_, _, body) in ROUTES.items() for way in places(body)]


@pytest.mark.parametrize(
    ("route", "way"), WAYS, ids=[f"{route}-{'.'.join(map(str, way))}" for route, way in WAYS]
)
def test_bad_value_is_refused_by_its_field_and_writes_nothing(shop, route, way):
    app, api = shop
    method, path, body = ROUTES[route]
    before = row_counts(app)
    values = list(BAD_VALUES[way[-1]])
    null = LINE_MAY_NOT_BE_NULL if way[0] == "lines" else MAY_NOT_BE_NULL
    values += [None] if way[-1] in null else []
    for value in values:
        answer = send(api, method, path, changed(body, way, value))
        document = problem(answer, 422, answer.get_json()["code"])
        assert way[-1] in names_in(document.get("errors")), (value, document)
    assert row_counts(app) == before


NUMBERS = [(route, way) for route, way in WAYS if BAD_VALUES[way[-1]] is NOT_A_NUMBER]


def test_numbers_that_json_can_write_and_we_cannot_take(shop):
    app, api = shop
    before = row_counts(app)
    for route, way in NUMBERS:
        method, path, body = ROUTES[route]
        text = orjson.dumps(changed(body, way, "HERE"))
        for number in [*RAW_NUMBERS, b"NaN", b"Infinity", b"-Infinity", b"01", b"0x10", b"1_000"]:
            answer = send(api, method, path, text.replace(b'"HERE"', number))
            assert answer.status_code in (400, 422), (way, number)
            problem(answer, answer.status_code, answer.get_json()["code"])
    assert row_counts(app) == before


@pytest.mark.parametrize("route", ROUTES)
def test_unknown_fields_are_refused_at_every_depth(shop, route):
    app, api = shop
    method, path, body = ROUTES[route]
    before = row_counts(app)
    ways = [
        ("colour",),
        *([("lines", 0, "colour"), ("member", "colour")] if "lines" in body else []),
    ]
    for way in [*ways, ("",), ("id",), ("__proto__",), ("x" * 10_000,), ("points",)]:
        document = problem(send(api, method, path, changed(body, way, 1)), 422, "invalid_request")
        assert way[-1] in names_in(document["errors"])
    assert row_counts(app) == before


@pytest.mark.parametrize("route", REQUIRED)
def test_required_fields_are_asked_for_by_name(shop, route):
    app, api = shop
    method, path, body = ROUTES[route]
    before = row_counts(app)
    for name in REQUIRED[route]:
        left = {key: value for key, value in body.items() if key != name}
        document = problem(
            send(api, method, path, left), 422, send(api, method, path, left).json["code"]
        )
        assert document["errors"].keys() == {name}
    assert row_counts(app) == before


@pytest.mark.parametrize("route", ROUTES)
def test_query_strings_on_writes_are_refused(shop, route):
    app, api = shop
    method, path, body = ROUTES[route]
    before = row_counts(app)
    answer = api.call(method, path, json=body, query_string="dry_run=true")
    assert "dry_run" in problem(answer, 422, "invalid_request")["errors"]
    assert row_counts(app) == before


def test_refusals_say_nothing_of_the_values(shop):
    """What was sent may be personal: an error names the field and what it takes."""
    _, api = shop
    body = {**PURCHASE, "member": {**PROFILE, "email": "lan at home", "gender": "Secretly"}}
    said = send(api, "POST", "/purchases", body).get_data(as_text=True)
    for value in ("lan at home", "Secretly", "903 111 222"):
        assert value not in said
