from __future__ import annotations

import csv
import sys
from typing import Any

import click
from flask.cli import AppGroup

from loyalty.core.db import read
from loyalty.core.money import to_major
from loyalty.core.spreadsheets import safe_cell
from loyalty.rewards import service

rewards = AppGroup("rewards", help="Gifts and vouchers.")

_HEADINGS = ("month", "name", "kind", "given", "points", "worth")


@rewards.command("report")
@click.option("--year", required=True, type=click.IntRange(1990, 2200))
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet; worth in major units.")
def report(year: int, as_csv: bool) -> None:
    """What was given in a year, by reward and month, and what it was worth."""
    with read():
        found = service.of_year(year)
    rows = [_cells(item, found["currency"]) for item in found["items"]]
    if as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([_HEADINGS, *rows])
        return
    for row in rows:
        click.echo("  ".join(row))
    total = found["total"]
    worth = to_major(total["worth"], found["currency"])
    click.echo(
        f"{year}: {total['given']} given for {total['points']} points,"
        f" worth {worth} {found['currency']}."
    )


def _cells(item: dict[str, Any], currency: str) -> list[str]:
    worth = to_major(item["worth"], currency)
    counted = (item["given"], item["points"], worth)
    return [str(item["month"]), safe_cell(item["name"]), item["kind"], *map(str, counted)]
