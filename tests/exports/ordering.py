"""Exports for tests: people who agreed, a group of them, an order, the files that come of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.api import Api
from tests.audiences.making import make, make_tag
from tests.tags.building import do_jobs
from tests.tags.making import join

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what no database has a part in."""
PURPOSE = "Khai trương cửa hàng mới"


def person(api: Api, number: int, *, agrees: Iterable[str] = ("sms", "ads"), **profile: Any) -> int:
    """The id of a new member, the `number`-th phone's, who signed for these channels."""
    member_id = join(api, number, **profile)
    for channel in agrees:
        agree(api, member_id, channel)
    return member_id


def agree(api: Api, member_id: int, channel: str, *, granted: bool = True) -> None:
    said = {"channel": channel, "purpose": "marketing", "granted": granted}
    proof = {"proof": "form 7"} if granted else {}
    answer = api.put(f"/members/{member_id}/consents", {**said, **proof})
    assert answer.status_code == 200, answer.json


def group(app: Flask, api: Api, members: Collection[int], slug: str = "g") -> str:
    """An audience of exactly these."""
    make_tag(app, f"tag-{slug}", members)
    make(api, slug, {"tag": f"tag-{slug}"})
    return slug


def order(api: Api, slug: str = "g", **body: Any) -> dict[str, Any]:
    """The view of an export that waits to be made."""
    given = {"format": "csv", "reach": "sms", "purpose": PURPOSE, **body}
    given = {name: value for name, value in given.items() if value is not None}
    answer = api.post(f"/audiences/{slug}/exports", given)
    assert answer.status_code == 202, answer.json
    return answer.get_json()


def see(api: Api, export_id: int) -> dict[str, Any]:
    answer = api.get(f"/exports/{export_id}")
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def exported(app: Flask, api: Api, slug: str = "g", **body: Any) -> dict[str, Any]:
    """Ordered, and done."""
    export_id = order(api, slug, **body)["id"]
    do_jobs(app)
    view = see(api, export_id)
    assert view["state"] == "done", view["error"]
    return view


def fetch(api: Api, export_id: int, name: str) -> bytes:
    answer = api.get(f"/exports/{export_id}/files/{name}")
    assert answer.status_code == 200, answer.json
    return answer.data


def manifest(api: Api, export_id: int) -> dict[str, Any]:
    return json.loads(fetch(api, export_id, "manifest.json"))


def rows(api: Api, view: dict[str, Any], name: str | None = None) -> list[dict[str, str]]:
    """Of one file, or of all."""
    names = [name] if name else [file["name"] for file in view["files"]]
    texts = [fetch(api, view["id"], each).decode("utf-8-sig") for each in names]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text))]


def steps(view: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """name -> how many are left, how many went."""
    return {step["name"]: (step["count"], step["removed"]) for step in view["steps"]}


def stored(app: Flask) -> list[str]:
    """Every file of exports under the data folder."""
    root: Path = app.extensions["settings"].data_dir / "exports"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
