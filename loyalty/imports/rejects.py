"""The list of refused rows, for people to mend and send again: CSV that any spreadsheet opens."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pyroaring import BitMap

from loyalty.core.disk import saying_disk_full
from loyalty.core.spreadsheets import safe_cell
from loyalty.imports.refused_rows import Refused

ENCODING = "utf-8-sig"
HEADINGS = ("line", "code", "sentence")


def as_csv(rows: Iterable[Refused], *, header: Sequence[str] | None = None) -> str:
    """Lines of the list; with the header of the file first, where it is the list's beginning."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if header is not None:
        writer.writerow([*HEADINGS, *map(safe_cell, header)])
    for row in rows:
        writer.writerow([row.line, row.code, row.sentence, *map(safe_cell, row.cells)])
    return text.getvalue()


class RefusedList:
    """A list in a file of its own."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path = path
        self.header = header

    def begin(self) -> None:
        self.path.unlink(missing_ok=True)

    def lines(self) -> BitMap:
        """Of the file that was sent, those that are in it; a step that was never committed may
        have left half a row at its end."""
        if not self.path.exists():
            return BitMap()
        with self.path.open(encoding=ENCODING, errors="replace", newline="") as text:
            return BitMap(int(row[0]) for row in csv.reader(text) if row and row[0].isdecimal())

    def add(self, rows: Sequence[Refused]) -> None:
        self.write(rows, at=self.path.stat().st_size if self.path.exists() else 0)

    def write(self, rows: Sequence[Refused], *, at: int) -> int:
        """From byte `at` on, over what a step that was never committed wrote there; returns
        how long the list is then. Raises `disk_full`."""
        if not rows:
            return at
        with saying_disk_full():
            return self._write(rows, at)

    def _write(self, rows: Sequence[Refused], at: int) -> int:
        # An erasure deletes whole folders, of an import at work too.
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as out:
            # Shorter where its files were deleted meanwhile: it begins anew.
            is_begun = 0 < at <= out.seek(0, os.SEEK_END)
            at = out.seek(at if is_begun else 0)
            out.truncate()
            text = as_csv(rows, header=None if is_begun else self.header)
            out.write(text.encode("utf-8" if is_begun else ENCODING))
            out.flush()
            os.fsync(out.fileno())
            return out.tell()
