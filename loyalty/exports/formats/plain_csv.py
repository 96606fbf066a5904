"""CSV for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.core.spreadsheets import safe_cell, safe_cells
from loyalty.exports.formats.delimited import Cells, Delimited
from loyalty.exports.written import Write, writer_of


class PlainCsv(Delimited):
    """A file that a colleague opens in a spreadsheet and that an import of members reads back.

    Source: semantics, Audience files. RFC 4180 with CRLF, UTF-8 with a byte order mark, by
    which spreadsheets know it for UTF-8; the labels of the columns above them; no cell that a
    spreadsheet would run (`core/spreadsheets.py`), so a foreign phone is `'+66812345678`.
    """

    name = "csv"
    label = "CSV"
    hint = _l("for people and for other programs")
    takes_columns = True
    encoding = "utf-8-sig"

    def needs(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.chosen)

    def header(self) -> Sequence[str]:
        return [safe_cell(str(column.label)) for column in self.chosen]

    @cached_property
    def _writers(self) -> list[Write]:
        return [writer_of(column, self.around) for column in self.chosen]

    def columns_of(self, columns: Sequence[Sequence[Any]]) -> Iterable[Cells]:
        for write, values in zip(self._writers, columns[1:], strict=True):
            yield safe_cells([None if value is None else write(value) for value in values])
