"""One database of each kind for all of these tests, emptied of groups after each: they are
many, and small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import delete

from loyalty.core.db import connection, in_transaction, table_of
from loyalty.groups.models import Group, GroupBuild, GroupChunk
from loyalty.members.models import Dirty
from tests.databases import Databases, environment, running_app

T = TypeVar("T")


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    url = databases.fresh()
    with running_app(environment(url, tmp_path_factory.mktemp("groups"))) as app:
        app.config["TESTING"] = True
        yield app
    databases.drop(url)


@pytest.fixture
def app(installation: Flask) -> Iterator[Flask]:
    yield installation
    with installation.app_context():
        in_transaction(_empty)


def _empty() -> None:
    """As the migration leaves groups: the standing ones, with nobody in them."""
    groups = table_of(Group)
    connection().execute(delete(groups).where(groups.c.kind.in_(["tag", "audience"])))
    for model in (GroupChunk, GroupBuild, Dirty):
        connection().execute(delete(table_of(model)))


@pytest.fixture
def inside(app: Flask) -> Callable[[Callable[[], Any]], Any]:
    """`inside(act)` runs `act` in a transaction of its own."""

    def run(act: Callable[[], T]) -> T:
        with app.app_context():
            return in_transaction(act)

    return run
