"""No key, password or private file stands in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from config import ROOT

SECRETS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY|\bloy_[A-Za-z0-9_-]{43}\b|\bAKIA[0-9A-Z]{16}\b"
    rb"|\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abpr]-[0-9A-Za-z-]{10}|\bAIza[0-9A-Za-z_-]{35}\b"
    rb"|\$argon2id?\$v=\d+\$m=\d+|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."
    rb"|LOYALTY_SECRET_KEY=[^\s\"'$\[]|postgres(?:ql)?://\w+:(?!password@)[^@\s\"'{}]{3,}@[\w.]*\w\.\w"
)
PRIVATE = re.compile(r"(^|/)(\.env|id_rsa|.*\.(pem|key|p12|pfx|db|sqlite3?|kdbx))$")


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git repository")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [Path(name) for name in names if (ROOT / name).is_file()]


def test_no_file_holds_a_secret(tracked):
    found = {
        str(name): match[0][:16]
        for name in tracked
        if "vendor" not in name.parts
        and (match := SECRETS.search((ROOT / name).read_bytes())) is not None
    }
    assert found == {}


def test_no_file_is_a_secret_itself(tracked):
    assert [str(name) for name in tracked if PRIVATE.search(str(name))] == []
