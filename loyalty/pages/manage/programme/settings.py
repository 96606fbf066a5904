"""The settings of the programme: one form for each topic."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from typing import Any

from babel.dates import get_month_names
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core.errors import Code, Problem
from loyalty.pages import formats
from loyalty.pages.language import language
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, refusals_shown_by, together
from loyalty.pages.manage.programme.access import CHANGES
from loyalty.pages.manage.programme.topics import MONTHS_OF_A_YEAR, TOPICS, Setting, Topic
from loyalty.programme import policies

_LEAP_YEAR = 2028


def _form(topic: str, *, errors: Sentences) -> str:
    document = _document()
    chosen = _topic(topic)
    return render_template(
        "pages/manage/programme/settings.html",
        topic=chosen,
        given=request.form or {each.name: each.shown(document) for each in chosen.settings},
        months=_months(),
        figures=formats.figures(),
        errors=errors,
    )


@blueprint.get("/programme/settings/<topic>")
@CHANGES
def programme_settings(topic: str) -> ResponseReturnValue:
    return _form(topic, errors={})


@blueprint.post("/programme/settings/<topic>")
@refusals_shown_by(_form)
@CHANGES
def change_programme_settings(topic: str) -> ResponseReturnValue:
    asked = list(_asked(_topic(topic)))
    typed = together(**{setting.name: setting.read for setting in asked})
    _check_date(typed)
    document: dict[str, Any] = {}
    for setting in asked:
        part = document.setdefault(setting.group, {}) if setting.group else document
        part[setting.name] = typed[setting.name]
    changed = policies.change_policy(document)
    flash(gettext("Saved.") if changed else gettext("Nothing is different."))
    return redirect(url_for("manage.programme"))


def _topic(name: str) -> Topic:
    found = TOPICS.get(name)
    if found is None:
        raise Problem(Code.NOT_FOUND)
    return found


def _document() -> dict[str, Any]:
    """Every setting; what a point is worth also where nobody set it."""
    seen = policies.see()
    return {**seen["policy"], "point_value": seen["point_value"]}


def _asked(topic: Topic) -> Iterator[Setting]:
    """What the chosen mode does not ask for stays as it is."""
    mode = request.form.get("mode", "")
    return (each for each in topic.settings if not each.only or mode in each.only)


def _check_date(typed: Mapping[str, Any]) -> None:
    if "month" not in typed:
        return
    last = monthrange(_LEAP_YEAR, typed["month"])[1]
    if typed["day"] > last:
        raise quantities.refused("day", gettext("This month has %(count)s days.", count=last))


def _months() -> list[tuple[str, str]]:
    names = get_month_names("wide", context="stand-alone", locale=language())
    return [(str(month), names[month]) for month in MONTHS_OF_A_YEAR]
