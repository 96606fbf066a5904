"""Lists of customers for tests: rows by column, the command that reads them, what stands then."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner

from loyalty.core import clock
from loyalty.imports import importing
from tests.api import Api
from tests.core.rows import column
from tests.imports.files import written
from tests.purchases.receipts import phone

YESTERDAY = str((clock.now().date()).replace(day=1))
PROOF = ("--consent-given-on", YESTERDAY, "--consent-proof", "forms, folder 7")
KINDS = ("rows", "created", "changed", "unchanged", "duplicate")


def people(rows: Iterable[dict[str, str]]) -> str:
    """The text of a list; `phone` of a row is a number of ours (see `phone`) or as written."""
    given = list(rows)
    header = list(dict.fromkeys(name for row in given for name in row))
    lines = [[row.get(name, "") for name in header] for row in given]
    return "".join(",".join(cells) + "\n" for cells in [header, *lines])


def person(number: int, **cells: str) -> dict[str, str]:
    return {"phone": phone(number), **cells}


def run(cli: FlaskCliRunner, file: Path, *options: str) -> Result:
    return cli.invoke(args=["members", "import", str(file), *options])


def bring_in(
    cli: FlaskCliRunner, folder: Path, *rows: dict[str, str], options: Iterable[str] = ()
) -> dict[str, Any]:
    """What the last line of the command tells."""
    return told(run(cli, written(folder, people(rows), "people.csv"), "--json", *options))


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def counts(document: dict[str, Any]) -> tuple[int, ...]:
    """rows, created, changed, unchanged, duplicate."""
    return tuple(document[kind] for kind in KINDS)


def member(api: Api, number: int) -> dict[str, Any]:
    """As the API shows the member of a phone, whole."""
    (found,) = api.get("/members", phone=phone(number)).get_json()["items"]
    return api.get(f"/members/{found['id']}").get_json()


def consents(api: Api, member_id: int) -> set[str]:
    """The channels on which marketing counts."""
    items = api.get(f"/members/{member_id}/consents").get_json()["items"]
    return {one["channel"] for one in items if one["purpose"] == "marketing" and one["counts"]}


def short_steps(monkeypatch: pytest.MonkeyPatch, rows: int = 2) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", rows)


def kept(app: Flask) -> list[Path]:
    """Every file of imports under the data folder."""
    root: Path = app.extensions["settings"].data_dir / "imports"
    return sorted(path for path in root.rglob("*") if path.is_file())


def phones(app: Flask) -> list[str]:
    return column(app, "SELECT e164 FROM member_phones WHERE active_until IS NULL ORDER BY e164")
