"""Logs: no phone, name, e-mail or key in any line, whatever the request and however it ends."""

from __future__ import annotations

import http.client
import json
import logging

import pytest

from loyalty.core.logs import log, mask_numbers
from loyalty.members import service as members
from loyalty.purchases import service as purchases
from tests.core.rows import change
from tests.live import LiveServer, serving
from tests.purchases.receipts import problem, receipt
from tests.shop import make_key, make_store

PHONE = "0912345678"
NAME = "Nguyễn Thị Bích Hằng"
EMAIL = "bich.hang@example.vn"
PRIVATE = ("912345678", "912 345 678", "Bích", "B\\u00edch", "bich.hang")
PERSON = receipt(phone=PHONE, member={"name": NAME, "email": EMAIL})


def requests_of_a_day() -> list[tuple[str, str, object]]:
    """Method, path and body of good and bad calls, all about one person."""
    return [
        ("POST", "/purchases", PERSON),
        ("POST", "/purchases", PERSON),
        ("POST", "/purchases", PERSON | {"amount": 1}),
        ("POST", "/purchases", PERSON | {"phone": f"{PHONE}x"}),
        ("POST", "/purchases", PERSON | {"phone": EMAIL}),
        ("POST", "/purchases", PERSON | {PHONE: NAME}),
        ("POST", "/purchases", PERSON | {"store": PHONE}),
        ("POST", "/purchases", PERSON | {"amount": PHONE}),
        ("POST", "/purchases", [NAME]),
        ("POST", "/purchases/batch", {"purchases": [PERSON, {"phone": PHONE}, NAME]}),
        ("POST", "/purchases/1/reassign", {"phone": PHONE, "reason": NAME}),
        ("POST", f"/purchases/{PHONE}/void", {"reason": NAME}),
        ("GET", f"/members?phone={PHONE}", None),
        ("GET", f"/members?phone=%2B84{PHONE[1:]}&{EMAIL}=1", None),
        ("GET", f"/members?phone={PHONE}x", None),
        ("GET", f"/{PHONE}/{EMAIL}", None),
        ("DELETE", f"/members/{PHONE}", None),
        ("PATCH", "/members/1", {"name": NAME, "email": EMAIL, "phone": PHONE}),
    ]


def private_in(text: str, *keys: str) -> list[str]:
    return [word for word in (*PRIVATE, *keys) if word in text]


def break_with_private_text(monkeypatch, module, name: str) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError(f"{NAME} <{EMAIL}> {PHONE} +84 912 345 678")

    monkeypatch.setattr(module, name, crash)


def test_no_request_leaves_a_person_in_the_logs(api, store, caplog, capfd, monkeypatch):
    caplog.set_level(logging.DEBUG, logger="loyalty")
    answers = [
        api.client.open(
            f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {key}"}
        )
        for method, path, body in requests_of_a_day()
        for key in (api.key, f"{api.key}x")
    ]
    assert {200, 201, 401, 404, 409, 422} <= {answer.status_code for answer in answers}
    break_with_private_text(monkeypatch, purchases, "record")
    break_with_private_text(monkeypatch, members, "find_by_phone")
    problem(api.post("/purchases", PERSON), 500, "internal_error")
    problem(api.get("/members", phone=PHONE), 500, "internal_error")
    said = caplog.text + "".join(capfd.readouterr())
    assert "crash" in said
    assert private_in(said, api.key) == []


def test_crash_is_answered_and_logged_without_its_text(api, store, caplog, monkeypatch):
    break_with_private_text(monkeypatch, purchases, "record")
    answer = api.post("/purchases", PERSON)
    body = problem(answer, 500, "internal_error")
    assert set(body) == {"type", "title", "status", "code", "detail"}
    assert private_in(answer.get_data(as_text=True)) == []
    [record] = [record for record in caplog.records if record.name == "loyalty"]
    line = json.loads(record.getMessage())
    assert (line["event"], line["level"], line["error"]) == ("crash", "error", "RuntimeError")
    assert line["route"] == "/api/v1/purchases"
    assert line["place"].startswith("break_with_private_text.<locals>.crash:")
    assert private_in(caplog.text) == []
    assert record.exc_info is None


def test_crash_of_a_page_says_nothing_either(client, caplog, monkeypatch):
    monkeypatch.setitem(client.application.view_functions, "health.healthz", raise_private)
    answer = client.get(f"/healthz?phone={PHONE}")
    assert answer.status_code == 500
    assert private_in(answer.get_data(as_text=True) + caplog.text) == []


def raise_private() -> None:
    raise ValueError(PHONE, NAME, EMAIL)


def test_crash_in_the_database_says_nothing_of_the_row(api, app, store, caplog, capfd):
    """SQLAlchemy's text for it holds the statement and its parameters."""
    change(app, "ALTER TABLE member_phones RENAME COLUMN e164 TO gone")
    answer = api.post("/purchases", PERSON)
    problem(answer, 500, "internal_error")
    said = answer.get_data(as_text=True) + caplog.text + "".join(capfd.readouterr())
    assert '"event": "crash"' in said
    assert private_in(said, api.key) == []


def call(server: LiveServer, key: str, method: str, path: str, body: object) -> tuple[int, str]:
    """Status and text of the answer to a call over the wire."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method, f"/api/v1{path}", sent, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_real_server_says_nothing_of_a_person(app, environ, capfd):
    """The same day over HTTP, a broken database, and what the process wrote."""
    make_store(app)
    key = make_key(app)
    with serving(environ) as server:
        for method, path, body in requests_of_a_day():
            call(server, key, method, path, body)
        change(app, "ALTER TABLE purchases RENAME COLUMN amount TO gone")
        status, crashed = call(server, key, "POST", "/purchases", PERSON | {"receipt_no": "HD-2"})
    assert (status, json.loads(crashed)["code"]) == (500, "internal_error")
    assert private_in(crashed) == []
    said = "".join(capfd.readouterr())
    [line] = [line for line in said.splitlines() if "crash" in line]
    assert json.loads(line)["route"] == "/api/v1/purchases"
    assert private_in(said, key) == []


@pytest.mark.parametrize(
    "text",
    ["0912345678", "+84912345678", "84 912 345 678", "0912.345.678", "(028) 3823-4567", "091234567"]
    + ["of 0912345678: no", "0912345678,0987654321"],
)
def test_number_that_slips_into_a_value_is_masked(text):
    masked = mask_numbers(None, "info", {"event": text, "why": text})
    assert not any(digits in str(masked) for digits in ("345", "382", "765"))


@pytest.mark.parametrize("text", ["HTTP 500", "2026-11-22", "12345678", "recorded 69659"])
def test_other_numbers_stay(text):
    assert mask_numbers(None, "info", {"event": text}) == {"event": text}


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_line_is_json_with_level_and_time(caplog):
    log.info("export", rows=3, name=f"to {PHONE}")
    line = json.loads(caplog.records[-1].getMessage())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "export", "level": "info", "rows": 3, "name": "to •••"}
