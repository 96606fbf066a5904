"""Workbooks that are refused as a whole, in one sentence, before they fill the memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import pytest

from loyalty.core.limits import CELL_LENGTH, CSV_COLUMNS, XLSX_CELLS, XLSX_ROWS
from loyalty.imports import spreadsheets
from loyalty.imports.files import OLE_MAGIC, BadFile
from tests.imports.sheets import (
    SHARED,
    SHEET,
    inline,
    made,
    naming,
    rebuilt,
    shared_of,
    sheet,
    sheet_of,
    upload,
    workbook,
)

GOOD = workbook([("phone", "name"), ("0912345678", "Lan")])
MB = 1024 * 1024


def merged(book, sheet):
    sheet.write_row(0, 0, ("phone", "name"))
    sheet.merge_range(6, 0, 7, 1, "0912345678")


def repeated(size: int) -> bytes:
    """A zip that unpacks to `size` bytes of a part that no library reads."""
    return rebuilt(GOOD, {"xl/media/image1.png": bytes(size)})


def lying(content: bytes, part: str, size: int) -> bytes:
    """The zip with another size of the part in its directory."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        place = archive.infolist().index(archive.getinfo(part))
    at = -1
    for _ in range(place + 1):
        at = content.index(b"PK\x01\x02", at + 1)
    return content[: at + 24] + struct.pack("<I", size) + content[at + 28 :]


def encrypted(content: bytes) -> bytes:
    at = content.index(b"PK\x01\x02")
    return content[: at + 8] + b"\x01" + content[at + 9 :]


def related_to(target: str) -> bytes:
    name = "xl/_rels/workbook.xml.rels"
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        relations = archive.read(name).replace(b"worksheets/sheet1.xml", target.encode())
    return rebuilt(GOOD, {name: relations, f"xl/{target}": b"<worksheet/>"})


def declared(encoding: str) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?><worksheet/>'.encode()


