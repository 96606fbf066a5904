from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from loyalty.core import clock
from tests.conformance.system import System
from tests.databases import environment, running_app
from tests.live import serving
from tests.shop import make_key, make_store

BEGAN_AGO = timedelta(days=500)
"""The programme is older than its first days, in which nothing lapses."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def system(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[System]:
    """The system that the environment names, or this service on each database."""
    if "CONFORMANCE_URL" in os.environ:
        if request.param != "sqlite":
            pytest.skip("another system is asked once")
        yield System(
            url=f"{os.environ['CONFORMANCE_URL']}/api/v1",
            key=os.environ["CONFORMANCE_KEY"],
            store=os.environ["CONFORMANCE_STORE"],
        )
        return
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = databases.fresh()
    environ = environment(url, tmp_path_factory.mktemp("conformance"))
    with running_app(environ) as app:
        with time_machine.travel(clock.now() - BEGAN_AGO):
            store = make_store(app)
        key = make_key(app)
    with serving(environ) as server:
        yield System(url=f"{server.url}/api/v1", key=key, store=store)
    databases.drop(url)
