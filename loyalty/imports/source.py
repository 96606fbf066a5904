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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from loyalty.core.limits import CSV_COLUMNS, CSV_LINE_BYTES

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BOM = "\ufeff"
DELIMITERS = ",;\t|"


class BadFile(Exception):
    """Why a file is refused as a whole: one sentence, with what to do."""


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """A file whose every byte was read once: `rows` without the header, blank ones too."""

    path: Path
    header: list[str]
    delimiter: str
    lines: int
    sha256: str


def check(path: Path) -> CheckedFile:
    """The first pass; raises `BadFile`."""
    _check_kind(path)
    digest = hashlib.sha256()
    header_line = ""
    lines = 0
    try:
        with _open(path) as stream:
            while line := stream.readline(CSV_LINE_BYTES + 1):
                lines += 1
                digest.update(line)
                text = _decode(line, lines)
                if lines == 1:
                    header_line = text.removeprefix(BOM)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise BadFile("The gzip file is damaged or cut short: copy it again.") from None
    if not header_line.strip():
        raise BadFile("The file is empty: its first line must name the columns.")
    delimiter = max(DELIMITERS, key=header_line.count)
    header = next(csv.reader([header_line], delimiter=delimiter))
    if len(header) > CSV_COLUMNS:
        raise BadFile(f"The file has more than {CSV_COLUMNS} columns.")
    return CheckedFile(
        path=path,
        header=[name.strip() for name in header],
        delimiter=delimiter,
        lines=lines,
        sha256=digest.hexdigest(),
    )


def rows_of(file: CheckedFile) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every row after the header; blank lines are passed over."""
    csv.field_size_limit(CSV_LINE_BYTES)
    with _open(file.path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=file.delimiter)
        next(reader)
        line = reader.line_num
        for cells in reader:
            if cells:
                yield line + 1, cells
            line = reader.line_num


def _check_kind(path: Path) -> None:
    if not path.is_file():
        raise BadFile(f"There is no file {path.name}.")
    with path.open("rb") as file:
        start = file.read(4)
    named_gzip = path.suffix.lower() == ".gz"
    if start == ZIP_MAGIC:
        raise BadFile("This is an Excel or ZIP file, not CSV: save it as CSV UTF-8.")
    if start[:2] in UTF16_MARKS:
        raise BadFile("The file is in UTF-16: save it as CSV UTF-8.")
    if named_gzip and start[:2] != GZIP_MAGIC:
        raise BadFile("The file is named .gz but is no gzip file.")
    if start[:2] == GZIP_MAGIC and not named_gzip:
        raise BadFile("This is a gzip file: name it .csv.gz.")


def _open(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _decode(line: bytes, number: int) -> str:
    if len(line) > CSV_LINE_BYTES:
        raise BadFile(f"Line {number} is longer than {CSV_LINE_BYTES} bytes: is this CSV?")
    if b"\0" in line:
        raise BadFile(f"Line {number} holds a NUL byte: is this CSV?")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise BadFile(f"Line {number} is not UTF-8: save the file as CSV UTF-8.") from None
