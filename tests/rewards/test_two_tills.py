"""Two tills at once: the same points, the same hold, the last piece of a gift."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.live import serving
from tests.purchases.race import at_once
from tests.purchases.receipts import OTHER_PHONE, buy
from tests.rewards.spending import left, offer, standing

ROUNDS = 50
SECONDS = 30


@pytest.fixture(autouse=True)
def members(shop, api):
    """Members 1 and 2 with 15 points each."""
    buy(api)
    buy(api, phone=OTHER_PHONE, receipt_no="HD-2")


class Till:
    """A connection of its own to the real server."""

    def __init__(self, server, key):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=SECONDS)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path, body):
        """(status, answer)"""
        self.connection.request("POST", f"/api/v1{path}", json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_same_points_are_held_by_one_of_them(environ, database_url, api, api_key):
    processes = 2 if database_url.startswith("postgresql") else 1
    barrier = Barrier(2)

    def hold(till):
        barrier.wait(SECONDS)
        return till.post("/members/1/redemptions", {"points": points})

    with serving(environ, processes=processes) as server, ThreadPoolExecutor(2) as threads:
        tills = [Till(server, api_key("cashier")) for _ in range(2)]
        for number in range(ROUNDS):
            points = 15 if number % 2 else 8
            answers = sorted(threads.map(hold, tills), key=lambda answer: answer[0])
            (won, held), (lost, told) = answers
            assert (won, lost, told["code"]) == (201, 409, "insufficient_points")
            assert told["available"] == 15 - points
            assert tills[0].post(f"/redemptions/{held['id']}/void", {})[0] == 200
    assert standing(api) == (15, 0, 15)


@pytest.fixture
def race(app, api_key):
    """`race((path, body), ...)`: called at the same moment; the answers, best first."""
    key = api_key("cashier")

    def post(path, body):
        return lambda till: till.post(path, body)

    def calls(*asked):
        answers = at_once(app, key, [post(*each) for each in asked])
        return sorted(answers, key=lambda answer: answer.status_code)

    return calls


def test_same_hold_is_captured_or_voided_never_both(race, api):
    for _ in range(ROUNDS // 5):
        held = api.post("/members/1/redemptions", {"points": 1}).get_json()
        path = f"/redemptions/{held['id']}"
        won, lost = race((f"{path}/capture", {}), (f"{path}/void", {}))
        assert (won.status_code, lost.get_json()["code"]) == (200, "redemption_ended")
        assert api.get(path).get_json() == won.get_json()


def test_same_capture_by_all_is_one_capture(race, api):
    held = api.post("/members/1/redemptions", {"points": 5}).get_json()
    answers = race(*[(f"/redemptions/{held['id']}/capture", {})] * 4)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert standing(api) == (10, 0, 10)


def test_last_piece_of_a_gift_is_one_members(race, api):
    gift = offer(api, cost=1, stock=0)
    for _ in range(ROUNDS // 5):
        api.patch(f"/rewards/{gift['id']}", {"stock": 1})
        won, lost = race(
            *((f"/members/{number}/redemptions", {"reward": gift["id"]}) for number in (1, 2))
        )
        assert (won.status_code, lost.get_json()["code"]) == (201, "out_of_stock")
        assert left(api, gift) == 0
