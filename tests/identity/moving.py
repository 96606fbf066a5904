"""Calls that move a person, for tests: two members, another number, a merge."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskCliRunner

from tests.api import Api
from tests.purchases.receipts import OTHER_PHONE, PHONE, buy


def two(api: Api, *, first: int = 100, second: int = 200) -> tuple[int, int]:
    """The ids of a member of PHONE and one of OTHER_PHONE with so many points each."""
    return (
        buy(api, phone=PHONE, receipt_no="A-1", amount=first * 10_000)["member"]["id"],
        buy(api, phone=OTHER_PHONE, receipt_no="B-1", amount=second * 10_000)["member"]["id"],
    )


def merge(api: Api, source_id: int, into_id: int) -> dict[str, Any]:
    """The survivor, as the API answers it."""
    answer = api.post(f"/members/{source_id}/merge", {"into": into_id})
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def found(api: Api, phone: str) -> dict[str, Any]:
    """What a search by number answers."""
    answer = api.get("/members", phone=phone)
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def id_of(api: Api, phone: str) -> int | None:
    items = found(api, phone)["items"]
    return items[0]["id"] if items else None


def verify(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output
