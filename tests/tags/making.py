"""Tags for tests, made over the API, and what happens to them at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from loyalty.core.db import in_transaction
from tests.api import Api
from tests.purchases.receipts import buy, phone

WOMEN = {"field": "gender", "op": "eq", "value": "female"}
MEN = {"field": "gender", "op": "eq", "value": "male"}


def make(api: Api, name: str = "Khách quen", **body: Any) -> dict[str, Any]:
    """The view of a new tag."""
    answer = api.post("/tags", {"name": name, **body})
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def see(api: Api, slug: str) -> dict[str, Any]:
    answer = api.get(f"/tags/{slug}")
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def builds(api: Api, slug: str, **query: Any) -> list[dict[str, Any]]:
    answer = api.get(f"/tags/{slug}/builds", **query)
    assert answer.status_code == 200, answer.json
    return answer.get_json()["items"]


def tags_of(api: Api, member_id: int) -> list[dict[str, Any]]:
    answer = api.get(f"/members/{member_id}/tags")
    assert answer.status_code == 200, answer.json
    return answer.get_json()["items"]


def fill(api: Api, slug: str, **lists: list[str]) -> dict[str, Any]:
    answer = api.post(f"/tags/{slug}/members", lists)
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def join(api: Api, number: int = 1, **profile: Any) -> int:
    """The id of a new member, the `number`-th phone's."""
    answer = api.post("/members", {"phone": phone(number), **profile})
    assert answer.status_code == 201, answer.json
    return answer.get_json()["id"]


def buys(api: Api, number: int, **receipt: Any) -> int:
    """The id of the member who bought."""
    return buy(api, phone=phone(number), receipt_no=f"T-{number}", **receipt)["member"]["id"]


def at_once(app: Flask, *acts: Callable[[], object]) -> list[Exception]:
    """Run each in a thread and transaction of its own; what they raised."""
    raised: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            try:
                in_transaction(act)
            except Exception as why:
                raised.append(why)

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return raised
