"""The public terms of the programme: what is in force, and every version that was."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from loyalty.core import clock
from loyalty.core.access import open_to_anyone
from loyalty.core.db import read
from loyalty.pages import formats
from loyalty.pages.language import language
from loyalty.programme import terms
from loyalty.programme.terms import TermsView

blueprint = Blueprint("terms", __name__)


@blueprint.get("/terms")
@open_to_anyone
def page() -> ResponseReturnValue:
    with read():
        return _shown(terms.in_force(language()))


@blueprint.get("/terms/<int:number>")
@open_to_anyone
def version(number: int) -> ResponseReturnValue:
    """Also of an earlier one: who joined under it may read it again."""
    with read():
        return _shown(terms.version(number, language()))


def _shown(view: TermsView) -> str:
    return render_template(
        "pages/terms.html",
        terms=view,
        since=_day(view.valid_from),
        paragraphs=[part for part in view.text.split("\n\n") if part.strip()],
        versions=[
            (row.version, _day(row.valid_from))
            for row in terms.versions()
            if row.valid_from <= clock.now() and row.version != view.version
        ],
    )


def _day(moment: datetime) -> str:
    return formats.full_date(formats.local(moment).date())
