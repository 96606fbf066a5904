"""Files of purchases for tests: rows as plain dictionaries, and the command that reads them."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from click.testing import Result
from flask.testing import FlaskCliRunner

import config
from tests.databases import process_environment

COLUMNS = ("phone", "store", "receipt_no", "purchased_at", "amount")
NO_QUANTITIES = ("0000000000001000001", "0" * 10 + "9" * 19, "0" * 20 + "9" * 5_000, "1.5", "²")
"""None of them is a whole number of at most a million."""
TONES = "\u0300\u0301\u0303\u0309\u0323"
NOTHING = {"rows": 0, "recorded": 0, "replayed": 0, "members_created": 0, "rejected": {}}


def row(**changes: str) -> dict[str, str]:
    given = {
        "phone": "0912345678",
        "store": "S01",
        "receipt_no": "HD-1",
        "purchased_at": "2025-11-22T10:42:00+07:00",
        "amount": "150000",
    }
    return given | changes


def rows(count: int) -> list[dict[str, str]]:
    """`count` receipts of 150,000 VND, all of one phone."""
    return [row(receipt_no=f"HD-{n}") for n in range(count)]


def csv_text(
    given: Iterable[Mapping[str, str]],
    *,
    columns: Sequence[str] = COLUMNS,
    header: Sequence[str] | None = None,
    delimiter: str = ",",
    end: str = "\n",
) -> str:
    """The text of a file; `header` names the columns otherwise than the rows do."""
    lines = [header or columns, *([one[name] for name in columns] for one in given)]
    return "".join(delimiter.join(cells) + end for cells in lines)


def written(folder: Path, content: str | bytes, name: str = "purchases.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def windows_1258(text: str) -> bytes:
    """As Windows saves Vietnamese: a tone is a character of its own, behind its vowel."""
    return "".join(map(_in_two_parts, unicodedata.normalize("NFC", text))).encode("cp1258")


def _in_two_parts(character: str) -> str:
    marks = unicodedata.normalize("NFD", character)
    tones = "".join(mark for mark in marks if mark in TONES)
    vowel = "".join(mark for mark in marks if mark not in TONES)
    return unicodedata.normalize("NFC", vowel) + tones


def run_import(cli: FlaskCliRunner, file: Path, *options: str) -> Result:
    return cli.invoke(args=["purchases", "import", str(file), *options])


def imported(cli: FlaskCliRunner, file: Path, *options: str) -> dict[str, Any]:
    """The JSON summary of an import that went through."""
    result = run_import(cli, file, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def refusal(result: Result) -> str:
    """The one sentence of an import that was refused as a whole."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    said = result.stderr.splitlines()
    assert len(said) == 1, said
    assert said[0].startswith("Error: ")
    assert said[0].endswith((".", "?"))
    return said[0].removeprefix("Error: ")


def verify(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


def start_import(environ: Mapping[str, str], file: Path, *options: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "purchases", "import", str(file)]
    return subprocess.Popen(
        [*command, "--create-stores", "--json", *options],
        cwd=config.ROOT,
        env=process_environment(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
