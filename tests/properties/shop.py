"""A shop for one run of a property: cheap to make, and emptied by throwing it away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from hypothesis import HealthCheck, Phase, settings

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


def broken_invariants(app: Flask) -> str:
    """What `flask points verify` complains of; empty when the ledger adds up."""
    result = app.test_cli_runner().invoke(args=["points", "verify"])
    return "" if result.exit_code == 0 else result.output
