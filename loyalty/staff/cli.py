from __future__ import annotations

from datetime import datetime, timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from loyalty.core import clock
from loyalty.core.access import Role
from loyalty.core.db import read, transaction
from loyalty.core.limits import (
    LOGIN_LENGTH,
    NAME_LENGTH,
    PASSWORD_LENGTH,
    WRITTEN_PHONE_LENGTH,
)
from loyalty.core.options import Line
from loyalty.core.phone import PhoneNumber
from loyalty.staff import keys, service
from loyalty.staff.rules import SHORTEST_PASSWORD, normal_login

LONGEST_DAYS = 3650
_ROLES = click.Choice([role.value for role in Role])
_ID = click.IntRange(1, 2**31 - 1)
_PHONE_SAYS = "The person's own number: receipts of the own hand on it wait for a manager."

staff = AppGroup("staff", help="People who sign in.")
api_keys = AppGroup("api-keys", help="Machines that call the API.")


# -- people -------------------------------------------------------------------


@staff.command("create")
@click.option("--login", required=True, type=Line(LOGIN_LENGTH))
@click.option("--name", required=True, type=Line(NAME_LENGTH))
@click.option("--role", required=True, type=_ROLES)
@click.option("--store", "stores", multiple=True, help="Code of a store; may be repeated.")
@click.option("--phone", type=Line(WRITTEN_PHONE_LENGTH), help=_PHONE_SAYS)
@click.password_option(help="Asked for when left out.")
def create_staff(
    login: str, name: str, role: str, stores: tuple[str, ...], phone: str | None, password: str
) -> None:
    """Add a person."""
    if not SHORTEST_PASSWORD <= len(password) <= PASSWORD_LENGTH:
        raise click.BadParameter(
            f"{SHORTEST_PASSWORD} to {PASSWORD_LENGTH} characters.", param_hint="--password"
        )
    with transaction():
        service.create_staff(
            login=login,
            name=name,
            password=password,
            role=role,
            store_codes=stores,
            phone=_parsed(phone),
        )
    click.echo(f"{login} added.")


@staff.command("list")
def list_staff() -> None:
    """Everybody, also those whose access has ended."""
    with read():
        for person in service.list_staff():
            state = "active" if person.active else "ended"
            stores = ",".join(person.store_codes) or "all stores"
            seen = _written(person.signed_in_at)
            click.echo(
                f"{person.login:<16} {person.role:<10} {state:<7} {stores:<16} {seen:<17} "
                f"{person.name}{' (owner)' if person.is_owner else ''}"
            )


@staff.command("phone")
@click.argument("login", type=Line(LOGIN_LENGTH))
@click.argument("phone", required=False, type=Line(WRITTEN_PHONE_LENGTH))
def set_phone(login: str, phone: str | None) -> None:
    """Keep a person's own number: receipts of the own hand on it wait for a manager. Without
    PHONE it is forgotten."""
    number = _parsed(phone)
    with transaction():
        service.set_phone(service.id_of(normal_login(login)), number)
    click.echo(f"{login} has the number {number.masked}." if number else f"{login} has no number.")


def _parsed(phone: str | None) -> PhoneNumber | None:
    region = current_app.extensions["settings"].default_region
    return None if phone is None else PhoneNumber.parse(phone, region)


@staff.command("reset-password")
@click.argument("login", type=Line(LOGIN_LENGTH))
def reset_password(login: str) -> None:
    """Print a password for one sign-in; whoever uses it chooses another."""
    with transaction():
        password = service.reset_password(service.id_of(normal_login(login)))
    click.echo(f"Password of {login} for one sign-in, after which another is chosen:")
    click.echo(password)


@staff.command("deactivate")
@click.argument("login", type=Line(LOGIN_LENGTH))
def deactivate(login: str) -> None:
    """End a person's access, and every session, at once."""
    with transaction():
        service.set_active(service.id_of(normal_login(login)), active=False)
    click.echo(f"{login} has no access any more.")


# -- machines -----------------------------------------------------------------


@api_keys.command("create")
@click.option("--name", required=True, type=Line(NAME_LENGTH), help="Which machine will use it.")
@click.option("--role", required=True, type=_ROLES)
@click.option("--store", help="Code of the one store it may act for.")
@click.option("--expires", type=click.IntRange(1, LONGEST_DAYS), help="Days until it ends.")
def create_key(name: str, role: str, store: str | None, expires: int | None) -> None:
    """Make a key; it is shown once, alone on the last line."""
    expires_at = clock.now() + timedelta(days=expires) if expires else None
    with transaction():
        key, plain = keys.create_api_key(
            name=name, role=role, store_code=store, expires_at=expires_at
        )
        shown = f"Key {key.id} ({key.prefix}...) for {name}. Keep it: it is not shown again."
    click.echo(shown)
    click.echo(plain)


@api_keys.command("list")
def list_keys() -> None:
    """Every key, by its visible beginning; the newest first."""
    with read():
        for key in keys.list_keys():
            store = key.store_code or "all stores"
            ends, used = _written(key.expires_at), _written(key.last_used_at)
            click.echo(
                f"{key.id:>4} {key.prefix}... {key.state:<8} {key.role:<10} {store:<12} "
                f"ends {ends:<17} used {used:<17} {key.name}"
            )


@api_keys.command("rotate")
@click.argument("key_id", metavar="ID", type=_ID)
@click.option(
    "--overlap",
    type=click.IntRange(0, keys.LONGEST_OVERLAP // timedelta(hours=1)),
    default=24,
    show_default=True,
    help="Hours for which the old key still works.",
)
def rotate_key(key_id: int, overlap: int) -> None:
    """Make a key in place of another; it is shown once, alone on the last line."""
    with transaction():
        key, plain = keys.rotate_key(key_id, overlap=timedelta(hours=overlap))
        shown = f"Key {key.id} ({key.prefix}...) for {key.name} in place of key {key_id}."
    click.echo(shown)
    click.echo(plain)


@api_keys.command("revoke")
@click.argument("key_id", metavar="ID", type=_ID)
def revoke_key(key_id: int) -> None:
    """End a key at once."""
    with transaction():
        keys.revoke_key(key_id)
    click.echo(f"Key {key_id} is revoked.")


def _written(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment else "-"
