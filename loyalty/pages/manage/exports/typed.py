"""Reading what was chosen in the form of an export."""

from __future__ import annotations

import re
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

_NUMBER = re.compile(r"[0-9]{1,3}([.,\u00a0][0-9]{3})+|[0-9]+")
"""With or without marks between the thousands."""
MOST_DIGITS = 18
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
        since_export=_whole("since_export", 10**MOST_DIGITS),
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
        if not text:
            return None
        number = _number(text)
        if 1 <= number <= most:
            return number
        sentence = gettext("A whole number from 1 to %(most)s.", most=formats.count(most))
        raise Problem(Code.INVALID_REQUEST, errors={name: [sentence]})

    return read


def _number(text: str) -> int:
    """0 for what is none, or has more digits than any that is asked for."""
    digits = re.sub(r"[^0-9]", "", text).lstrip("0") if _NUMBER.fullmatch(text) else ""
    return int(digits) if 0 < len(digits) <= MOST_DIGITS else 0
