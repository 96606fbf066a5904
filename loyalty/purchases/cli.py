from __future__ import annotations

import click
from flask.cli import AppGroup

from loyalty.core.db import read
from loyalty.points import invariants as of_points
from loyalty.purchases import invariants as of_purchases

points = AppGroup("points", help="The ledger.")


@points.command("verify")
@click.pass_context
def verify(context: click.Context) -> None:
    """Check every invariant; print a line per broken one and exit 1."""
    with read():
        broken = of_points.broken_among({**of_points.invariants(), **of_purchases.invariants()})
    for found in broken:
        click.echo(f"BROKEN {found.invariant}: {', '.join(map(str, found.ids))}")
    if broken:
        context.exit(1)
    click.echo("The ledger adds up.")
