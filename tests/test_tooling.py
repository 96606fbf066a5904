"""What holds the project together: pinned requirements, one line of migrations, one command."""

from __future__ import annotations

import ast
import re
import signal
import socket
import subprocess
import sys
from importlib.metadata import packages_distributions

import psutil
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from config import ROOT
from loyalty.core.db import db
from tests.databases import environment, process_environment
from tests.live import free_port

PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[A-Za-z0-9.]+(  # .+)?")
SECONDS = 60


def requirement_lines(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r "))]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(name):
    assert [line for line in requirement_lines(name) if not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_chosen_requirement_says_why(name):
    chosen = (ROOT / name).read_text().partition("# chosen\n")[2].partition("\n\n")[0]
    assert chosen
    assert [line for line in chosen.splitlines() if "  # " not in line] == []


def imported_modules() -> set[str]:
    """The packages that the service's own files import, by their first name."""
    trees = [
        ast.parse(file.read_text())
        for folder in ("config", "loyalty", "migrations")
        for file in (ROOT / folder).rglob("*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in plain | froms}


def test_everything_the_service_imports_is_required():
    distributions = packages_distributions()
    own = {"config", "loyalty"}
    pinned = {re.split(r"[\[=]", line)[0].lower() for line in requirement_lines("requirements.txt")}
    missing = [
        module
        for module in sorted(imported_modules() - own - sys.stdlib_module_names)
        if not pinned & {name.lower() for name in distributions.get(module, [])}
    ]
    assert missing == []


def test_migrations_are_one_line():
    assert len(ScriptDirectory(str(ROOT / "migrations")).get_heads()) == 1


def test_models_and_migrations_agree(app):
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


@pytest.fixture
def serve(tmp_path):
    """`flask serve` on an SQLite database of its own, and the port it was told."""
    started = []

    def start(port: int) -> subprocess.Popen[str]:
        environ = environment(f"sqlite:///{tmp_path}/shop.db", tmp_path, port=str(port))
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=process_environment(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(SECONDS)


def test_serve_answers_and_leaves_nothing_behind(serve):
    port = free_port()
    process = serve(port)
    lines = iter(process.stdout.readline, "")
    assert any(f"http://127.0.0.1:{port}/" in line for line in lines)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 3  # the server, its worker, the scheduler
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    _, alive = psutil.wait_procs(children, timeout=1)
    assert alive == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_taken_port_stops_the_start_with_one_sentence(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = serve(port)
        said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert said == (
        f"Error: port {port} of 127.0.0.1 is not free: "
        "another program uses it; set LOYALTY_PORT to another one.\n"
    )
