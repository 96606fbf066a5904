from __future__ import annotations

import click
from flask.cli import AppGroup

from loyalty.core import clock
from loyalty.core.db import read
from loyalty.points import pending
from loyalty.points.birthdays import give_birthday_bonuses
from loyalty.points.expiring import expire_due
from loyalty.points.invariants import broken
from loyalty.purchases.dry_run_cli import dry_run_command

points = AppGroup("points", help="The ledger.")
points.add_command(dry_run_command)


@points.command("verify")
@click.pass_context
def verify(context: click.Context) -> None:
    """Check every invariant; print a line per broken one and exit 1."""
    with read():
        every = broken()
    for found in every:
        click.echo(f"BROKEN {found.invariant}: {', '.join(map(str, found.ids))}")
    if every:
        context.exit(1)
    click.echo("The ledger adds up.")


@points.command("expire")
def expire() -> None:
    """Write down what has lapsed. Running it twice changes nothing."""
    swept = expire_due(clock.now())
    click.echo(f"{swept.points} points of {swept.lots} lots expired.")


@points.command("activate")
def activate() -> None:
    """Let pending points count whose days are over."""
    click.echo(f"Points of {pending.activate_due(clock.now())} purchases and bonuses count now.")


@points.command("birthdays")
def birthdays() -> None:
    """Give birthday bonuses, each once a year."""
    click.echo(f"{give_birthday_bonuses(clock.now())} members got a birthday bonus.")
