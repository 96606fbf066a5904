"""The people of a small shop, and browsers that they sit at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from argon2 import PasswordHasher
from flask import Flask, g
from sqlalchemy import select
from werkzeug.test import TestResponse

from loyalty.core.db import db, read, transaction
from loyalty.programme import service as programme
from loyalty.staff import passwords, service
from loyalty.staff.models import StaffUser
from loyalty.staff.people import actor_of
from tests.pages.visitor import PASSWORD, Visitor

PIN = "2580"
PEOPLE = (
    ("han", "cashier", ("S01",)),
    ("cuc", "cashier", ("S02",)),
    ("quan", "manager", ("S01",)),
    ("kim", "manager", ()),
    ("mai", "marketing", ()),
)


def hash_quickly(monkeypatch: Any) -> None:
    """Argon2 at its least: what is tested is not how slow it is."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    nobody = hasher.hash("nobody's password")
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_nobody", lambda: nobody)


def furnish(app: Flask) -> dict[str, int]:
    """An owner (tram), two stores, and people in them; returns the ids by login."""
    with app.app_context(), transaction():
        service.create_owner(
            shop_name="An Nhiên",
            name="Bảo Trâm",
            login="tram",
            password=PASSWORD,
            first_store_name="Lê Văn Sỹ",
        )
        programme.create_store(code="S02", name="Nguyễn Trãi")
        for login, role, stores in PEOPLE:
            service.create_staff(
                login=login, name=login.title(), password=PASSWORD, role=role, store_codes=stores
            )
        return {user.login: user.id for user in db.session.scalars(select(StaffUser))}


def give_pin(app: Flask, *logins: str, pin: str = PIN) -> None:
    with app.app_context(), transaction() as session:
        for user in session.scalars(select(StaffUser).where(StaffUser.login.in_(logins))):
            user.pin_hash = passwords.hashed(pin)


@contextmanager
def acting(app: Flask, login: str | None) -> Iterator[None]:
    """In a transaction, as that person, or as the service itself."""
    with app.app_context(), transaction():
        if login is not None:
            user = db.session.scalars(select(StaffUser).filter_by(login=login)).one()
            g.actor = actor_of(user)
        yield


def of(app: Flask, login: str, look: Callable[[StaffUser], Any]) -> Any:
    with app.app_context(), read() as session:
        return look(session.scalars(select(StaffUser).filter_by(login=login)).one())


class At(Visitor):
    """A browser at an address."""

    def __init__(self, app: Flask, address: str = "10.0.0.1") -> None:
        super().__init__(app.test_client())
        self.address = address

    def post(self, path: str, **form: Any) -> TestResponse:
        """The token is read once: a guesser does not load the page for every guess."""
        if not hasattr(self, "csrf"):
            self.csrf = self.token()
        answer = self.client.post(
            path,
            data={**form, "csrf_token": self.csrf},
            environ_overrides={"REMOTE_ADDR": self.address},
        )
        if answer.status_code < 400:
            del self.csrf
        return answer
