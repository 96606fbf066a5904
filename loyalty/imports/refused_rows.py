"""Rows of a file that did not go in: where each stands, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from loyalty.core.errors import PHONE_CODES, Code, Problem

NO_PHONE = "no_phone"
INVALID_PHONE = "invalid_phone"
INVALID_ROW = "invalid_row"
RESTRICTED = "restricted"


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A row that did not go in: where it stands, and why."""

    line: int
    code: str
    sentence: str
    cells: Sequence[str]


def refused(line: int, cells: Sequence[str], problem: Problem) -> Refused:
    """Phone refusals are counted as one; a cell that is empty is no bad number."""
    code = str(problem.code)
    if problem.code in PHONE_CODES:
        code = INVALID_PHONE
    if is_empty_phone(problem):
        code = NO_PHONE
    if problem.code is Code.INVALID_REQUEST:
        code = RESTRICTED if problem.extra.get("restricted") else INVALID_ROW
    return Refused(line=line, code=code, sentence=str(problem.detail), cells=cells)


def is_empty_phone(problem: Problem) -> bool:
    return problem.code is Code.NO_NUMBER and bool(problem.extra.get("empty"))


def check_width(cells: Sequence[str], *, least: int, width: int) -> None:
    """A row of fewer cells than the columns read, or of more than the header names, was cut
    in the wrong places: `294,250` without quotation marks would be an amount of 294."""
    if len(cells) < least:
        raise Problem(Code.INVALID_REQUEST, detail=gettext("The row has too few cells."))
    if any(map(str.strip, cells[width:])):
        raise Problem(Code.INVALID_REQUEST, detail=gettext("The row has too many cells."))


def no_phone() -> Problem:
    """For an empty cell."""
    return Problem(Code.NO_NUMBER, extra={"empty": True})


def restricted() -> Problem:
    """For a member who had the use of the profile restricted."""
    sentence = gettext("This customer had the use of the profile restricted: it stays as it is.")
    return Problem(Code.INVALID_REQUEST, detail=sentence, extra={"restricted": True})
