from __future__ import annotations

import click
from flask.cli import AppGroup

from loyalty.audiences import building, service
from loyalty.core.db import in_transaction, read
from loyalty.core.limits import SLUG_LENGTH
from loyalty.core.options import Line

audiences = AppGroup("audiences", help="Large groups of members.")


@audiences.command("count")
@click.argument("slug", type=Line(SLUG_LENGTH))
def count(slug: str) -> None:
    """How many members are in the audience SLUG now."""
    with read():
        click.echo(service.get(slug)["count"])


@audiences.command("build")
@click.argument("slug", type=Line(SLUG_LENGTH))
def build(slug: str) -> None:
    """Keep who is in the audience SLUG now, so that later changes can be told from it."""
    built = in_transaction(lambda: building.build(slug))
    click.echo(f"{slug}: {built.members} members, {len(built.added)} in, {len(built.removed)} out.")
