"""Files whose rows are phones: a step of rows read, each phone with where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app

from loyalty.core.errors import Problem
from loyalty.core.phone import PhoneNumber
from loyalty.imports.refused_rows import Refused, check_width, no_phone, refused
from loyalty.imports.source import CheckedFile

Row = tuple[int, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class PhoneRow:
    line: int
    cells: Sequence[str]
    phone: PhoneNumber


def read(
    file: CheckedFile, place: int, step: Sequence[Row]
) -> tuple[list[PhoneRow], list[Refused]]:
    """The rows whose cell at `place` is a phone, and the others."""
    region = current_app.extensions["settings"].default_region
    found, not_read = [], []
    for line, cells in step:
        try:
            check_width(cells, least=place + 1, width=len(file.header))
            if not cells[place].strip():
                raise no_phone()
            phone = PhoneNumber.parse(cells[place], region).as_member_key()
            found.append(PhoneRow(line=line, cells=cells, phone=phone))
        except Problem as why:
            not_read.append(refused(line, cells, why))
    return found, not_read
