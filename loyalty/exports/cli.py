from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from loyalty.core.db import in_transaction
from loyalty.core.disk import saying_disk_full
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import EXPORT_ROWS_PER_FILE, PURPOSE_LENGTH, SLUG_LENGTH
from loyalty.core.options import Line
from loyalty.exports import manifest, running, service
from loyalty.exports.formats import FORMATS
from loyalty.exports.rules import Order
from loyalty.imports.terminal import json_option
from loyalty.members.consent_rules import CHANNELS


@click.command("export")
@click.argument("slug", type=Line(SLUG_LENGTH))
@click.option("--format", required=True, type=click.Choice(list(FORMATS)))
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the files, made where it is missing.",
)
@click.option("--reach", type=click.Choice(CHANNELS), help="The channel they must agree to.")
@click.option("--columns", default="", metavar="A,B", help="Of csv, xlsx, zalo and sms files.")
@click.option("--purpose", default="by command", type=Line(PURPOSE_LENGTH), show_default=True)
@click.option("--limit", type=click.IntRange(1, 2**31 - 1), help="Members at most.")
@click.option("--rows-per-file", type=click.IntRange(1, EXPORT_ROWS_PER_FILE))
@click.option(
    "--since-export",
    type=click.IntRange(1, 2**63 - 1),
    metavar="ID",
    help="Only who came and who went since that export.",
)
@json_option
@with_appcontext
def export_audience(
    slug: str, folder: Path, columns: str, purpose: str, as_json: bool, **asked: Any
) -> None:
    """Make files of the audience SLUG here and now, each with its SHA-256 in manifest.json."""
    order = Order(**asked, columns=tuple(filter(None, map(str.strip, columns.split(",")))))
    _check_free(folder, order)
    export_id = in_transaction(lambda: service.begin(slug, order, purpose=purpose))
    try:
        with _writable(folder), saying_disk_full(), _saying_what_to_do(), _progress() as report:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = running.run(export_id, folder, report=report, served=False)
    except BaseException:
        in_transaction(lambda: service.abandon(export_id))
        raise
    told = {"id": export_id, **made}
    click.echo(orjson.dumps(told).decode() if as_json else _told(made))


def _check_free(folder: Path, order: Order) -> None:
    """Files of an export before are not mixed with these, nor overwritten."""
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        if file.name == manifest.NAME or file.name.startswith(f"{order.format}-"):
            raise click.ClickException(f"{folder} holds {file.name}: choose an empty folder.")


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError:
        raise click.ClickException(f"Cannot write into {folder}.") from None


@contextmanager
def _saying_what_to_do() -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        if problem.code != Code.NOBODY_LEFT:
            raise
        raise Problem(problem.code, detail=problem.extra.get("advice")) from None


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing in a pipe; standard output is for the result."""
    if not sys.stderr.isatty():
        yield lambda rows, total: None
        return
    columns = (BarColumn(), TextColumn("{task.completed:,} of {task.total:,} rows"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("export", total=1)
        yield lambda rows, total: bar.update(task, completed=rows, total=total)


def _told(made: dict[str, Any]) -> str:
    steps = [f"  {step['name']}: {step['count']:,}" for step in made["steps"]]
    files = [f"  {file['name']}: {file['rows']:,} rows" for file in made["files"]]
    return "\n".join([f"{made['rows']:,} rows.", *steps, "files:", *files])
