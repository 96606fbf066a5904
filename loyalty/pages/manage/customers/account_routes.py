"""Points by hand, and a statement to save."""

from __future__ import annotations

from datetime import date

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import Door, requires
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import POINTS
from loyalty.pages import formats
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.customers import page
from loyalty.pages.manage.customers.forms import is_pressed_first, reason, shown_again
from loyalty.pages.manage.forms import one_of, together
from loyalty.pages.till import typed
from loyalty.points import adjusting, statement_files
from loyalty.points.rules import ADJUST, STATEMENT
from loyalty.points.statement import statement

KINDS = ("pdf", "csv")
"""Of files of a statement."""
_YEARS = range(1990, 2200)


# -- by hand -----------------------------------------------------------------------


@blueprint.post("/customers/<int32:member_id>/points")
@shown_again("adjust", page.show)
@requires(ADJUST, door=Door.LOGIN)
def adjust_points(member_id: int) -> ResponseReturnValue:
    given = together(points=_points, reason=reason)
    if is_pressed_first():
        adjusting.adjust(member_id, given["points"], reason=given["reason"], now=clock.now())
    flash(gettext("%(points)s by hand.", points=formats.signed_points(given["points"])))
    return page.back_to(member_id, "points")


def _points() -> int:
    """Below 0 where they are taken."""
    sign = -1 if one_of("way", ("add", "take")) == "take" else 1
    return sign * quantities.required(quantities.whole, "points", least=1, most=POINTS)


# -- a statement -------------------------------------------------------------------


@blueprint.post("/customers/<int32:member_id>/statement")
@shown_again("statement", page.show)
@requires(STATEMENT, door=Door.LOGIN)
def download_statement(member_id: int) -> ResponseReturnValue:
    """A file to save; the log keeps who took it."""
    given = together(
        since=lambda: _day("since"), until=lambda: _day("until"), kind=lambda: one_of("kind", KINDS)
    )
    if given["since"] > given["until"]:
        sentence = gettext("The last day is before the first.")
        raise Problem(Code.INVALID_REQUEST, errors={"until": [sentence]})
    asked = statement(member_id, since=given["since"], until=given["until"])
    audit.record(STATEMENT.name, "member", member_id, format=given["kind"])
    return statement_files.as_file(asked, given["kind"])


def _day(name: str) -> date:
    try:
        day = typed.day(request.form.get(name, "").strip())
        if day.year not in _YEARS:
            raise ValueError("before or after all receipts")
    except ValueError:
        sentence = gettext("No such date: day, month, year.")
        raise Problem(Code.INVALID_REQUEST, errors={name: [sentence]}) from None
    return day
