"""A shop that keeps one attribute of each kind."""

from __future__ import annotations

from typing import Any

from tests.api import Api

EVERY_KIND: tuple[dict[str, Any], ...] = (
    {"name": "nickname", "label": "Tên gọi ở nhà", "kind": "text"},
    {"name": "distance_km", "label": "Cách cửa hàng (km)", "kind": "number"},
    {"name": "has_pet", "label": "Có thú cưng", "kind": "bool"},
    {"name": "wedding", "label": "Ngày cưới", "kind": "date"},
    {"name": "vehicle", "label": "Xe", "kind": "choice", "choices": ["xe máy", "ô tô"]},
    {
        "name": "interests",
        "label": "Sở thích",
        "kind": "choices",
        "choices": ["trà", "cà phê", "bánh"],
    },
)


def declare(api: Api, name: str, kind: str, choices: list[str] | None = None) -> None:
    body = {"name": name, "label": name, "kind": kind, "choices": choices}
    assert api.post("/attributes", body).status_code == 201


def declare_every_kind(api: Api) -> None:
    for each in EVERY_KIND:
        assert api.post("/attributes", each).status_code == 201
