"""`make bench`: run every row, print the table, write benchmarks.json.

`python -m tests.benchmarks --only B1 --seconds 3` runs a part of it. Ends with 1
when a bound does not hold.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

import config
from tests.benchmarks import (
    builds,
    exports,
    imports,
    ledger,
    lookups,
    previews,
    purchases_over_http,
    redemptions,
)
from tests.benchmarks.row import Benchmark, Options, Row

BENCHMARKS: dict[str, Benchmark] = {
    "B1": purchases_over_http.singles,
    "B2": purchases_over_http.batches,
    "B3": imports.history,
    "B4": lookups.by_phone,
    "B5": redemptions.pairs,
    "B6": ledger.expiry,
    "B7": ledger.long_histories,
    "B8": previews.previews,
    "B10": builds.builds,
    "B13": exports.files,
    "B15": imports.members,
}
"""A later benchmark is one more line here. B9 comes with B8; B11 and B12 come with B10; B14
comes with B13."""
PLAIN_WIDTH = 110
RESULTS = config.ROOT / "benchmarks.json"


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(BENCHMARKS)), help="These alone.")
@click.option("--seconds", default=5, show_default=True, type=click.IntRange(1, 60))
def main(only: tuple[str, ...], seconds: int) -> None:
    """Measure the service beside what this machine can do."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    rows: list[Row] = []
    for name in only or BENCHMARKS:
        with console.status(f"{name} ..."):
            for row in BENCHMARKS[name](Options(seconds=seconds)):
                rows.append(row)
                console.print(f"{row.name} {row.database}: {row.what}: {_figure(row)}")
    console.print(_table(rows))
    _say_how(console, rows)
    _write(rows)
    if not all(row.holds for row in rows):
        raise SystemExit(1)


def _table(rows: list[Row]) -> Table:
    table = Table(title=f"{os.cpu_count()} processors, Python {platform.python_version()}")
    for heading in ("", "database", "what", "measured", "reference", "ratio", "bound", "holds"):
        table.add_column(heading, no_wrap=heading != "what")
    for row in rows:
        table.add_row(
            row.name,
            row.database,
            row.what,
            _figure(row),
            f"{row.reference:,.1f}{row.unit}",
            f"{row.ratio:.2f}",
            row.bound,
            "[green]yes[/]" if row.holds else "[red]no[/]",
        )
    return table


def _say_how(console: Console, rows: list[Row]) -> None:
    for row in rows:
        console.print(f"{row.name} {row.database}: beside {row.reference_is}; {row.how}")


def _figure(row: Row) -> str:
    return f"{row.measured:,.1f}{row.unit}"


def _write(rows: list[Row]) -> None:
    machine = {"processors": os.cpu_count(), "python": platform.python_version()}
    results = [asdict(row) | {"ratio": row.ratio} for row in rows]
    RESULTS.write_text(json.dumps({"machine": machine, "rows": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
