"""Files as they come in, CSV or XLSX: read once to check and once to use.

The first pass reads the whole file before anything is written, so that a file cut short or
saved wrong is refused with nothing done.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import current_app

from loyalty.imports import spreadsheets, text_files
from loyalty.imports.files import (
    GZIP_MAGIC,
    OLE_MAGIC,
    ZIP_MAGIC,
    BadFile,
    CheckedFile,
    File,
    Upload,
    first_bytes,
    is_packed,
)

__all__ = ["GZIP_MAGIC", "BadFile", "CheckedFile", "File", "Upload", "check", "rows_of"]


def check(file: File, *, encoding: str | None = None) -> CheckedFile:
    """The first pass; raises `BadFile`. `encoding`: one of `encodings.ENCODINGS`, for a text
    that would otherwise be taken for another."""
    start = first_bytes(file)
    if start.startswith((ZIP_MAGIC, OLE_MAGIC)) and not is_packed(file):
        return spreadsheets.check(file)
    region = current_app.extensions["settings"].default_region
    return text_files.check(file, start, encoding=encoding, region=region)


def rows_of(file: CheckedFile) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every row after the header; blank lines are passed over. Raises
    `BadFile` for a file that was changed since."""
    read = text_files.rows_of if file.sheet is None else spreadsheets.rows_of
    return read(file)
