"""The system under test as a caller sees it: an address, a key, a store."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

SECONDS = 60
PER_POINT = 10_000
"""One point for every 10,000 VND: the programme that the stories are told in."""


@dataclass(frozen=True)
class Answer:
    status: int
    json: Any

    @property
    def code(self) -> str | None:
        return self.json.get("code") if self.status >= 400 else None


@dataclass(frozen=True, kw_only=True)
class System:
    """`url` ends with the version of the API. Numbers of phones and receipts are new each run."""

    url: str
    key: str
    store: str
    _numbers: Any = field(default_factory=itertools.count)
    _run: str = field(default_factory=lambda: secrets.token_hex(4))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=sent | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        try:
            with urlopen(request, timeout=SECONDS) as answer:
                return Answer(answer.status, json.load(answer))
        except HTTPError as refused:
            return Answer(refused.code, json.load(refused))

    def get(self, path: str, **query: Any) -> Any:
        """What is there; anything but 200 fails."""
        answer = self.call("GET", path + (f"?{urlencode(query)}" if query else ""))
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, {} if body is None else body, **headers)

    def made(self, path: str, body: Any) -> Any:
        """What was made; anything but 201 fails."""
        answer = self.post(path, body)
        assert answer.status == 201, answer
        return answer.json

    def done(self, path: str, body: Any = None) -> Any:
        """What an action answers; anything but 200 fails."""
        answer = self.post(path, body)
        assert answer.status == 200, answer
        return answer.json

    # -- what the stories are made of ------------------------------------------------

    def new_phone(self) -> str:
        """A Vietnamese mobile that nobody has yet."""
        return f"091{secrets.randbelow(10**7):07d}"

    def new_number(self) -> str:
        return f"{self._run}-{next(self._numbers)}"

    def receipt(self, phone: str, amount: int, **more: Any) -> dict[str, Any]:
        number = {"receipt_no": self.new_number()}
        return {"phone": phone, "store": self.store, "amount": amount, **number, **more}

    def buy(self, phone: str, amount: int, **more: Any) -> dict[str, Any]:
        """{"purchase", "member"} of a new receipt."""
        made: dict[str, Any] = self.made("/purchases", self.receipt(phone, amount, **more))
        return made

    def member_with(self, points: int) -> tuple[int, str]:
        """(id, phone) of a new member who earned so many points."""
        phone = self.new_phone()
        return self.buy(phone, points * PER_POINT)["member"]["id"], phone

    def points(self, member_id: int) -> dict[str, Any]:
        """{balance, held, available, debt, ...}"""
        standing: dict[str, Any] = self.get(f"/members/{member_id}/points")
        return standing

    def has(self, member_id: int) -> tuple[int, int]:
        """(available, debt)"""
        standing = self.points(member_id)
        return standing["available"], standing["debt"]

    def hold(self, member_id: int, points: int) -> Answer:
        return self.post(f"/members/{member_id}/redemptions", {"points": points})

    def spend(self, member_id: int, points: int) -> int:
        """Hold and capture; the redemption's id."""
        held = self.hold(member_id, points)
        assert held.status == 201, held
        self.done(f"/redemptions/{held.json['id']}/capture")
        return int(held.json["id"])

    def bring_back(self, purchase_id: int, amount: int, return_no: str | None = None) -> Answer:
        body = {"return_no": return_no or self.new_number(), "amount": amount}
        return self.post(f"/purchases/{purchase_id}/returns", body)

    def ledger(self, member_id: int) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.get(f"/members/{member_id}/entries")["items"]
        return entries


def at_once(acts: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Run all of them at the same moment, each in a thread of its own."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Answer]) -> Answer:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