def twice(content: bytes, part: str, other: str) -> bytes:
    """With another part whose name reads the same."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return rebuilt(content, {other: archive.read(part)})


ENTITIES = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><worksheet>&b;</worksheet>'
DAMAGED, NONE = "damaged or cut short", "no Excel workbook"
REFUSED = {
    "old Excel, or a password": (OLE_MAGIC + bytes(4096), "without a password"),
    "cut in the middle": (GOOD[: len(GOOD) // 2], DAMAGED),
    "cut at its end": (GOOD[:-30], DAMAGED),
    "a part is damaged": (GOOD[:60] + bytes(40) + GOOD[100:], DAMAGED),
    "a part says it is larger": (lying(GOOD, SHEET, 99_999), DAMAGED),
    "a part says it is smaller": (lying(GOOD, SHEET, 9), DAMAGED),
    "encrypted parts": (encrypted(GOOD), DAMAGED),
    "a sheet that is no XML": (rebuilt(GOOD, {SHEET: b"<worksheet>"}), DAMAGED),
    "an encoding that is none": (rebuilt(GOOD, {SHEET: declared("UTF-9")}), DAMAGED),
    "an encoding of two bytes": (rebuilt(GOOD, {SHEET: declared("shift_jis")}), DAMAGED),
    "no workbook in it": (rebuilt(GOOD, {}, without="xl/workbook.xml"), NONE),
    "Excel binary": (rebuilt(GOOD, {"xl/workbook.bin": b""}), NONE),
    "OpenDocument": (rebuilt(GOOD, {"content.xml": b"<a/>"}), NONE),
    "entities": (rebuilt(GOOD, {SHEET: ENTITIES}), NONE),
    "a sheet under another name": (related_to("sheet.png"), NONE),
    "very many parts": (rebuilt(GOOD, {f"xl/{n}": b"" for n in range(1_000)}), NONE),
    "nothing in it": (workbook(), "The file is empty"),
    "blank cells alone": (workbook([("", ""), (" ",)]), "The file is empty"),
    "merged cells": (made(merged), "The cells A7:B8 are merged"),
    "a row too many": (
        sheet_of(
            f'<row r="1">{inline("A1", "phone")}</row><row r="{XLSX_ROWS + 1}">'
            f"{inline(f'A{XLSX_ROWS + 1}', 'x')}</row>"
        ),
        "more than 1,048,576 rows",
    ),
    "a column too many": (workbook([["phone", *"x" * CSV_COLUMNS]]), "more than 200 columns"),
    "a cell in a far corner": (
        sheet_of(f'<row r="1">{inline("A1", "phone")}</row><row>{inline("GR1048576", "x")}</row>'),
        "more than 10,000,000 cells",
    ),
    "a row that says another place": (
        sheet_of(f'<row r="9">{inline("A1", "phone")}{inline("B9999999", "x")}</row>'),
        "more than 1,048,576 rows",
    ),
    "a text longer than a cell can hold": (
        sheet_of(f'<row r="1">{inline("A1", "x" * (CELL_LENGTH + 1))}</row>'),
        "more than 32,767 characters",
    ),
    "a shared text longer than a cell can hold": (
        rebuilt(GOOD, {SHARED: shared_of("phone", "x" * (CELL_LENGTH + 1))}),
        "more than 32,767 characters",
    ),
    "a text in a text": (rebuilt(GOOD, {SHARED: b"<sst><si><si/></si></sst>"}), NONE),
    "a value in a value": (sheet_of('<row r="1"><c r="A1"><v>1<v>2</v></v></c></row>'), NONE),
    "two parts of one name": (twice(GOOD, SHARED, SHARED.upper()), NONE),
    "a text beyond all": (sheet_of(f'<row r="1">{naming(XLSX_CELLS)}</row>'), "more than"),
    "a text of a long number": (sheet_of(f'<row r="1">{naming("0" * 30)}</row>'), NONE),
    "a cell without a place": (sheet_of('<row r="1"><c r="A"><v>1</v></c></row>'), NONE),
    "a cell of no column": (sheet_of('<row r="1"><c r="ABCD1"><v>1</v></c></row>'), NONE),
}


@pytest.mark.parametrize("what", REFUSED)
def test_workbook_is_refused_in_one_sentence(what):
    content, sentence = REFUSED[what]
    with pytest.raises(BadFile, match=sentence) as refused:
        spreadsheets.check(upload(content))
    assert "912345678" not in str(refused.value)


@pytest.fixture
def four_mb_unpacked(monkeypatch):
    """So that a bomb is quickly made."""
    monkeypatch.setattr("loyalty.imports.workbooks.XLSX_BYTES", 4 * MB)


@pytest.mark.usefixtures("four_mb_unpacked")
def test_zip_bomb_is_refused_without_being_unpacked_into_memory():
    content = repeated(64 * MB)
    assert len(content) < MB
    tracemalloc.start()
    try:
        with pytest.raises(BadFile, match="Unpacked, the Excel file is too large"):
            spreadsheets.check(upload(content))
        assert tracemalloc.get_traced_memory()[1] < 2 * MB
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("four_mb_unpacked")
def test_zip_bomb_that_names_a_small_size_is_refused():
    content = lying(repeated(64 * MB), "xl/media/image1.png", 10)
    with pytest.raises(BadFile, match="too large"):
        spreadsheets.check(upload(content))


LONG = "x" * CELL_LENGTH
NAMING_THE_LONG_ONE = {
    "plainly": (("phone", LONG), 1),
    "with zeros before it": (("phone", LONG), "001"),
    "by what is no number": ((LONG, "phone"), "one"),
    "by a number with a blank": ((LONG, "phone"), "\n1"),
    "before a comment": (("phone", LONG), "1<!-- -->9"),
    "before a reference": (("phone", LONG), "1&#57;"),
    "in a section": (("phone", LONG), "<![CDATA[1]]>"),
}


@pytest.mark.usefixtures("four_mb_unpacked")
@pytest.mark.parametrize("order", [(SHARED, SHEET), (SHEET, SHARED)])
@pytest.mark.parametrize("how", NAMING_THE_LONG_ONE)
def test_long_text_in_very_many_cells_is_refused(how, order):
    """A few kilobytes, and in memory as many copies as there are cells."""
    texts, place = NAMING_THE_LONG_ONE[how]
    parts = {SHARED: shared_of(*texts), SHEET: sheet(f"<row>{naming(place)}</row>" * 130)}
    content = rebuilt(rebuilt(GOOD, {}, without=SHARED), {part: parts[part] for part in order})
    assert len(content) < MB / 10
    with pytest.raises(BadFile, match="Unpacked, the Excel file is too large"):
        spreadsheets.check(upload(content))


@pytest.mark.usefixtures("four_mb_unpacked")
def test_long_text_in_some_cells_is_read():
    """Beside a short one in very many: each counts as long as it is."""
    cells = f"<row>{naming(0)}</row>" * 20_000 + f"<row>{naming(1)}</row>" * 9
    content = rebuilt(GOOD, {SHARED: shared_of("phone", LONG), SHEET: sheet(cells)})
    assert spreadsheets.check(upload(content)).lines == 20_009


def test_sheet_of_many_cells_is_refused_by_its_texts(monkeypatch):
    monkeypatch.setattr("loyalty.imports.workbooks.XLSX_CELLS", 100)
    texts = b"<sst>" + b"<si><t>x</t></si>" * 101 + b"</sst>"
    with pytest.raises(BadFile, match="more than 100 cells"):
        spreadsheets.check(upload(rebuilt(GOOD, {"xl/sharedStrings.xml": texts})))


def test_as_many_cells_as_are_allowed_are_read(monkeypatch):
    monkeypatch.setattr("loyalty.imports.workbooks.XLSX_CELLS", 4)
    assert spreadsheets.check(upload(GOOD)).lines == 2
    assert XLSX_CELLS > XLSX_ROWS
