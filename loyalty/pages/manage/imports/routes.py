"""The files of customers that came in: their list, and sending a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.access import Door, current_actor, requires, takes_query
from loyalty.core.db import in_transaction, stop_reading
from loyalty.core.limits import FILE_NAME_LENGTH
from loyalty.imports import member_columns, service
from loyalty.imports.rules import IMPORT, IMPORT_BALANCES
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, refusals_shown_by
from loyalty.pages.manage.imports.shown import ShownImport
from loyalty.pages.manage.lists import after_asked
from loyalty.pages.manage.uploads import sent_file
from loyalty.staff.naming import names_of

FILE_BYTES = 7_500_000
"""What fits into a request, with the fields beside it."""


@blueprint.get("/imports")
@requires(IMPORT, door=Door.LOGIN)
@takes_query
def imports() -> ResponseReturnValue:
    """The newest first; what is older stands behind `after`."""
    found, older = service.page(after=after_asked())
    return render_template(
        "pages/manage/imports/list.html",
        imports=shown(found),
        older=older,
        is_first="after" not in request.args,
        may_open_balances=IMPORT_BALANCES.allows(current_actor()),
    )


def shown(views: Sequence[Mapping[str, Any]]) -> list[ShownImport]:
    now, names = clock.now(), names_of({view["created_by"] for view in views})
    return [
        ShownImport(view=view, made_by=names.get(view["created_by"], ""), now=now) for view in views
    ]


# -- a new one -------------------------------------------------------------------


def _new_form(*, errors: Sentences) -> str:
    systems = [preset.label for preset in member_columns.presets().values()]
    return render_template("pages/manage/imports/new.html", systems=systems, errors=errors)


@blueprint.get("/imports/new")
@requires(IMPORT, door=Door.LOGIN)
def new_import() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/imports/new")
@refusals_shown_by(_new_form)
@requires(IMPORT, door=Door.LOGIN, writes=False)
def send_members() -> ResponseReturnValue:
    """The file is kept and nothing done with it before somebody says what it means. Reading
    it takes seconds: tills need not wait for that."""
    file = sent_file(command="flask members import", most_bytes=FILE_BYTES)
    sent = service.look_into(file)
    stop_reading()
    made = in_transaction(lambda: service.keep(sent, file_name=_name()))
    return redirect(url_for("manage.member_import", import_id=made["id"]))


def _name() -> str:
    """What the sender calls the file, for people to know it by: nothing is stored under it."""
    sent = request.files["file"].filename or ""
    last = sent.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in last if letter.isprintable()).strip()
    return name[:FILE_NAME_LENGTH] or gettext("A file without a name")
