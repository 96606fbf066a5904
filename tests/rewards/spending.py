"""Points spent over the API, as tests write it down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from loyalty.core import clock
from tests.api import Api
from tests.purchases.receipts import points_of, problem

HOLD = timedelta(minutes=15)


def later(**time: Any) -> Any:
    return clock.now() + timedelta(**time)


def offer(api: Api, **changes: Any) -> dict[str, Any]:
    """A reward of 5 points, worth 30,000 VND."""
    given = {"name": "Cà phê sữa", "cost": 5, "worth": 30_000, **changes}
    answer = api.post("/rewards", given)
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def try_hold(api: Api, member_id: int = 1, **asked: Any) -> Any:
    return api.post(f"/members/{member_id}/redemptions", asked)


def hold(api: Api, member_id: int = 1, **asked: Any) -> dict[str, Any]:
    answer = try_hold(api, member_id, **asked)
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def refused(api: Api, code: str, member_id: int = 1, *, status: int = 409, **asked: Any) -> Any:
    """The problem that a hold is refused with."""
    return problem(try_hold(api, member_id, **asked), status, code)


def step(api: Api, redemption: dict[str, Any], what: str, **body: Any) -> Any:
    """`capture`, `void` or `reverse` it."""
    return api.post(f"/redemptions/{redemption['id']}/{what}", body)


def done(api: Api, redemption: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    answer = step(api, redemption, what, **body)
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def spend(api: Api, member_id: int = 1, **asked: Any) -> dict[str, Any]:
    """Held and captured."""
    return done(api, hold(api, member_id, **asked), "capture")


def seen(api: Api, redemption: dict[str, Any]) -> dict[str, Any]:
    return api.get(f"/redemptions/{redemption['id']}").get_json()


def left(api: Api, reward: dict[str, Any]) -> int | None:
    """How many of a reward are left."""
    return api.get(f"/rewards/{reward['id']}").get_json()["stock"]


def standing(api: Api, member_id: int = 1) -> tuple[int, int, int]:
    """(balance, held, available)"""
    found = points_of(api, member_id)
    return found["balance"], found["held"], found["available"]
