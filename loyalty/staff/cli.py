from __future__ import annotations

import click
from flask.cli import AppGroup

from loyalty.core.access import Role
from loyalty.core.db import transaction
from loyalty.core.limits import LOGIN_LENGTH, NAME_LENGTH, PASSWORD_LENGTH
from loyalty.core.options import Line
from loyalty.staff import service

MIN_PASSWORD = 8
_ROLES = click.Choice([role.value for role in Role])

staff = AppGroup("staff", help="People who sign in.")
api_keys = AppGroup("api-keys", help="Machines that call the API.")


@staff.command("create")
@click.option("--login", required=True, type=Line(LOGIN_LENGTH))
@click.option("--name", required=True, type=Line(NAME_LENGTH))
@click.option("--role", required=True, type=_ROLES)
@click.option("--store", "stores", multiple=True, help="Code of a store; may be repeated.")
@click.password_option(help="Asked for when left out.")
def create_staff(login: str, name: str, role: str, stores: tuple[str, ...], password: str) -> None:
    """Add a person."""
    if not MIN_PASSWORD <= len(password) <= PASSWORD_LENGTH:
        raise click.BadParameter(
            f"{MIN_PASSWORD} to {PASSWORD_LENGTH} characters.", param_hint="--password"
        )
    with transaction():
        service.create_staff(
            login=login, name=name, password=password, role=role, store_codes=stores
        )
    click.echo(f"{login} added.")


@api_keys.command("create")
@click.option("--name", required=True, type=Line(NAME_LENGTH), help="Which machine will use it.")
@click.option("--role", required=True, type=_ROLES)
@click.option("--store", help="Code of the one store it may act for.")
def create_key(name: str, role: str, store: str | None) -> None:
    """Make a key; it is shown once, alone on the last line."""
    with transaction():
        key, plain = service.create_api_key(name=name, role=role, store_code=store)
        shown = f"Key {key.id} ({key.prefix}...) for {name}. Keep it: it is not shown again."
    click.echo(shown)
    click.echo(plain)
