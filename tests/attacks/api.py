"""Bodies and queries of the API, drawn from its own description."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask

from tests.api import BASE

Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Operation:
    """A call as the description gives it; `ways` lead to every field of its body."""

    method: str
    path: str
    example: dict[str, Any] | None
    ways: tuple[Way, ...]
    queries: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations(app: Flask) -> list[Operation]:
    document = app.test_client().get(f"{BASE}/openapi.json").get_json()
    return [
        _operation(method.upper(), path, said, document)
        for path, item in document["paths"].items()
        for method, said in item.items()
        if method != "parameters"
    ]


def _operation(method: str, path: str, said: dict[str, Any], document: dict) -> Operation:
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    ways = tuple(_ways(body["schema"], document)) if body else ()
    queries = tuple(p["name"] for p in said.get("parameters", []) if p.get("in") == "query")
    return Operation(method, path, body.get("example"), ways, queries)


def _ways(schema: dict[str, Any], document: dict) -> Iterator[Way]:
    """("phone",), ("lines", 0, "sku"), ("member", "name"): every field however deep."""
    schema = _resolved(schema, document)
    for name, inner in schema.get("properties", {}).items():
        yield (name,)
        inner = _resolved(inner, document)
        items = inner.get("items")
        if items is not None:
            yield (name, 0)
            yield from ((name, 0, *way) for way in _ways(items, document))
        yield from ((name, *way) for way in _ways(inner, document))


def _resolved(schema: dict[str, Any], document: dict) -> dict[str, Any]:
    for either in schema.get("anyOf", schema.get("allOf", ())):
        if "$ref" in either:
            schema = either
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def with_value(body: dict[str, Any], way: Way, value: Any) -> dict[str, Any]:
    """A copy that holds `value` at the end of the way; what is missing on it is made."""
    body = copy.deepcopy(body)
    inner: Any = body
    for step, following in zip(way, way[1:], strict=False):
        if isinstance(step, int):
            inner.extend([{}] * (step + 1 - len(inner)))
        elif not inner.get(step):
            inner[step] = [] if isinstance(following, int) else {}
        inner = inner[step]
    last = way[-1]
    if isinstance(last, int):
        inner[:] = [value]
    else:
        inner[last] = value
    return body
