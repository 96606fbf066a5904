"""A production that could be harmed does not start, as a command and under the server."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import config
from tests.databases import SECRET_KEY, environment, process_environment
from tests.live import free_port

GOOD = "Xq3-9vTzL0_pYb7KwR2mHc8NfJ5sGd1u"
REFUSED = [
    ({"secret_key": ""}, "LOYALTY_SECRET_KEY"),
    ({"secret_key": "short"}, "LOYALTY_SECRET_KEY"),
    ({"secret_key": "a" * 40}, "LOYALTY_SECRET_KEY"),
    ({"secret_key": SECRET_KEY}, "LOYALTY_SECRET_KEY"),
    ({"host": "0.0.0.0"}, "LOYALTY_TLS"),
    ({"host": "::"}, "LOYALTY_TLS"),
    ({"tls": "proxy"}, "LOYALTY_PROXIES"),
]
COMMANDS = {
    "flask": [sys.executable, "-m", "flask", "--app", "wsgi", "stores", "create", "S1"],
    "serve": [sys.executable, "-m", "flask", "--app", "wsgi", "serve"],
    "wsgi": [sys.executable, "wsgi.py"],
}


def start(command: str, tmp_path, **settings: str) -> subprocess.CompletedProcess[str]:
    given = {"env": "production", "secret_key": GOOD, "port": str(free_port())} | settings
    environ = environment(f"sqlite:///{tmp_path}/shop.db", tmp_path, **given)
    return subprocess.run(
        COMMANDS[command],
        cwd=config.ROOT,
        env=process_environment(environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("settings", "named"), REFUSED)
def test_production_says_in_one_line_why_it_does_not_start(tmp_path, settings, named):
    done = start("wsgi", tmp_path, **settings)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"Error: {named}: .+\.\n", done.stderr)
    secret = settings.get("secret_key")
    assert not secret or secret not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["flask", "serve"])
def test_commands_refuse_too(tmp_path, command):
    done = start(command, tmp_path, host="0.0.0.0")
    assert done.returncode == 1
    assert re.fullmatch(r"Error: LOYALTY_TLS: .+\.\n", done.stderr)


@pytest.mark.parametrize("settings", [{}, {"host": "0.0.0.0", "tls": "unprotected"}])
def test_a_safe_production_starts(tmp_path, settings):
    done = start("wsgi", tmp_path, **settings)
    assert (done.returncode, done.stderr) == (0, "")
