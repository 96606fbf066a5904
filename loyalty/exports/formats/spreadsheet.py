"""XLSX for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from loyalty.core.limits import XLSX_ROWS
from loyalty.core.money import decimals_of, to_major
from loyalty.exports.columns import ColumnKind
from loyalty.exports.formats.base import Busy, Format, Row, RowFile, idle
from loyalty.exports.written import writer_of

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from loyalty.exports.columns import Column

_OPTIONS = {"constant_memory": True, "use_zip64": True}
_COLUMN_WIDTH = 18
_WAS_CUT = -2
"""XlsxWriter's answer for a text of more than the 32,767 characters that a cell holds."""

Put = Callable[[int, int, Any], object]
"""Write a value into the cell at (line, place)."""


class Spreadsheet(Format):
    """A workbook of one sheet that a colleague opens, and that an import of members reads back.

    Source: semantics, Audience files. Texts are texts whatever they begin with: no formula, no
    link, no number; dates and times are real ones, times in the shop's zone; money is in major
    units. A sheet ends at 1,048,576 rows. XlsxWriter holds one row in memory; until the file is
    closed the rows lie beside it.
    """

    name = "xlsx"
    label = "Excel"
    hint = _l("a workbook for people")
    takes_columns = True
    extension = "xlsx"
    most_rows = XLSX_ROWS - 1

    def needs(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.chosen)

    @contextmanager
    def open(self, path: Path, *, busy: Busy = idle) -> Iterator[RowFile]:
        with (
            TemporaryDirectory(prefix=path.name, dir=path.parent) as folder,
            path.open("wb") as file,
        ):
            under = _Told(file, busy)
            book = Workbook(under, {**_OPTIONS, "tmpdir": folder})
            sheet = book.add_worksheet()
            with _ending(book, sheet, under):
                self._head(book, sheet)
                yield _Lines([self._put(column, book, sheet) for column in self.chosen])

    def _head(self, book: Workbook, sheet: Worksheet) -> None:
        bold = book.add_format({"bold": True})
        for place, column in enumerate(self.chosen):
            sheet.write_string(0, place, str(column.label), bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(self.chosen) - 1, _COLUMN_WIDTH)

    def _put(self, column: Column, book: Workbook, sheet: Worksheet) -> Put:
        match column.kind:
            case ColumnKind.NUMBER | ColumnKind.POINTS:
                return sheet.write_number
            case ColumnKind.MONEY:
                return _put_money(sheet, book, self.around.currency)
            case ColumnKind.DATE:
                day = book.add_format({"num_format": "yyyy-mm-dd"})
                return lambda line, place, value: sheet.write_datetime(line, place, value, day)
            case ColumnKind.TIME:
                return _put_time(sheet, book, self.around.zone)
            case _:
                return self._put_text(column, sheet)

    def _put_text(self, column: Column, sheet: Worksheet) -> Put:
        write = writer_of(column, self.around)

        def put(line: int, place: int, value: Any) -> None:
            if sheet.write_string(line, place, write(value)) == _WAS_CUT:
                self.left_out[column.name] += 1

        return put


def _put_money(sheet: Worksheet, book: Workbook, currency: str) -> Put:
    decimals = decimals_of(currency)
    shown = book.add_format({"num_format": f"#,##0.{'0' * decimals}".rstrip(".")})
    return lambda line, place, minor: sheet.write_number(
        line, place, float(to_major(minor, currency)), shown
    )


def _put_time(sheet: Worksheet, book: Workbook, zone: ZoneInfo) -> Put:
    shown = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})

    def put(line: int, place: int, moment: datetime) -> None:
        here = moment.astimezone(zone).replace(tzinfo=None)
        sheet.write_datetime(line, place, here, shown)

    return put


class _Lines:
    def __init__(self, puts: Sequence[Put]) -> None:
        self._puts = puts
        self._line = 0

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._line += 1
            for place, put in enumerate(self._puts):
                value = row[place + 1]
                if value is not None:
                    put(self._line, place, value)


class _Told:
    """The file below the workbook's archive: `busy` hears of every piece that is written, for
    the archive of a million rows is a minute's work."""

    def __init__(self, file: BinaryIO, busy: Busy) -> None:
        self._file = file
        self._busy = busy

    def write(self, piece: bytes) -> int:
        self._busy()
        return self._file.write(piece)

    def let_go(self) -> None:
        """An archive that failed tries once more to end itself when it is forgotten."""
        self._file, self._busy = BytesIO(), idle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def _ending(book: Workbook, sheet: Worksheet, under: _Told) -> Iterator[None]:
    """Whole when it is left in peace; else what was written so far is let go."""
    try:
        yield
        book.close()
    except FileCreateError as why:
        under.let_go()
        raise why.args[0] from None
    except BaseException:
        under.let_go()
        raise
    finally:
        with suppress(OSError):  # a full disk has been told already
            sheet.row_data_fh.close()
