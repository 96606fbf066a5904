"""One tag: what it says and how it stands, its thresholds, its name; counted again, deleted."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.access import Door, requires
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, refusals_shown_by, together
from loyalty.pages.manage.tags import page, thresholds, typed
from loyalty.pages.manage.tags.shown import ShownTag
from loyalty.tags import service
from loyalty.tags.rules import CHANGE, VIEW

_LOOKS = requires(VIEW, door=Door.LOGIN)
_CHANGES = requires(CHANGE, door=Door.LOGIN)


@blueprint.get("/tags/<slug:slug>")
@_LOOKS
def tag(slug: str) -> ResponseReturnValue:
    return page.show(slug, errors={})


@blueprint.post("/tags/<slug:slug>")
@refusals_shown_by(page.show)
@_CHANGES
def change_tag(slug: str) -> ResponseReturnValue:
    return _saved(slug, together(name=typed.name, link=typed.link))


@blueprint.post("/tags/<slug:slug>/thresholds")
@refusals_shown_by(page.show)
@_CHANGES
def change_thresholds(slug: str) -> ResponseReturnValue:
    return _saved(slug, {"rule": thresholds.typed_rule(service.get(slug))})


def _saved(slug: str, changes: dict[str, Any]) -> ResponseReturnValue:
    service.change(slug, changes=changes)
    flash(gettext("Saved."))
    return _back_to(slug)


@blueprint.post("/tags/<slug:slug>/refresh")
@refusals_shown_by(page.show)
@_CHANGES
def refresh_tag(slug: str) -> ResponseReturnValue:
    if not service.refresh(slug):
        flash(gettext("It is being counted: look again in a moment."))
    elif not service.get(slug)["failing"]:
        flash(gettext("Counted just now."))
    return _back_to(slug)


def _back_to(slug: str) -> ResponseReturnValue:
    return redirect(url_for("manage.tag", slug=slug))


# -- deleting --------------------------------------------------------------------


def _question(slug: str, *, errors: Sentences) -> str:
    shown = ShownTag(view=service.get(slug), now=clock.now())
    return render_template("pages/manage/tags/delete.html", tag=shown, errors=errors)


@blueprint.get("/tags/<slug:slug>/delete")
@_CHANGES
def ask_to_delete_tag(slug: str) -> ResponseReturnValue:
    return _question(slug, errors={})


@blueprint.post("/tags/<slug:slug>/delete")
@refusals_shown_by(_question)
@_CHANGES
def delete_tag(slug: str) -> ResponseReturnValue:
    name = service.get(slug)["name"]
    service.delete(slug)
    flash(gettext("The tag %(tag)s is deleted.", tag=name))
    return redirect(url_for("manage.tags"))
