"""Workbooks for tests: made by a library, and taken apart where no library would make them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import xlsxwriter

from loyalty.imports.files import Upload

SHEET = "xl/worksheets/sheet1.xml"
SHARED = "xl/sharedStrings.xml"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
Rows = Iterable[Sequence[Any]]


def workbook(rows: Rows = (), **more: Rows) -> bytes:
    """A sheet of these rows, then one for each keyword; datetimes and dates are dates."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"default_date_format": "dd/mm/yyyy"}) as book:
        for name, each in {"Sheet1": rows, **more}.items():
            sheet = book.add_worksheet(name)
            for place, cells in enumerate(each):
                sheet.write_row(place, 0, cells)
    return content.getvalue()


def made(write: Callable[[Any, Any], None]) -> bytes:
    """A workbook that `write(book, sheet)` fills."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        write(book, book.add_worksheet())
    return content.getvalue()


def rebuilt(content: bytes, changed: dict[str, bytes], *, without: str = "") -> bytes:
    """The same zip with other parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        parts = {part.filename: old.read(part) for part in old.infolist()} | changed
        for name, part in parts.items():
            if name != without:
                new.writestr(name, part)
    return out.getvalue()


def sheet_of(cells: str) -> bytes:
    """A workbook whose one sheet holds this XML."""
    return rebuilt(workbook([("phone",)]), {SHEET: sheet(cells)})


def sheet(cells: str) -> bytes:
    return f'<worksheet xmlns="{SPACE}"><sheetData>{cells}</sheetData></worksheet>'.encode()


def shared_of(*texts: str) -> bytes:
    """The part that holds the texts of all cells."""
    each = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return f'<sst xmlns="{SPACE}">{each}</sst>'.encode()


def naming(place: Any) -> str:
    """A cell that holds the shared text of this place."""
    return f'<c t="s"><v>{place}</v></c>'


def inline(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def upload(content: bytes) -> Upload:
    return Upload(name="upload", content=content)
