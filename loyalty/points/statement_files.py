"""A statement as a file for people, in the reader's language: CSV and PDF."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

from flask import Response, current_app
from flask_babel import gettext

from loyalty.core.spreadsheets import safe_cell
from loyalty.points.statement_pdf import as_pdf
from loyalty.points.statement_rules import KINDS, PARTS, Line, Statement

BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for something else."""


def as_file(statement: Statement, kind: str) -> Response:
    """To be saved: `kind` is csv or pdf."""
    if kind == "pdf":
        response = Response(as_pdf(statement), mimetype="application/pdf")
    else:
        response = Response(as_csv(statement), content_type="text/csv; charset=utf-8")
    name = f"statement-{statement.member_id}-{statement.since}-{statement.until}.{kind}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.cache_control.no_store = True
    return response


def as_csv(statement: Statement) -> str:
    """The lines between the opening and the closing balance, and then the sums."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in _rows(statement):
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return BOM + out.getvalue()


Cells = list[str | int]


def _rows(statement: Statement) -> Iterator[Cells]:
    yield [gettext("Time"), gettext("What"), gettext("Points"), gettext("Balance"), gettext("Why")]
    balance = statement.opening
    yield [statement.since.isoformat(), gettext("Opening balance"), "", balance, ""]
    for line in statement.lines:
        balance += line.points
        yield _row(line, balance)
    yield [statement.until.isoformat(), gettext("Closing balance"), "", balance, ""]
    for part, points in statement.sums.items():
        yield ["", str(PARTS[part]), points, "", ""]


def _row(line: Line, balance: int) -> Cells:
    at = local(line.at).strftime("%Y-%m-%d %H:%M")
    return [at, str(KINDS[line.kind]), line.points, balance, line.reason or ""]


def local(moment: datetime) -> datetime:
    return moment.astimezone(current_app.extensions["settings"].time_zone)
