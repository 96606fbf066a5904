"""What is said of an export beside its files, in `manifest.json` and in its row."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from flask_babel import format_decimal, gettext, ngettext
from sqlalchemy import Row

from loyalty.exports.filling import Filled
from loyalty.exports.formats import FORMATS
from loyalty.exports.orders import order_of
from loyalty.exports.rules import Order, Step
from loyalty.exports.selection import Selection
from loyalty.exports.writing import rows_of_smallest

NAME = "manifest.json"
FEW_ROWS = "few_rows"
"""In the smallest file, for a platform to make use of it."""
BY_CUSTOMER = "by_customer"
"""A delta compares customers, not their contacts."""
NO_CONTACT = "no_contact"
"""Of those who went out some are in no file."""


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
        "warnings": warnings_of(
            order_of(export), added=filled.added, without_contact=filled.without_contact
        ),
        "left_out": dict(sorted(filled.left_out.items())),
    }


def warnings_of(order: Order, *, added: int, without_contact: int = 0) -> list[dict[str, Any]]:
    """What whoever uses the files must know, as `[{code, ...}]`; `added` is how many rows they
    have, without those of who went out."""
    made_as = FORMATS[order.format]
    smallest = rows_of_smallest(made_as, added, rows_per_file=order.rows_per_file)
    warnings: list[dict[str, Any]] = []
    if made_as.fewest_rows and 0 < smallest < made_as.fewest_rows:
        warnings.append({"code": FEW_ROWS, "fewest": made_as.fewest_rows})
    if order.since_export is not None:
        warnings.append({"code": BY_CUSTOMER})
    if without_contact:
        warnings.append({"code": NO_CONTACT, "count": without_contact})
    return warnings


def sentence_of(warning: Mapping[str, Any]) -> str:
    """A warning in the current language."""
    if warning["code"] == BY_CUSTOMER:
        return gettext(
            "Whoever changed the phone or e-mail since that file is neither added nor removed:"
            " export the whole group from time to time."
        )
    if warning["code"] == NO_CONTACT:
        return ngettext(
            "%(number)s customer who went out has no contact left to stand in the file: take"
            " them off by hand.",
            "%(number)s customers who went out have no contact left to stand in the file: take"
            " them off by hand.",
            warning["count"],
            number=format_decimal(warning["count"]),
        )
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
