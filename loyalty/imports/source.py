"""Files as they come in: CSV, plain or gzip, read once to check and once to use.

The first pass reads the whole file before anything is written, so that a file
cut short or saved wrong is refused with nothing done. Both passes stream.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flask_babel import gettext

from loyalty.core.limits import CSV_COLUMNS, CSV_LINE_BYTES

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BOM = "\ufeff"
DELIMITERS = ",;\t|"


class BadFile(Exception):
    """Why a file is refused as a whole: one sentence, with what to do."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that came with a request: it is held here and written to no disk."""

    name: str
    content: bytes


File = Path | Upload


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """A file whose every byte was read once: `rows` without the header, blank ones too."""

    file: File
    header: list[str]
    delimiter: str
    lines: int
    sha256: str


def check(file: File) -> CheckedFile:
    """The first pass; raises `BadFile`."""
    _check_kind(file)
    try:
        with _open(file) as stream:
            return _read_through(file, _Lines(stream))
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise BadFile(gettext("The gzip file is damaged or cut short: copy it again.")) from None


def _read_through(file: File, lines: _Lines) -> CheckedFile:
    first = next(lines, "").removeprefix(BOM)
    if not first.strip():
        raise BadFile(gettext("The file is empty: its first line must name the columns."))
    delimiter = max(DELIMITERS, key=first.count)
    try:
        header = next(_csv([first], delimiter))
        for _ in _csv(lines, delimiter):
            pass
    except csv.Error as why:
        raise BadFile(_what_is_wrong(why, lines.number)) from None
    if len(header) > CSV_COLUMNS:
        raise BadFile(gettext("The file has more than %(count)s columns.", count=CSV_COLUMNS))
    return CheckedFile(
        file=file,
        header=[name.strip() for name in header],
        delimiter=delimiter,
        lines=lines.number,
        sha256=lines.digest.hexdigest(),
    )


def _what_is_wrong(why: csv.Error, line: int) -> str:
    if "new-line character" in str(why):
        return gettext(
            "Line %(line)s has a carriage return where no line ends: save the file as CSV again.",
            line=line,
        )
    return gettext(
        "Line %(line)s or one before it has a quotation mark that is not closed: save the file"
        " as CSV again.",
        line=line,
    )


def _csv(lines: Iterable[str], delimiter: str) -> Any:
    """Strict: a stray quotation mark would otherwise swallow the rows that follow it."""
    csv.field_size_limit(CSV_LINE_BYTES)
    return csv.reader(lines, delimiter=delimiter, strict=True)


class _Lines:
    """The lines of a file as text, counted, hashed and checked on the way."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.number = 0
        self.digest = hashlib.sha256()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(CSV_LINE_BYTES + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.digest.update(line)
        return _decode(line, self.number)


def rows_of(file: CheckedFile) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every row after the header; blank lines are passed over."""
    with _open(file.file) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        reader = _csv(text, file.delimiter)
        next(reader)
        line = reader.line_num
        for cells in reader:
            if cells:
                yield line + 1, cells
            line = reader.line_num


def _check_kind(file: File) -> None:
    start = _first_bytes(file)
    named_gzip = _is_gzip(file)
    if start == ZIP_MAGIC:
        raise BadFile(gettext("This is an Excel or ZIP file, not CSV: save it as CSV UTF-8."))
    if start[:2] in UTF16_MARKS:
        raise BadFile(gettext("The file is in UTF-16: save it as CSV UTF-8."))
    if named_gzip and start[:2] != GZIP_MAGIC:
        raise BadFile(gettext("The file is named .gz but is no gzip file."))
    if start[:2] == GZIP_MAGIC and not named_gzip:
        raise BadFile(gettext("This is a gzip file: name it .csv.gz."))


def _is_gzip(file: File) -> bool:
    """What comes with a request is plain: a few bytes of gzip may hold gigabytes."""
    return isinstance(file, Path) and file.suffix.lower() == ".gz"


def _first_bytes(file: File) -> bytes:
    try:
        if isinstance(file, Upload):
            return file.content[:4]
        if file.is_file():
            with file.open("rb") as stream:
                return stream.read(4)
    except OSError:
        raise BadFile(gettext("The file %(name)s cannot be read.", name=file.name)) from None
    raise BadFile(gettext("There is no file %(name)s.", name=file.name))


def _open(file: File) -> IO[bytes]:
    if isinstance(file, Upload):
        return io.BytesIO(file.content)
    if _is_gzip(file):
        return gzip.open(file, "rb")  # type: ignore[return-value]
    return file.open("rb")


def _decode(line: bytes, number: int) -> str:
    if len(line) > CSV_LINE_BYTES:
        sentence = gettext(
            "Line %(line)s is longer than %(count)s bytes: is this CSV?",
            line=number,
            count=CSV_LINE_BYTES,
        )
        raise BadFile(sentence)
    if b"\0" in line:
        raise BadFile(gettext("Line %(line)s holds a NUL byte: is this CSV?", line=number))
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        sentence = gettext("Line %(line)s is not UTF-8: save the file as CSV UTF-8.", line=number)
        raise BadFile(sentence) from None
