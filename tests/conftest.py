"""What tests ask for: a database of each kind, an app on it, callers, a running server.

A test that asks for `database_url`, or for anything made from it, runs twice: on
SQLite and on PostgreSQL. A test that does not is free of both. What is imported
inside a fixture is there for the same reason.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import postgres

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient, FlaskCliRunner

    from tests.api import Api
    from tests.databases import Databases
    from tests.live import LiveServer

IN_CI = os.environ.get("CI") == "true"
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LONG_ON_BOTH = {
    "test_300_tags_built_whole_and_by_rounds_hold_whom_plain_python_finds": "postgresql",
    "test_counts_equal_those_of_pandas": "postgresql",
    "test_real_history_is_recorded_once_to_the_last_dong": "sqlite",
    "test_killed_import_started_again_ends_the_same": "sqlite",
    "test_killed_server_keeps_batches_whole_and_loses_none": "sqlite",
    "test_demo_fills_an_empty_shop_once_with_people_tags_and_groups": "postgresql",
}
"""Tests that take half a minute, and the database on which only `make soak` runs them."""
POSTGRES_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Choose where the one PostgreSQL of this run lives; the first test to need it starts it."""
    workerinput = getattr(config, "workerinput", None)
    if workerinput is not None:
        config.stash[POSTGRES_FOLDER] = Path(workerinput["postgres_folder"])
        return
    postgres.sweep_left_over()
    config.stash[POSTGRES_FOLDER] = postgres.choose_folder()
    # Asked to end, pytest would otherwise die at once and leave its servers running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name, _, parameters = item.name.partition("[")
        database = LONG_ON_BOTH.get(name)
        if database and parameters.startswith(database):
            item.add_marker("soak")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist: tell each worker where that is."""
    node.workerinput["postgres_folder"] = str(node.config.stash[POSTGRES_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and POSTGRES_FOLDER in config.stash:
        postgres.Postgres(config.stash[POSTGRES_FOLDER]).stop()


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """Which of the workers side by side this is: `gw0`, or `main` without pytest-xdist."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> postgres.Postgres:
    """The one PostgreSQL of this run, shared by all workers."""
    server = postgres.Postgres(request.config.stash[POSTGRES_FOLDER])
    try:
        server.start()
    except Exception as why:
        if IN_CI:
            raise
        pytest.skip(f"PostgreSQL does not start here: {why}")
    server.forget_durability()
    return server


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    from tests.databases import SqliteDatabases

    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases(
    postgres_server: postgres.Postgres,
    tmp_path_factory: pytest.TempPathFactory,
    worker_name: str,
) -> Databases:
    from tests.databases import PostgresDatabases

    folder = tmp_path_factory.mktemp("postgresql")
    return PostgresDatabases(postgres_server, folder, worker=worker_name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of this test alone, of each kind in turn."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    url = databases.fresh()
    yield url
    databases.drop(url)


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The LOYALTY_ variables of this test's installation; its data folder is `tmp_path`."""
    from tests.databases import environment

    return environment(database_url, tmp_path)


@pytest.fixture
def app(environ: dict[str, str]) -> Iterator[Flask]:
    """The service on a database of its own. No app context is open: a request makes its own."""
    from tests.databases import running_app

    with running_app(environ) as made:
        made.config["TESTING"] = True
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    """`cli.invoke(args=["points", "verify"])` runs `flask points verify`."""
    return app.test_cli_runner()


@pytest.fixture
def api_key(app: Flask) -> Callable[..., str]:
    """`api_key("cashier", store_code="S01")` makes a key and returns its text."""
    from tests.shop import make_key

    return partial(make_key, app)


@pytest.fixture
def api(client: FlaskClient, api_key: Callable[..., str]) -> Api:
    """A caller with a manager's key."""
    from tests.api import Api

    return Api(client, api_key("manager"))


@pytest.fixture
def cashier_api(client: FlaskClient, api_key: Callable[..., str]) -> Api:
    """A caller with a cashier's key, for every store."""
    from tests.api import Api

    return Api(client, api_key("cashier"))


@pytest.fixture
def store(app: Flask) -> str:
    """The code of a store that is there: S01."""
    from tests.shop import make_store

    return make_store(app)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("phone_cases.csv")`: its path, or the test is skipped by that name."""

    def find(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"{name} is not beside the repository")
        return path

    return find


@pytest.fixture
def live_server(environ: dict[str, str]) -> Iterator[LiveServer]:
    """The real web server, one process of it, on this test's database and a free port."""
    from tests.live import serving

    with serving(environ) as server:
        yield server
