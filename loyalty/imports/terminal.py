"""What every import says on a terminal: a bar while it runs, refused rows, what stopped it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

from loyalty.imports.refused_rows import Refused
from loyalty.imports.rejects import ENCODING, as_csv
from loyalty.imports.source import BadFile

_GO_ON = "What is in stays in; start it again to go on."

rejects_option = click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write refused rows here, with line, code and sentence.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="The last line is a JSON summary."
)


@contextmanager
def stopping_plainly() -> Iterator[None]:
    """What ends an import early is one line, with what to do."""
    try:
        yield
    except BadFile as why:
        raise click.ClickException(str(why)) from None
    except KeyboardInterrupt:
        raise click.ClickException(f"Stopped. {_GO_ON}") from None
    except DBAPIError as why:
        # Its text holds the rows, and so phones.
        name = type(why.orig).__name__
        raise click.ClickException(f"The database failed ({name}). {_GO_ON}") from None


def summary(sentence: str, rejected: Mapping[str, int]) -> str:
    """The sentence, then a line per code of refusal."""
    counts = [f"  {code}: {count:,}" for code, count in sorted(rejected.items())]
    return "\n".join([sentence, *counts])


@contextmanager
def progress() -> Iterator[Any]:
    """A bar on a terminal, nothing in a pipe; standard output is for the result."""
    if not sys.stderr.isatty():
        yield lambda tally, line, lines: None
        return
    columns = (BarColumn(), TextColumn("{task.completed:,} of {task.total:,} lines"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("import", total=1)
        yield lambda tally, line, lines: bar.update(task, completed=line, total=lines)


@contextmanager
def rejects_file(path: Path | None, file: Path) -> Iterator[Any]:
    if path is None:
        yield lambda header, rows: None
        return
    try:
        if path.exists() and file.exists() and path.samefile(file):
            raise click.ClickException(f"{path.name} is the file itself: name another.")
        out = path.open("w", encoding=ENCODING, newline="")
    except OSError:
        raise click.ClickException(f"Cannot write {path.name}.") from None
    with out:
        begun = False

        def write(header: Sequence[str], rows: Iterable[Refused]) -> None:
            nonlocal begun
            out.write(as_csv(rows, header=None if begun else header))
            begun = True

        yield write
