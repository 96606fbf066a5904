"""Goods that are bought and brought back: plain lines, and the calls that return them."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from loyalty.core.db import db, transaction
from loyalty.programme import service as programme
from loyalty.programme.models import ProgrammeSettings
from tests.api import Api
from tests.properties.shop import broken_invariants
from tests.purchases.receipts import buy


def line(sku: str, quantity: int, amount: int | None = None, **more: Any) -> dict[str, Any]:
    given = {"sku": sku, "quantity": quantity, "amount": amount, **more}
    return {name: value for name, value in given.items() if value is not None}


def buy_goods(api: Api, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A receipt of these lines; the answer's JSON."""
    amount = sum(each["amount"] for each in lines)
    return buy(api, lines=list(lines), amount=amount, **changes)


def send_back(api: Api, purchase_id: int, return_no: str = "TH-1", **given: Any) -> TestResponse:
    return api.post(f"/purchases/{purchase_id}/returns", {"return_no": return_no, **given})


def bring_back(api: Api, purchase_id: int, return_no: str = "TH-1", **given: Any) -> dict[str, Any]:
    """A return that was not there before; the answer's JSON."""
    answer = send_back(api, purchase_id, return_no, **given)
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def bring_unnamed(api: Api, return_no: str = "TH-1", **given: Any) -> dict[str, Any]:
    answer = api.post("/returns", {"store": "S01", "return_no": return_no, **given})
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def look(api: Api, purchase_id: int) -> dict[str, Any]:
    """The purchase with its lines, what is left of it, and its returns."""
    answer = api.get(f"/purchases/{purchase_id}")
    assert answer.status_code == 200, answer.json
    return answer.get_json()["purchase"]


def decide(app: Flask, **policy: Any) -> None:
    """Settings of the programme, as in `policy.Policy`."""
    with app.app_context(), transaction():
        db.session.get_one(ProgrammeSettings, 1).settings = policy
        programme.touch()


def pay_with_points(api: Api, member_id: int, points: int, **changes: Any) -> dict[str, Any]:
    """A purchase on which so many points of the member are used."""
    held = api.post(f"/members/{member_id}/redemptions", {"points": points})
    assert held.status_code == 201, held.json
    return buy(api, redemptions=[held.get_json()["id"]], **changes)


def verify(app: Flask) -> None:
    assert broken_invariants(app) == ""
