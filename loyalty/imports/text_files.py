"""CSV, plain or gzip: the first pass reads every byte, the second the rows; both stream."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from flask_babel import gettext

from loyalty.core.limits import CSV_COLUMNS, CSV_LINE_BYTES
from loyalty.imports import encodings
from loyalty.imports.encodings import UTF8, NotInThis
from loyalty.imports.files import GZIP_MAGIC, BadFile, CheckedFile, File, is_packed, opened

BOM = "\ufeff"
DELIMITERS = ",;\t|"


def check(file: File, start: bytes, *, encoding: str | None, region: str) -> CheckedFile:
    """Raises `BadFile`. `start`: the file's first bytes; an `encoding` that is not given is
    found out, and where two are as likely `region` decides."""
    _check_packing(file, start)
    with _gzip_errors():
        chosen = encoding or encodings.marked(start)
        if chosen is not None:
            return _read_through(file, chosen)
        try:
            return _read_through(file, UTF8)
        except NotInThis as why:
            found = encodings.recognise(lambda: opened(file), region=region)
            if found is None:
                raise BadFile(str(why)) from None
            return _read_through(file, found)


def rows_of(file: CheckedFile) -> Iterator[tuple[int, list[str]]]:
    encoding = file.encoding or UTF8
    with opened(file.file) as stream:
        text = io.TextIOWrapper(encodings.as_utf8(stream, encoding), "utf-8-sig", newline="")
        reader = _csv(map(_composed(encoding), text), file.delimiter)
        next(reader)
        line = reader.line_num
        for cells in reader:
            if cells:
                yield line + 1, cells
            line = reader.line_num


def _check_packing(file: File, start: bytes) -> None:
    if is_packed(file) and start[:2] != GZIP_MAGIC:
        raise BadFile(gettext("The file is named .gz but is no gzip file."))
    if start[:2] == GZIP_MAGIC and not is_packed(file):
        raise BadFile(gettext("This is a gzip file: name it .csv.gz."))


@contextmanager
def _gzip_errors() -> Iterator[None]:
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise BadFile(gettext("The gzip file is damaged or cut short: copy it again.")) from None


def _read_through(file: File, encoding: str) -> CheckedFile:
    with opened(file) as stream:
        lines = _Lines(encodings.as_utf8(stream, encoding), encoding)
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
        lines=lines.number,
        sha256=lines.digest.hexdigest(),
        encoding=encoding,
        delimiter=delimiter,
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


def _composed(encoding: str) -> Callable[[str], str]:
    """Windows-1258 has most Vietnamese letters in two parts."""
    if encoding == encodings.VIETNAMESE:
        return lambda line: unicodedata.normalize("NFC", line)
    return str


class _Lines:
    """The lines of a file as text, counted, hashed and checked on the way."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._composed = _composed(encoding)
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
        return self._composed(_decode(line, self.number))


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
        raise NotInThis(sentence) from None
