from __future__ import annotations

from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from loyalty.core.db import in_transaction, read
from loyalty.privacy import jobs, service
from loyalty.privacy.purge import StillRead

privacy = AppGroup("privacy", help="Members' rights to their own data.")


@privacy.command("requests")
def requests_command() -> None:
    """What waits to be answered or carried out, the soonest due first."""
    with read():
        waiting = service.open_requests()
    for request in waiting:
        click.echo(_line(request))
    if not waiting:
        click.echo("Nothing is due.")


@privacy.command("erase")
@click.argument("member_id", type=click.IntRange(1, 2**31 - 1))
@click.option("--reason", required=True, help="Kept in the log: no names and no phones.")
def erase_command(member_id: int, reason: str) -> None:
    """Erase MEMBER_ID beyond recovery, then purge what the database's files still hold."""
    in_transaction(lambda: service.erase(member_id, reason=reason))
    _purge()
    click.echo(f"Member {member_id} is erased.")


@privacy.command("re-erase")
def re_erase_command() -> None:
    """After a restore: erase again everybody in `erased.jsonl` whom the backup brought back."""
    count = jobs.erase_again()
    _purge()
    click.echo(f"{count} members erased again.")


def _purge() -> None:
    try:
        jobs.settle()
    except StillRead:
        raise click.ClickException(
            "Erased, but someone still reads the database as it was before: what its files"
            " hold is purged once the scheduler runs."
        ) from None


def _line(request: dict[str, Any]) -> str:
    zone = current_app.extensions["settings"].time_zone
    answer, done = (
        request[name].astimezone(zone).strftime("%Y-%m-%d %H:%M")
        for name in ("answer_due", "done_due")
    )
    told = "answered" if request["state"] == "answered" else f"answer by {answer}"
    late = "  OVERDUE" if request["overdue"] else ""
    return (
        f"{request['id']}  member {request['member_id']}  {request['kind']}"
        f"  {told}, carry out by {done}{late}"
    )
