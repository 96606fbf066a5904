"""A shop for one run of a property: cheap to make, and emptied by throwing it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from hypothesis import HealthCheck, Phase, settings

import config
from loyalty import create_app
from loyalty.core.db import db
from tests.api import Api
from tests.databases import Databases, environment, running_app
from tests.shop import make_key, make_store

FAIL_FAST = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # A shop for each try: looking for the smallest failure would take five minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@contextmanager
def new_shop(databases: Databases, folder: Path) -> Iterator[tuple[Flask, Api]]:
    url = databases.fresh()
    try:
        with running_app(environment(url, folder)) as app:
            make_store(app)
            yield app, Api(app.test_client(), make_key(app))
    finally:
        databases.drop(url)


class SameShop:
    """A shop that is prepared once and is as new for every run of a property: making an app
    takes longer than the run."""

    def __init__(self, databases: Databases, folder: Path, prepare: Callable[[Flask], str]) -> None:
        """`prepare` sets it up and returns a key."""
        self._databases = databases
        self._prepared = databases.fresh()
        self._url = databases.fresh()
        with running_app(environment(self._prepared, folder)) as app:
            key = prepare(app)
        self.app = create_app(config.load(environment(self._url, folder)))
        self.api = Api(self.app.test_client(), key)

    def renew(self) -> None:
        self.leave()
        self._databases.refill(self._url, like=self._prepared)

    def leave(self) -> None:
        """Nobody is connected to its database."""
        with self.app.app_context():
            db.engine.dispose()

    def drop(self) -> None:
        self.leave()
        for url in (self._url, self._prepared):
            self._databases.drop(url)


def broken_invariants(app: Flask) -> str:
    """What `flask points verify` complains of; empty when the ledger adds up."""
    result = app.test_cli_runner().invoke(args=["points", "verify"])
    return "" if result.exit_code == 0 else result.output
