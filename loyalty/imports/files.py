"""A file as it comes in, before anybody knows what is in it."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flask_babel import gettext

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Excel before 2007, and every workbook that has a password."""
MAGIC_BYTES = 8


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
    """A file that was read once from end to end. `lines`: where its last row stands, the header
    counted. Of text `encoding` and `delimiter`, of a workbook `sheet` and the row of the
    header; `sha256` is that of the text in UTF-8, unpacked, or of the workbook."""

    file: File
    header: list[str]
    lines: int
    sha256: str
    encoding: str | None = None
    delimiter: str = ""
    sheet: str | None = None
    header_line: int = 1


def is_packed(file: File) -> bool:
    """What comes with a request is plain: a few bytes of gzip may hold gigabytes."""
    return isinstance(file, Path) and file.suffix.lower() == ".gz"


def first_bytes(file: File) -> bytes:
    """Raises `BadFile` where there is no file."""
    try:
        if isinstance(file, Upload):
            return file.content[:MAGIC_BYTES]
        if file.is_file():
            with file.open("rb") as stream:
                return stream.read(MAGIC_BYTES)
    except OSError:
        raise BadFile(gettext("The file %(name)s cannot be read.", name=file.name)) from None
    raise BadFile(gettext("There is no file %(name)s.", name=file.name))


def opened(file: File) -> IO[bytes]:
    """Its bytes, unpacked."""
    if isinstance(file, Upload):
        return io.BytesIO(file.content)
    if is_packed(file):
        return gzip.open(file, "rb")  # type: ignore[return-value]
    return file.open("rb")
