"""Every route that writes, sent values one can find again: none is in the log or in a line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.attacks.api import operations
from tests.attacks.forms import browser, forms_of, send
from tests.core.rows import column
from tests.doors import Shop, standing_open

MARKED = {
    "phone": "0938 111 222",
    "name": "Quách Dấuvết",
    "shop_name": "Tiệm Dấuvết",
    "email": "dauvet@example.vn",
    "birth_date": "1987-06-05",
    "occupation": "Dấuvết occupation",
    "district": "Dấuvết district",
    "login": "dauvet.login",
    "password": "dauvet-Secret-9731",
    "new_password": "dauvet-Secret-9731",
    "password_again": "dauvet-Secret-9731",
    "pin": "973164",
    "pin_again": "973164",
    "reason": "0938 111 222 asked, born 1987-06-05",
    "note": "0938 111 222 asked",
}
ON_PAPER = {"birth_date": "05/06/1987"}
TRACES = ["938111222", "938 111 222", "Dấuvết", "Dấu", "D\\u1ea5u", "dauvet", "973164"]
TRACES += ["1987-06-05", "05/06/1987", "Quách", "Qu\\u00e1ch"]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request, tmp_path_factory) -> Iterator[Shop]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with standing_open(databases, tmp_path_factory.mktemp("marked")) as standing:
        yield standing


def marked(value: Any) -> Any:
    """The same body with every value that has a mark replaced by it."""
    if isinstance(value, dict):
        return {name: MARKED.get(name, marked(inner)) for name, inner in value.items()}
    if isinstance(value, list):
        return [marked(inner) for inner in value]
    return value


def drive_the_api(shop: Shop) -> set[int]:
    statuses = set()
    client = shop.app.test_client()
    for caller in (shop.caller("manager's key"), shop.caller("cashier's key")):
        for operation in operations(shop.app):
            path = operation.path
            for name, value in caller.ids.items():
                path = path.replace(f"{{{name}}}", str(value))
            body = marked(operation.example) if operation.example else None
            if operation.path.endswith("/members/{member_id}") and operation.method == "PATCH":
                body = {name: MARKED[name] for name in ("name", "email", "birth_date", "district")}
            for key in (caller.key, f"{caller.key}x"):
                headers = {"Authorization": f"Bearer {key}"}
                answer = client.open(path, method=operation.method, json=body, headers=headers)
                statuses.add(answer.status_code)
    return statuses


def drive_the_pages(shop: Shop) -> set[int]:
    statuses = set()
    for name in ("manager", "cashier", "nobody at a browser"):
        for form in forms_of(shop, name):
            client = browser(shop, name)
            offered = {field.name for field in form.fields}
            marks = {key: text for key, text in (MARKED | ON_PAPER).items() if key in offered}
            statuses.add(send(client, form, {**form.filled(), **marks}).status_code)
    return statuses


def test_nothing_personal_is_in_the_log_or_in_a_line(shop, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    assert {200, 201, 401} <= drive_the_api(shop)
    drive_the_pages(shop)
    events = column(
        shop.app,
        "SELECT action || ' ' || object_kind || ' ' || object_id || ' ' || COALESCE(reason, '')"
        " || ' ' || COALESCE(CAST(details AS TEXT), '') FROM audit_events",
    )
    assert len({event.split()[0] for event in events}) >= 8
    said = "\n".join([*events, caplog.text, *capfd.readouterr()])
    keys = [caller.key for caller in shop.callers if caller.key]
    found = [
        trace for trace in [*TRACES, *keys] if trace in said or json.dumps(trace)[1:-1] in said
    ]
    assert found == [], [line for line in said.splitlines() if any(t in line for t in found)][:5]
