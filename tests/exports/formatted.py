"""Members as plain dictionaries, and the files that a format makes of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.exports.columns import FIXED, Column, ColumnKind
from loyalty.exports.formats import FORMATS
from loyalty.exports.formats.base import Around, Format
from loyalty.exports.writing import Written, write_files

AROUND = Around(
    region="VN",
    currency="VND",
    zone=ZoneInfo("Asia/Ho_Chi_Minh"),
    family_name_first=True,
    request_key="export-7",
    as_of=datetime(2026, 11, 22, 3, tzinfo=UTC),
)
EVERYTHING = list(FIXED)
STEM = "file-20261122"

Member = Mapping[str, Any]


def attribute(name: str, kind: ColumnKind, label: str = "label") -> Column:
    return Column(name=f"attributes.{name}", label=label, kind=kind, in_import=True)


def make(name: str, chosen: Sequence[str | Column] = (), around: Around = AROUND) -> Format:
    columns = [FIXED[each] if isinstance(each, str) else each for each in chosen]
    return FORMATS[name](columns, around)


def rows_for(fmt: Format, members: Sequence[Member]) -> list[tuple[Any, ...]]:
    """What a member does not have is missing; the id is the place in the list, from 1."""
    names = fmt.needs()
    return [
        (member.get("id", place), *(member.get(name) for name in names))
        for place, member in enumerate(members, start=1)
    ]


def write(
    fmt: Format, members: Sequence[Member], folder: Path, rows_per_file: int | None = None
) -> Written:
    return write_files(
        fmt,
        [rows_for(fmt, members)],
        folder,
        stem=STEM,
        rows_per_file=rows_per_file,
        on_rows=lambda rows: None,
    )


def csv_cells(path: Path, encoding: str = "utf-8") -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def lines_of(fmt: Format, members: Sequence[Member], folder: Path) -> list[dict[str, str]]:
    """The lines of the one CSV file that they make, by header."""
    (file,) = write(fmt, members, folder).files
    header, *lines = csv_cells(folder / file.name)
    return [dict(zip(header, line, strict=True)) for line in lines]
