"""Reading what was chosen in the form of an export."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import EXPORT_COLUMNS, EXPORT_ROWS_PER_FILE, PURPOSE_LENGTH
from loyalty.exports.formats import FORMATS
from loyalty.exports.rules import Order
from loyalty.members.consent_rules import CHANNELS
from loyalty.pages import formats
from loyalty.pages.manage.exports.words import INTERNAL
from loyalty.pages.manage.forms import line, one_of, together

MOST_MEMBERS = 100_000_000
"""More than a shop can have: what is typed stays a number that every database holds."""


def order() -> Order:
    """Raises `invalid_request` beside the fields."""
    name = one_of("format", FORMATS)
    chosen = FORMATS[name]
    given = together(
        reach=lambda: chosen.channel or _reach(),
        limit=_whole("limit", MOST_MEMBERS),
        rows_per_file=_whole("rows_per_file", EXPORT_ROWS_PER_FILE),
        since_export=_whole("since_export", 2**62),
    )
    return Order(format=name, columns=_columns() if chosen.takes_columns else (), **given)


def purpose() -> str:
    return line(
        "purpose", PURPOSE_LENGTH, missing=_l("Say what the file is for: it is kept in the log.")
    )


def _reach() -> str | None:
    chosen = one_of("reach", (*CHANNELS, INTERNAL))
    return None if chosen == INTERNAL else chosen


def _columns() -> tuple[str, ...]:
    chosen = dict.fromkeys(request.form.getlist("columns"))
    return tuple(chosen)[:EXPORT_COLUMNS]


def _whole(name: str, most: int) -> Callable[[], int | None]:
    """A reader of a whole number from 1; None where nothing is typed."""

    def read() -> int | None:
        text = request.form.get(name, "").strip()
        digits = text.replace(".", "").replace(",", "").replace("\u00a0", "")
        if not text:
            return None
        if digits.isascii() and digits.isdecimal() and 1 <= int(digits[:20]) <= most:
            return int(digits)
        sentence = gettext("A whole number from 1 to %(most)s.", most=formats.count(most))
        raise Problem(Code.INVALID_REQUEST, errors={name: [sentence]})

    return read
