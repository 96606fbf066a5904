"""People of a small shop who type receipts, and managers who look at what waits."""

from __future__ import annotations

from typing import Any

from flask import Flask

from loyalty.core.phone import PhoneNumber
from loyalty.purchases import service as purchases
from loyalty.purchases import trust_review
from loyalty.purchases.schemas import PurchaseSchema
from loyalty.purchases.trust_review import Decided
from tests.api import Api
from tests.core.rows import change
from tests.purchases.receipts import receipt
from tests.staff.people import acting


def type_in(app: Flask, login: str, **changes: Any) -> dict[str, Any]:
    """A receipt as this person's till records it: `{purchase, member}`."""
    with app.test_request_context(), acting(app, login):
        given = PurchaseSchema().load(receipt(**changes))
        return purchases.record(given, source="till").as_answer()


def move(app: Flask, login: str, purchase_id: int, e164: str) -> None:
    with app.test_request_context(), acting(app, login):
        purchases.reassign(purchase_id, PhoneNumber(e164), reason=None)


def cancel(app: Flask, login: str, purchase_id: int) -> None:
    with app.test_request_context(), acting(app, login):
        purchases.void(purchase_id, reason=None)


def give_phone(app: Flask, login: str, e164: str) -> None:
    change(
        app, "UPDATE staff_users SET phone = :phone WHERE login = :login", phone=e164, login=login
    )


def decide(app: Flask, login: str, flag_id: int, *, approves: bool) -> Decided:
    with app.test_request_context(), acting(app, login):
        return trust_review.decide(flag_id, approves=approves)


def flags(api: Api) -> list[dict[str, Any]]:
    answer = api.get("/flags")
    assert answer.status_code == 200, answer.json
    return answer.get_json()["items"]


def kinds(api: Api) -> list[list[str]]:
    return [flag["kinds"] for flag in flags(api)]
