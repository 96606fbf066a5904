"""A shop that stands open for a whole module: for tests that must leave no trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from tests.api import Api
from tests.databases import Databases, environment, running_app
from tests.purchases.receipts import buy
from tests.shop import make_key, make_store


@contextmanager
def standing_shop(databases: Databases, folder: Path) -> Iterator[tuple[Flask, Api]]:
    """The store S01 with one purchase (id 1) of one member (id 1), and a manager's caller."""
    url = databases.fresh()
    try:
        with running_app(environment(url, folder)) as app:
            make_store(app)
            api = Api(app.test_client(), make_key(app))
            buy(api, member={"name": "Lê Thu Hằng"})
            yield app, api
    finally:
        databases.drop(url)
