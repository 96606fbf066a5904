"""Receipts for tests: plain dictionaries, and the calls that record them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.test import TestResponse

from tests.api import Api

PHONE = "0912 345 678"
E164 = "+84912345678"
OTHER_PHONE = "0987 654 321"
OTHER_E164 = "+84987654321"
LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

WAYS_TO_WRITE = [
    "0912345678",
    "0912 345 678",
    "0912.345.678",
    "0912-345-678",
    "912345678",
    "+84912345678",
    "+84 912 345 678",
    "+84(0)912345678",
    "84912345678",
    "0084912345678",
    "tel:+84912345678",
    "'0912345678",
    "0912\u00a0345\u00a0678",
    "\u200b0912345678\u200e",
    "０９１２３４５６７８",
    "SĐT: 0912 345 678",
    "0912345678 (Zalo)",
    "0912345678.0",
]
"""One number as people write it (semantics, Phones)."""


def phone(number: int) -> str:
    """The `number`-th of as many Vietnamese mobiles as a test needs."""
    return f"09120{number:05d}"


def e164(number: int) -> str:
    return f"+849120{number:05d}"


def receipt(**changes: Any) -> dict[str, Any]:
    """A receipt of 150,000 VND, 15 points; a change to None leaves the field out."""
    given = {"phone": PHONE, "store": "S01", "receipt_no": "HD-1", "amount": 150_000}
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def send(api: Api, headers: dict[str, str] | None = None, **changes: Any) -> TestResponse:
    return api.post("/purchases", receipt(**changes), **(headers or {}))


def buy(api: Api, **changes: Any) -> dict[str, Any]:
    """Record a receipt that was not there before; the answer's JSON."""
    answer = send(api, **changes)
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def points_of(api: Api, member_id: int) -> dict[str, Any]:
    answer = api.get(f"/members/{member_id}/points")
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def balance(api: Api, written_phone: str) -> int | None:
    """The balance shown of a phone's member; None where there is no member."""
    items = api.get("/members", phone=written_phone).get_json()["items"]
    return items[0]["points"] if items else None


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The RFC 9457 document of a refusal, checked for its form."""
    document = answer.get_json(force=True)
    assert (answer.status_code, document["code"]) == (status, code), document
    assert answer.content_type == "application/problem+json"
    assert document["status"] == status
    assert document["type"] == f"urn:problem:{code}"
    assert document["title"]
    assert document["detail"]
    return document


def local(text: str) -> datetime:
    """`2026-03-01 23:59` of the shop, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL).astimezone(UTC)
