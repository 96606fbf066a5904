"""XLSX: a sheet of it as rows of text, each value as it would stand in a CSV file."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import IO, Any

from flask_babel import gettext
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from loyalty.core.limits import NAME_LENGTH
from loyalty.imports.columns import PHONE_WORDS, plain
from loyalty.imports.files import OLE_MAGIC, BadFile, CheckedFile, File, first_bytes, opened
from loyalty.imports.workbooks import check_workbook, damaged

_TITLE_ROWS = 20
"""The header is looked for in so many rows: systems print their name and the date above it."""
_BLOCK_BYTES = 64 * 1024
_PHONES = frozenset(map(plain, PHONE_WORDS))


def check(file: File) -> CheckedFile:
    """Raises `BadFile`. The sheet is the first in sight that has a column of phones, else the
    first in sight with anything in it."""
    if first_bytes(file) == OLE_MAGIC:
        raise BadFile(
            gettext(
                "This is an old Excel file (.xls), or one with a password: save it as XLSX"
                " without a password."
            )
        )
    with opened(file) as stream:
        check_workbook(stream)
        sha256 = _sha256(stream)
    with _workbook(file) as book:
        sheet, header = _chosen(book)
        _refuse_merged(sheet, header)
        cells = _texts_of(next(itertools.islice(_rows(sheet), header, None)))
        return CheckedFile(
            file=file,
            header=_header(cells),
            lines=_last_line(sheet),
            sha256=sha256,
            sheet=sheet.name,
            header_line=header + 1,
        )


def rows_of(file: CheckedFile) -> Iterator[tuple[int, list[str]]]:
    """As `source.rows_of`; the line is the number of the row in the sheet."""
    with _workbook(file.file) as book:
        sheet = book.get_sheet_by_name(str(file.sheet))
        rows = enumerate(_rows(sheet), start=1)
        for line, row in itertools.islice(rows, file.header_line, None):
            cells = _texts_of(row)
            if _filled(cells):
                yield line, cells


def _sha256(stream: IO[bytes]) -> str:
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


@contextmanager
def _workbook(file: File) -> Iterator[CalamineWorkbook]:
    try:
        with opened(file) as stream, CalamineWorkbook.from_filelike(stream) as book:
            yield book
    except CalamineError:
        raise damaged() from None


def _chosen(book: CalamineWorkbook) -> tuple[CalamineSheet, int]:
    """The sheet, and the place of its header."""
    other = None
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet or about.visible != SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_name(about.name)
        first = [_texts_of(row) for row in itertools.islice(_rows(sheet), _TITLE_ROWS)]
        for place, cells in enumerate(first):
            if not _PHONES.isdisjoint(map(plain, cells)):
                return sheet, place
        if other is None and any(map(_filled, first)):
            other = sheet, _fullest(first)
    if other is None:
        raise BadFile(gettext("The file is empty: its first line must name the columns."))
    return other


def _fullest(rows: Sequence[Sequence[str]]) -> int:
    """The first of those with the most cells that are not empty: a title has one."""
    filled = list(map(_filled, rows))
    return filled.index(max(filled))


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell and not cell.isspace())


def _refuse_merged(sheet: CalamineSheet, header: int) -> None:
    """Of merged cells all but one are empty: below the header that would be people without a
    phone, or with that of somebody else."""
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if bottom > header:
            raise BadFile(
                gettext(
                    "The cells %(range)s are merged: unmerge them, so that each row stands for"
                    " itself.",
                    range=f"{_name(top, left)}:{_name(bottom, right)}",
                )
            )


def _name(row: int, column: int) -> str:
    """`AB12`."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def _rows(sheet: CalamineSheet) -> Iterator[Sequence[Any]]:
    """From the first row of the sheet; none of an empty one, which has no start."""
    return iter(()) if sheet.start is None else sheet.iter_rows()


def _last_line(sheet: CalamineSheet) -> int:
    return sheet.end[0] + 1 if sheet.end else 0


def _texts_of(row: Sequence[Any]) -> list[str]:
    return [cell if type(cell) is str and "\0" not in cell else _text(cell) for cell in row]


def _text(cell: Any) -> str:
    match cell:
        case str():
            return cell.replace("\0", "")
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
        case float():
            return _fraction(cell)
        case datetime() | time() | date():
            return cell.isoformat()
        case _:
            return str(cell)


def _fraction(number: float) -> str:
    """`12.3450`: with three decimals it would read as twelve thousand where what is counted
    is whole."""
    text = str(number)
    return text + "0" if text[-4:-3] == "." else text


def _header(cells: Sequence[str]) -> list[str]:
    """Without the empty cells behind it."""
    names = [name.strip()[:NAME_LENGTH] for name in cells]
    while names and not names[-1]:
        names.pop()
    return names
