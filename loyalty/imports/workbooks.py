"""What an XLSX file is before a library reads it into memory: a workbook at all, and no larger
than it should be.

A workbook is a zip of XML parts (ECMA-376, part 1, 12 and 18.3). A sheet of two cells can name a
rectangle of billions, so every part is looked through.
"""

from __future__ import annotations

from collections.abc import Callable
from string import digits
from typing import IO
from xml.parsers import expat

from flask_babel import gettext

from loyalty.core.limits import CELL_LENGTH, CSV_COLUMNS, XLSX_BYTES, XLSX_CELLS, XLSX_ROWS
from loyalty.imports.files import BadFile
from loyalty.imports.shared_texts import SharedTexts
from loyalty.imports.zipped_parts import DamagedZip, parts_of, unpacked

_PARTS = 1_000
_OTHER_KINDS = {"xl/workbook.bin", "content.xml"}
"""Excel's binary form, and OpenDocument."""
_RELATIONS = "xl/_rels/workbook.xml.rels"
_TEXTS = {"v", "is", "si"}


def check_workbook(stream: IO[bytes]) -> None:
    """Raises `BadFile`."""
    try:
        parts = {part: part.filename.replace("\\", "/").lower() for part in parts_of(stream)}
        names = set(parts.values())
        if "xl/workbook.xml" not in names or names & _OTHER_KINDS or len(parts) > _PARTS:
            raise _no_workbook()
        if len(names) < len(parts):  # Of two of one name, who says which is read?
            raise _no_workbook()
        left = XLSX_BYTES
        shared = SharedTexts()
        for part, name in parts.items():
            look = _look_for(name, shared)
            for block in unpacked(stream, part):
                left -= len(block)
                if left < 0:
                    raise _too_large()
                look.feed(block)
            look.end()
        if shared.copied_bytes() > XLSX_BYTES:
            raise _too_large()
    except DamagedZip:
        raise damaged() from None


def damaged() -> BadFile:
    return BadFile(gettext("The Excel file is damaged or cut short: copy or save it again."))


def _no_workbook() -> BadFile:
    return BadFile(gettext("This is no Excel workbook: save it as XLSX, or as CSV UTF-8."))


def _too_large() -> BadFile:
    return BadFile(gettext("Unpacked, the Excel file is too large: save it as CSV UTF-8."))


def _too_many_cells() -> BadFile:
    return BadFile(
        gettext(
            "The sheet has more than %(count)s cells: save it as CSV UTF-8.",
            count=f"{XLSX_CELLS:,}",
        )
    )


def _look_for(name: str, shared: SharedTexts) -> _Any:
    if name == _RELATIONS:
        return _Relations(shared)
    return _Xml(shared) if name.endswith((".xml", ".rels")) else _Any()


class _Any:
    """What is not read as a sheet, such as a picture."""

    def feed(self, block: bytes) -> None:
        pass

    def end(self) -> None:
        pass


class _Xml(_Any):
    """A part of XML, how far its values reach if it is a sheet, and how long its texts are."""

    def __init__(self, shared: SharedTexts) -> None:
        self._shared = shared
        self._names_a_text = False
        self._take: Callable[[str], None] | None = None
        self._length = 0
        self._row = self._column = 0
        self._last_row = self._last_column = 0
        self._row_written = ""
        self._columns: dict[str, int] = {}
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.CharacterDataHandler = self._text
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse_entities
        self._handlers: dict[str, Callable[[dict[str, str]], None]] = {
            "row": self._go_to_row,
            "c": self._go_to_cell,
            "v": self._go_to_value,
            "is": self._go_to_text,
            "si": self._go_to_shared_text,
        }

    def feed(self, block: bytes) -> None:
        self._parse(block, False)

    def end(self) -> None:
        self._parse(b"", True)
        if self._last_row * self._last_column > XLSX_CELLS:
            raise _too_many_cells()

    def _parse(self, block: bytes, is_last: bool) -> None:
        try:
            self._parser.Parse(block, is_last)
        except (expat.ExpatError, LookupError, ValueError):
            # The last two: it names an encoding that does not exist, or that expat has not.
            raise DamagedZip from None

    def _refuse_entities(self, *_: object) -> None:
        raise _no_workbook()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        handler = self._handlers.get(name.rpartition(":")[2])
        if handler is not None:
            handler(attributes)

    def _text(self, text: str) -> None:
        """A piece of it: long texts come in several, and what stands behind a reference."""
        if self._take is None:
            return
        self._length += len(text)
        if self._length > CELL_LENGTH:
            raise BadFile(
                gettext("A cell holds more than %(count)s characters.", count=f"{CELL_LENGTH:,}")
            )
        self._take(text)

    def _end(self, name: str) -> None:
        if self._take is not None and name.rpartition(":")[2] in _TEXTS:
            self._take = None

    def _take_by(self, take: Callable[[str], None]) -> None:
        """Of texts in each other it is not certain what a reader makes of them."""
        if self._take is not None:
            raise _no_workbook()
        self._take = take
        self._length = 0

    def _go_to_value(self, _: dict[str, str]) -> None:
        self._reach()
        self._take_by(self._use_text if self._names_a_text else _pass_over)

    def _go_to_text(self, _: dict[str, str]) -> None:
        self._reach()
        self._take_by(_pass_over)

    def _go_to_shared_text(self, _: dict[str, str]) -> None:
        self._take_by(self._shared.add)
        self._shared.begin()
        if len(self._shared) > XLSX_CELLS:
            raise _too_many_cells()

    def _use_text(self, written: str) -> None:
        """Readers take the first piece of a number, and what is none for 0."""
        place = _number(written) if written.isascii() and written.isdigit() else 0
        if place >= XLSX_CELLS:
            raise _too_many_cells()
        self._shared.use(place)

    def _go_to_row(self, attributes: dict[str, str]) -> None:
        """Rows and cells need not say where they stand: it is then after the one before."""
        self._row_written = attributes.get("r") or str(self._row + 1)
        self._row = _number(self._row_written)
        self._column = 0

    def _go_to_cell(self, attributes: dict[str, str]) -> None:
        self._names_a_text = attributes.get("t") == "s"
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
            return
        letters = reference.removesuffix(self._row_written)
        column = self._columns.get(letters)
        if column is None:
            letters = reference.rstrip(digits)
            self._row_written = reference[len(letters) :]
            self._row = _number(self._row_written)
            column = self._columns[letters] = _column_number(letters)
        self._column = column

    def _reach(self) -> None:
        """A cell without a value may stand anywhere: it is formatted, and no more."""
        if self._row > self._last_row:
            self._last_row = self._row
            if self._row > XLSX_ROWS:
                raise BadFile(
                    gettext(
                        "The sheet has more than %(count)s rows: divide it, or save it as CSV"
                        " UTF-8.",
                        count=f"{XLSX_ROWS:,}",
                    )
                )
        if self._column > self._last_column:
            self._last_column = self._column
            if self._column > CSV_COLUMNS:
                raise BadFile(
                    gettext("The file has more than %(count)s columns.", count=CSV_COLUMNS)
                )


class _Relations(_Xml):
    """Which parts are the sheets: none that was not looked through."""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", ".xml")
        if attributes.get("TargetMode") != "External" and not target.lower().endswith(".xml"):
            raise _no_workbook()


def _pass_over(_: str) -> None:
    """A text that stands in its cell alone."""


def _number(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise _no_workbook()
    return int(written)


def _column_number(letters: str) -> int:
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        raise _no_workbook()
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
