"""`flask serve`: the web server and the scheduler, started and stopped together."""

from __future__ import annotations

import errno
import http.client
import logging
import os
import socket
import subprocess  # nosec B404  # our own commands, no shell
import sys
import time
from collections.abc import Callable

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext

from config import Settings
from loyalty.core.db import db
from loyalty.core.limits import HEAD_BYTES, HEAD_SECONDS, SERVER_THREADS, STOP_SECONDS
from loyalty.supervisor import CannotServe, Child, Supervisor

START_SECONDS = 60
TICK_SECONDS = 0.1


def server_command(settings: Settings) -> list[str]:
    """The web server. SQLite has one writer, so there it is one process.

    No access log: query strings hold phones. HTTP/1 only: what stands in front speaks it,
    and HTTP/2 in the clear has limits of its own to mind.
    """
    workers = 1 if settings.is_sqlite else settings.processes
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--http", "1"),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--workers", str(workers), "--blocking-threads", str(SERVER_THREADS)),
        *("--http1-buffer-size", str(HEAD_BYTES)),
        *("--http1-header-read-timeout", str(HEAD_SECONDS * 1000)),
        *("--workers-kill-timeout", str(STOP_SECONDS)),
        *("--respawn-failed-workers", "--no-access-log", "--log-level", "error"),
        "wsgi:app",
    ]


def scheduler_command() -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", "scheduler"]


def refuse_taken_port(settings: Settings) -> None:
    """The web server itself would share the port with whoever has it; raises `CannotServe`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as why:
            if why.errno == errno.EADDRINUSE:
                hint = "another program uses it; set LOYALTY_PORT to another one."
            else:
                hint = f"{os.strerror(why.errno or 0)}."
            raise CannotServe(
                f"port {settings.port} of {settings.host} is not free: {hint}"
            ) from None


def server_answers(
    settings: Settings,
    process: subprocess.Popen[bytes],
    *,
    seconds: float,
    give_up: Callable[[], bool] = lambda: False,
) -> bool:
    """Wait for /healthz; False when the process ends, the time is over, or `give_up()`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None and not give_up():
        if _healthy(settings):
            return True
        time.sleep(TICK_SECONDS)
    return False


def _healthy(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(_own_address(settings.host), settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _own_address(host: str) -> str:
    # Nothing listens here: where to ask a server that listens everywhere.
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # nosec B104


@click.command("serve")
@click.option("--demo", is_flag=True, help="Fill an empty database with the demo shop.")
@with_appcontext
def serve_command(demo: bool) -> None:
    """Migrate the database, then run the web server and the scheduler until stopped."""
    settings: Settings = current_app.extensions["settings"]
    try:
        refuse_taken_port(settings)
    except CannotServe as why:
        raise click.ClickException(str(why)) from None
    text = _prepare(demo)
    server = Child("web server", server_command(settings))
    supervisor = Supervisor([server, Child("scheduler", scheduler_command())])

    def announce(running: Supervisor) -> None:
        assert server.process is not None  # noqa: S101  # nosec B101  # for the types
        if not server_answers(
            settings, server.process, seconds=START_SECONDS, give_up=lambda: running.stopping
        ):
            raise CannotServe("the web server did not start.")
        address = _own_address(settings.host)
        click.echo(f"{text}The shop is open at http://{address}:{settings.port}/ (Ctrl-C stops it)")

    sys.exit(supervisor.run(announce))


def _prepare(demo: bool) -> str:
    """Bring the schema up to date; with `demo`, fill an empty shop and return what to print."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    flask_migrate.upgrade()
    click.echo("The database is up to date.")
    text = ""
    if demo:
        from loyalty.demo import fill_if_empty  # only a demo needs Faker in memory

        text = f"{fill_if_empty()}\n"
    # The children open connections of their own.
    db.engine.dispose()
    return text
