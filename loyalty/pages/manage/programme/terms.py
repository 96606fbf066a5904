"""The public terms: written in three languages, published version by version."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.pages import formats
from loyalty.pages.language import NAMES
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, refusals_shown_by
from loyalty.pages.manage.programme.access import CHANGES
from loyalty.programme import terms
from loyalty.programme.models import Terms


def _form(*, errors: Sentences) -> str:
    drafts = terms.drafts()
    versions = terms.versions()
    return render_template(
        "pages/manage/programme/terms.html",
        texts=[
            (language, NAMES[language], request.form.get(language, text))
            for language, text in drafts.items()
        ],
        versions=[_line(row) for row in versions],
        valid_from=request.form.get("valid_from", ""),
        today=quantities.today().isoformat(),
        errors=errors,
    )


@blueprint.get("/programme/terms")
@CHANGES
def programme_terms() -> ResponseReturnValue:
    return _form(errors={})


@blueprint.post("/programme/terms")
@refusals_shown_by(_form)
@CHANGES
def publish_terms() -> ResponseReturnValue:
    """A language that is left empty is not part of the version."""
    valid_from = quantities.from_day("valid_from")
    _refuse_what_overtakes(valid_from or clock.now())
    texts = {language: quantities.text_of(language) for language in terms.drafts()}
    number = terms.publish(
        {language: text for language, text in texts.items() if text}, valid_from=valid_from
    )
    flash(gettext("Version %(number)s is published.", number=number))
    return redirect(url_for("manage.programme_terms"))


def _refuse_what_overtakes(begins: datetime) -> None:
    newest = next(iter(terms.versions()), None)
    if newest is not None and begins < newest.valid_from:
        day = formats.full_date(formats.local(newest.valid_from).date())
        said = gettext("Not before %(day)s, when the last version begins.", day=day)
        raise quantities.refused("valid_from", said)


def _line(row: Terms) -> tuple[int, str, bool]:
    """Its number, from when, and whether it has begun."""
    day = formats.full_date(formats.local(row.valid_from).date())
    return row.version, day, row.valid_from <= clock.now()
