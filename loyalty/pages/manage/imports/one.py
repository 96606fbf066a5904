"""One import: what its columns are, what would come of it, how far it is, what came of it."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.audit import service as audit
from loyalty.core.access import Door, requires, takes_query
from loyalty.core.errors import Problem
from loyalty.imports import member_columns, service
from loyalty.imports.rules import IMPORT
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.downloads import download
from loyalty.pages.manage.forms import Sentences, refusals_shown_by
from loyalty.pages.manage.imports.choices import beside_fields, choices_of, typed
from loyalty.pages.manage.imports.routes import shown
from loyalty.pages.manage.imports.shown import ShownImport

_LOOKS = requires(IMPORT, door=Door.LOGIN, writes=False)
_CHANGES = requires(IMPORT, door=Door.LOGIN)


def _one(import_id: int) -> ShownImport:
    return shown([service.get(import_id)])[0]


def _page(import_id: int, *, errors: Sentences) -> str:
    one = _one(import_id)
    system = _system(one)
    return render_template(
        "pages/manage/imports/import.html",
        one=one,
        choices=choices_of(one.view, preset=system) if one.may_choose else None,
        system=system,
        systems=list(member_columns.presets().values()),
        errors=errors,
    )


def _system(one: ShownImport) -> str | None:
    """Where the file comes from: as the address says, else as it was recognised."""
    asked = request.args.get("system", one.view["preset"] or "")
    return asked if asked in member_columns.presets() else None


@blueprint.get("/imports/<int:import_id>")
@_LOOKS
@takes_query
def member_import(import_id: int) -> ResponseReturnValue:
    """Another system is chosen in the address: its words for the columns are read."""
    return _page(import_id, errors={})


@blueprint.get("/imports/<int:import_id>/progress")
@_LOOKS
def import_progress(import_id: int) -> ResponseReturnValue:
    """A part of the page, asked for every second while the work goes on; then the whole page
    is another."""
    one = _one(import_id)
    if not one.goes_on:
        return Response(status=204, headers={"HX-Refresh": "true"})
    return render_template("pages/manage/imports/_progress.html", one=one)


@blueprint.post("/imports/<int:import_id>/check")
@refusals_shown_by(_page)
@_CHANGES
def check_import(import_id: int) -> ResponseReturnValue:
    """A dry run by what was chosen."""
    settings = typed()
    try:
        service.choose(import_id, settings)
    except Problem as problem:
        raise beside_fields(problem) from None
    return _back_to(import_id)


@blueprint.post("/imports/<int:import_id>/start")
@refusals_shown_by(_page)
@_CHANGES
def start_import(import_id: int) -> ResponseReturnValue:
    service.start(import_id)
    return _back_to(import_id)


@blueprint.post("/imports/<int:import_id>/cancel")
@refusals_shown_by(_page)
@_CHANGES
def cancel_import(import_id: int) -> ResponseReturnValue:
    service.cancel(import_id)
    flash(gettext("It ends in a moment. What is in stays in, and can be taken back."))
    return _back_to(import_id)


@blueprint.get("/imports/<int:import_id>/refused.csv")
@requires(IMPORT, door=Door.LOGIN, writes=True)
def refused_rows(import_id: int) -> ResponseReturnValue:
    """The rows that did not go in, each with why: to be mended and sent again. Written in the
    log: it is a list of customers that leaves the house."""
    file = service.refused_of(import_id)
    audit.record("import.fetch", "import", import_id)
    return download(file, name=f"refused-{import_id}.csv")


def _back_to(import_id: int) -> ResponseReturnValue:
    return redirect(url_for("manage.member_import", import_id=import_id))


# -- taking it back --------------------------------------------------------------


def _question(import_id: int, *, errors: Sentences) -> str:
    return render_template("pages/manage/imports/undo.html", one=_one(import_id), errors=errors)


@blueprint.get("/imports/<int:import_id>/undo")
@_LOOKS
def ask_to_undo_import(import_id: int) -> ResponseReturnValue:
    return _question(import_id, errors={})


@blueprint.post("/imports/<int:import_id>/undo")
@refusals_shown_by(_question)
@_CHANGES
def undo_import(import_id: int) -> ResponseReturnValue:
    service.undo(import_id)
    return _back_to(import_id)
