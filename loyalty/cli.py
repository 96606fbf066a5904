"""The flask commands, registered from the slices."""

from __future__ import annotations

import sys
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from loyalty import demo, scheduler, serve
from loyalty.audiences import cli as audiences
from loyalty.core.errors import Problem
from loyalty.exports import cli as exports
from loyalty.imports import cli as imports
from loyalty.imports.member_commands import members
from loyalty.privacy import cli as privacy
from loyalty.programme import cli as programme
from loyalty.programme import settings_cli
from loyalty.purchases import cli as purchases
from loyalty.purchases import tiers_cli
from loyalty.rewards import cli as rewards
from loyalty.staff import cli as staff
from loyalty.tags import cli as tags

_purchases = AppGroup("purchases", help="Receipts.")
_purchases.add_command(imports.import_purchases)
tags.tags.add_command(imports.fill_tag)
audiences.audiences.add_command(exports.export_audience)


def configure_commands(app: Flask) -> None:
    commands: tuple[click.Command, ...] = (
        programme.stores,
        settings_cli.programme,
        staff.staff,
        staff.api_keys,
        purchases.points,
        tiers_cli.tiers,
        rewards.rewards,
        _purchases,
        tags.tags,
        audiences.audiences,
        members,
        imports.do_not_call_group,
        imports.balances_group,
        privacy.privacy,
        demo.demo_command,
        scheduler.scheduler_command,
        serve.serve_command,
    )
    for command in commands:
        _say_problems(command)
        app.cli.add_command(command)


def _say_problems(command: click.Command) -> None:
    """A refusal is one line on standard error and exit 1, not a traceback."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _say_problems(inner)
        return
    act = command.callback
    if hasattr(act, "says_problems"):
        # Commands belong to their module: a second app in the process finds them wrapped.
        return

    def say(*args: Any, **kwargs: Any) -> Any:
        try:
            return act(*args, **kwargs) if act else None
        except Problem as problem:
            click.echo(f"{problem.code}: {problem.detail}", err=True)
            sys.exit(1)
        except DBAPIError as error:
            # Its text may hold rows; what it is about is enough.
            reason = type(error.orig).__name__
            click.echo(f"The database refused this ({reason}): try `flask db upgrade`.", err=True)
            sys.exit(1)

    say.says_problems = True  # type: ignore[attr-defined]
    command.callback = say
