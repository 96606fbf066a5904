from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

import click
from flask import current_app
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from loyalty.core import clock
from loyalty.core.db import read
from loyalty.core.errors import Code, Problem
from loyalty.core.options import Day
from loyalty.groups.models import Cause
from loyalty.tags import finding
from loyalty.tags.building import Built, build, build_all

tags = AppGroup("tags", help="Small groups of members.")


@tags.command("refresh")
@click.argument("slug", required=False)
@click.option("--as-of", "day", type=Day(), help="As of this day's beginning in the shop.")
def refresh(slug: str | None, day: date | None) -> None:
    """Work the tags out again, or the one of SLUG; exits 1 if one failed."""
    as_of = _beginning(day)
    ended = _refresh_all(as_of) if slug is None else [_refresh_one(slug, as_of)]
    for built in ended:
        click.echo(_told(built))
    if any(built.failure for built in ended):
        sys.exit(1)


def _beginning(day: date | None) -> datetime | None:
    zone = current_app.extensions["settings"].time_zone
    return None if day is None else clock.start_of_day(day, zone)


def _refresh_all(as_of: datetime | None) -> list[Built]:
    with _progress() as show:
        return build_all(as_of=as_of, between=show)


def _refresh_one(slug: str, as_of: datetime | None) -> Built:
    with read():
        tag = finding.look(slug)
    if tag.rule is None:
        raise Problem(Code.TAG_IS_MANUAL)
    built = build(tag.id, cause=Cause.TIME, as_of=as_of)
    if built is None:
        raise Problem(Code.BUSY)
    return built


def _told(built: Built) -> str:
    if built.failure is None:
        return f"{built.slug}: {built.members:,}"
    about = f" ({built.failure.about})" if built.failure.about else ""
    why = Problem(built.failure.error).detail
    return f"{built.slug}: {built.members:,} as before, failed: {why}{about}"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing in a pipe; standard output is for the result."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    columns = (BarColumn(), TextColumn("{task.completed:,} of {task.total:,} tags"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("refresh", total=1)
        yield lambda done, of: bar.update(task, completed=done, total=of)
