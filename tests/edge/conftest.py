"""Installations of every kind at the edge: behind a proxy, behind TLS, under names of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from loyalty.core.db import transaction
from loyalty.staff import service as staff
from tests.databases import Databases, environment, running_app
from tests.pages.visitor import PASSWORD

OWNER = "tram"
BEHIND_TLS = {"tls": "proxy", "proxies": "1"}


@pytest.fixture
def installation(sqlite_databases: Databases, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """`installation(tls="proxy", proxies="1")`: an empty one, on SQLite. The edge is the same
    on both databases, but for what is counted in one."""
    with ExitStack() as running:

        def begin(**settings: str) -> Flask:
            environ = environment(sqlite_databases.fresh(), tmp_path, **settings)
            app = running.enter_context(running_app(environ))
            app.config["TESTING"] = True
            return app

        yield begin


@pytest.fixture
def shop(installation: Callable[..., Flask]) -> Callable[..., Flask]:
    """The same, with an owner who can sign in."""

    def begin(**settings: str) -> Flask:
        app = installation(**settings)
        with app.app_context(), transaction():
            staff.create_owner(
                shop_name="An Nhiên",
                name="Bảo Trâm",
                login=OWNER,
                password=PASSWORD,
                first_store_name="Lê Văn Sỹ",
            )
        return app

    return begin
