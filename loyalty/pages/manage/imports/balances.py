"""Opening balances of points for customers who are there already, from a file."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core.access import Door, requires
from loyalty.core.db import stop_reading
from loyalty.imports.balances import Tally
from loyalty.imports.balances import import_balances as open_balances
from loyalty.imports.refused_rows import Refused
from loyalty.imports.rules import IMPORT_BALANCES
from loyalty.imports.source import BadFile
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, refusals_shown_by
from loyalty.pages.manage.uploads import Told, bad_file, sent_file, told

_LOOKS = requires(IMPORT_BALANCES, door=Door.LOGIN, writes=False)


def _page(*, errors: Sentences, told: Told | None = None) -> str:
    return render_template("pages/manage/imports/balances.html", told=told, errors=errors)


@blueprint.get("/imports/balances")
@_LOOKS
def import_balances() -> ResponseReturnValue:
    return _page(errors={})


@blueprint.post("/imports/balances")
@refusals_shown_by(_page)
@_LOOKS
def send_balances() -> ResponseReturnValue:
    """Shows what became of it; sent again by a reload, it adds nothing more. Each step of the
    file writes by itself, so that tills get their turn in between."""
    file = sent_file(command="flask balances import")
    stop_reading()
    refused: list[Refused] = []
    try:
        tally = open_balances(
            file,
            on_step=lambda *_: None,
            on_refused=lambda _, rows: refused.extend(rows),
        )
    except BadFile as why:
        raise bad_file(why) from None
    return _page(errors={}, told=_told(tally, refused))


def _told(tally: Tally, refused: list[Refused]) -> Told:
    return told(
        title=gettext("The file is in"),
        sentence=gettext(
            "%(recorded)s opening balances of %(points)s points in all, %(replayed)s were there"
            " before, %(refused)s lines refused.",
            recorded=formats.count(tally.recorded),
            points=formats.count(tally.points),
            replayed=formats.count(tally.replayed),
            refused=formats.count(len(refused)),
        ),
        refused=refused,
    )
