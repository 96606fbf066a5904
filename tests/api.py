"""A caller of the API in tests: sends its key and JSON, nothing else."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BASE = "/api/v1"


class Api:
    """`api.post("/purchases", {...})` calls /api/v1/purchases with the key of `role`."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self.client = client
        self.key = key

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("PUT", path, json=body, headers=headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("PATCH", path, json=body, headers=headers)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.call("DELETE", path, headers=headers)

    def call(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **given: Any
    ) -> TestResponse:
        """Headers are given as keywords: `Idempotency_Key="1"` is sent as `Idempotency-Key`."""
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        sent["Authorization"] = f"Bearer {self.key}"
        if given.get("json") is None:
            given.pop("json", None)
        return self.client.open(BASE + path, method=method, headers=sent, **given)
