"""The faces without a browser: an app on SQLite, and people who sign in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from loyalty.core.db import transaction
from loyalty.programme import service as programme
from loyalty.staff import service as staff
from tests.databases import Databases, environment, running_app
from tests.pages.visitor import PASSWORD, Visitor


@pytest.fixture
def sqlite_app(sqlite_databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    """Pages mean the same on both databases; the services are tested on both."""
    with running_app(environment(sqlite_databases.fresh(), tmp_path)) as app:
        app.config["TESTING"] = True
        yield app


@pytest.fixture(scope="session")
def peopled(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with an owner, two stores, a cashier in each, and a marketing person. Made
    once: their passwords take a while to hash."""
    url = sqlite_databases.fresh()
    folder = tmp_path_factory.mktemp("people")
    with running_app(environment(url, folder)) as app, app.app_context(), transaction():
        settle()
    return Path(url.removeprefix("sqlite:///"))


def settle() -> None:
    staff.create_owner(
        shop_name="An Nhiên",
        name="Bảo Trâm",
        login="tram",
        password=PASSWORD,
        first_store_name="Lê Văn Sỹ",
    )
    programme.create_store(code="S02", name="Nguyễn Trãi")
    for login, role, stores in (
        ("han", "cashier", ["S01"]),
        ("cuc", "cashier", ["S02"]),
        ("mai", "marketing", []),
    ):
        staff.create_staff(
            login=login, name=login, password=PASSWORD, role=role, store_codes=stores
        )


@pytest.fixture
def shop_app(sqlite_app: Flask, peopled: Path) -> Flask:
    """An app on a copy of it."""
    url: str = sqlite_app.extensions["settings"].database_url
    shutil.copyfile(peopled, url.removeprefix("sqlite:///"))
    return sqlite_app


@pytest.fixture
def visit(shop_app: Flask) -> Callable[..., Visitor]:
    """`visit("han")`: a browser of its own, signed in."""

    def begin(login: str | None = None) -> Visitor:
        visitor = Visitor(shop_app.test_client())
        if login is not None:
            visitor.sign_in(login)
        return visitor

    return begin
