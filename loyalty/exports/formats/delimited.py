"""Formats that are lines of cells: RFC 4180, UTF-8."""

from __future__ import annotations

import csv
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from loyalty.exports.formats.base import Busy, Format, Row, RowFile, idle

_BUFFER_BYTES = 1 << 18

Cells = Sequence[str | None]
"""Of one column; "" and None are both an empty cell."""


class Delimited(Format):
    encoding: ClassVar[str] = "utf-8"

    @abstractmethod
    def header(self) -> Sequence[str]: ...

    @abstractmethod
    def columns_of(self, columns: Sequence[Sequence[Any]]) -> Iterable[Cells]:
        """The cells of every column of the file, from the values of rows by column: the ids
        first, then what `needs` names. A column at a time is twice as fast as a row."""

    @contextmanager
    def open(self, path: Path, *, busy: Busy = idle) -> Iterator[RowFile]:
        with path.open("w", _BUFFER_BYTES, encoding=self.encoding, newline="") as file:
            lines = csv.writer(file)
            lines.writerow(self.header())
            yield _Lines(self, lines)


class _Lines:
    def __init__(self, fmt: Delimited, lines: Any) -> None:
        self._fmt = fmt
        self._lines = lines

    def write(self, rows: Sequence[Row]) -> None:
        columns = list(zip(*rows, strict=True))
        self._lines.writerows(zip(*self._fmt.columns_of(columns), strict=True))
