"""The files that were made of customer groups: their list, and one of them while it is written
and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.access import Door, requires, takes_query
from loyalty.exports import service
from loyalty.exports.rules import EXPORT, VIEW
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.downloads import download
from loyalty.pages.manage.exports.shown import ShownExport
from loyalty.pages.manage.forms import Sentences, refusals_shown_by
from loyalty.pages.manage.lists import after_asked
from loyalty.staff.naming import names_of

_LOOKS = requires(VIEW, door=Door.LOGIN)
_CHANGES = requires(EXPORT, door=Door.LOGIN)


# -- the list ----------------------------------------------------------------------


@blueprint.get("/exports")
@_LOOKS
@takes_query
def exports() -> ResponseReturnValue:
    """The newest first; what is older stands behind `after`."""
    found, older = service.page(after=after_asked())
    return render_template(
        "pages/manage/exports/list.html",
        exports=_shown(found),
        older=older,
        is_first="after" not in request.args,
        days=formats.settings().files_days,
    )


def _shown(views: Sequence[Mapping[str, Any]]) -> list[ShownExport]:
    now, names = clock.now(), names_of({view["created_by"] for view in views})
    return [
        ShownExport(view=view, made_by=names.get(view["created_by"], ""), now=now) for view in views
    ]


# -- one ---------------------------------------------------------------------------


def _page(export_id: int, *, errors: Sentences) -> str:
    return render_template(
        "pages/manage/exports/export.html", export=_one(export_id), errors=errors
    )


def _one(export_id: int) -> ShownExport:
    return _shown([service.get(export_id)])[0]


@blueprint.get("/exports/<int:export_id>")
@_LOOKS
def export(export_id: int) -> ResponseReturnValue:
    return _page(export_id, errors={})


@blueprint.get("/exports/<int:export_id>/progress")
@_LOOKS
def export_progress(export_id: int) -> ResponseReturnValue:
    """A part of the page, asked for every second while the work goes on."""
    return render_template("pages/manage/exports/progress.html", export=_one(export_id))


@blueprint.post("/exports/<int:export_id>/cancel")
@refusals_shown_by(_page)
@_CHANGES
def cancel_export(export_id: int) -> ResponseReturnValue:
    service.cancel(export_id)
    flash(gettext("It ends in a moment; no file is kept."))
    return _back_to(export_id)


@blueprint.post("/exports/<int:export_id>/retry")
@refusals_shown_by(_page)
@_CHANGES
def retry_export(export_id: int) -> ResponseReturnValue:
    service.retry(export_id)
    return _back_to(export_id)


def _back_to(export_id: int) -> ResponseReturnValue:
    return redirect(url_for("manage.export", export_id=export_id))


@blueprint.get("/exports/<int:export_id>/files/<file_name>")
@requires(VIEW, door=Door.LOGIN, writes=True)
def export_file(export_id: int, file_name: str) -> ResponseReturnValue:
    """Written in the log: it is a list of customers that leaves the house."""
    return download(service.file_of(export_id, file_name), name=file_name)
