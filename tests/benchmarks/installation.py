"""An installation to measure: a migrated database with one store and a key."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.databases import environment, migrate, running_app
from tests.live import LiveServer, serving
from tests.postgres import Postgres, choose_folder
from tests.shop import make_key, make_store

PROCESSES = {"postgresql": 2, "sqlite": 1}
DATABASES = tuple(PROCESSES)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """`database` is `sqlite` or `postgresql`; rate limits are off."""

    database: str
    environ: dict[str, str]
    key: str
    store: str

    @property
    def how(self) -> str:
        count = PROCESSES[self.database]
        return f"{count} server process" + ("es" if count > 1 else "")

    @contextmanager
    def serving(self) -> Iterator[LiveServer]:
        with serving(self.environ, processes=PROCESSES[self.database]) as server:
            yield server


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL as it comes, durable, for the time of the block."""
    server = Postgres(choose_folder())
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def installed(
    database: str, server: Postgres, *, store: str | None = "S01"
) -> Iterator[Installation]:
    """A database of its own; without a store where the command under test makes them."""
    folder = Path(tempfile.mkdtemp(prefix="loyalty-benchmark-"))
    try:
        url = f"sqlite:///{folder}/shop.db"
        if database == "postgresql":
            name = folder.name.replace("-", "_").lower()
            server.execute(f'CREATE DATABASE "{name}"')
            url = server.url(name)
        migrate(url, folder)
        environ = environment(url, folder)
        with running_app(environ) as app:
            code = make_store(app, store) if store else ""
            key = make_key(app)
        yield Installation(database=database, environ=environ, key=key, store=code)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
