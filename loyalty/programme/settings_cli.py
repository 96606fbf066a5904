from __future__ import annotations

from typing import Any

import click
import orjson
from flask.cli import AppGroup
from marshmallow import ValidationError

from loyalty.core.db import read, transaction
from loyalty.core.errors import Code, Problem
from loyalty.programme import policies
from loyalty.programme.schemas import PolicySchema

programme = AppGroup("programme", help="What the business decided.")


@programme.command("show")
def show() -> None:
    """Print every setting, as JSON."""
    with read():
        seen = policies.see()
    click.echo(orjson.dumps(seen, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())


@programme.command("set")
@click.argument("name")
@click.argument("value")
def set_one(name: str, value: str) -> None:
    """Set NAME, such as expiry.months, to VALUE, as JSON writes it: 6, null; a word needs no
    quotes."""
    document: Any = _read(value)
    for part in reversed(name.split(".")):
        document = {part: document}
    try:
        loaded: Any = PolicySchema().load(document)
    except ValidationError as error:
        raise Problem(Code.INVALID_REQUEST, detail=f"{name}: {_first(error.messages)}") from None
    with transaction():
        changed = policies.change_policy(loaded)
    click.echo(f"{name} is {value} now." if changed else f"{name} was {value} before.")


def _read(value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _first(said: Any) -> str:
    while isinstance(said, (dict, list)) and said:
        said = next(iter(said.values() if isinstance(said, dict) else said))
    return str(said)
