"""What is said of an export beside its files, in `manifest.json` and in its row."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from flask_babel import format_decimal, gettext
from sqlalchemy import Row

from loyalty.exports.filling import Filled
from loyalty.exports.rules import Step
from loyalty.exports.selection import Selection

NAME = "manifest.json"
FEW_ROWS = "few_rows"


def steps_document(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [asdict(step) for step in steps]


def document(export: Row[Any], chosen: Selection, filled: Filled) -> dict[str, Any]:
    """`{audience, format, reach, purpose, columns, limit, rows_per_file, since_export, as_of,
    steps, made_of, rows, files, warnings: [{code, ...}], left_out}` of a row of `exports`."""
    options = {name: value for name, value in export.options.items() if name != "language"}
    return {
        "audience": export.audience_slug,
        "format": export.format,
        "reach": export.reach,
        "purpose": export.purpose,
        **options,
        "as_of": chosen.as_of.isoformat().replace("+00:00", "Z"),
        "steps": steps_document(chosen.steps),
        "made_of": chosen.made_of,
        "rows": filled.rows,
        "files": [asdict(file) for file in filled.files],
        "warnings": _warnings(filled),
        "left_out": dict(sorted(filled.left_out.items())),
    }


def _warnings(filled: Filled) -> list[dict[str, Any]]:
    fewest = filled.fewest_rows
    if fewest is None or filled.rows >= fewest:
        return []
    return [{"code": FEW_ROWS, "fewest": fewest}]


def sentence_of(warning: Mapping[str, Any]) -> str:
    """A warning in the current language."""
    return gettext(
        "Fewer than %(fewest)s rows: the platform may refuse so small a list, or find too few"
        " people in it.",
        fewest=format_decimal(warning["fewest"]),
    )


def names_in(document: Mapping[str, Any]) -> list[str]:
    """Of the files that it lists, and its own."""
    return [*(file["name"] for file in document.get("files", [])), NAME]


def write(document: Mapping[str, Any], folder: Path) -> None:
    """Into `manifest.json`, with each warning's sentence in the current language."""
    told = [{**each, "sentence": sentence_of(each)} for each in document["warnings"]]
    text = orjson.dumps({**document, "warnings": told}, option=orjson.OPT_INDENT_2)
    descriptor = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(text + b"\n")
