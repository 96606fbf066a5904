"""The order of an export: where the file goes, why, and the subtraction to its last row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from loyalty.audiences import service as audiences
from loyalty.core import clock
from loyalty.core.access import Door, current_actor, requires
from loyalty.exports import service
from loyalty.exports.columns import columns
from loyalty.exports.formats import FORMATS
from loyalty.exports.formats.base import Format
from loyalty.exports.kept import is_comparable
from loyalty.exports.rules import EXPORT, EXPORT_INTERNAL, Order
from loyalty.members.consent_rules import CHANNELS
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.exports import typed
from loyalty.pages.manage.exports.counted import counted, not_counted
from loyalty.pages.manage.exports.shown import ShownExport
from loyalty.pages.manage.exports.words import INTERNAL, reach_word
from loyalty.pages.manage.forms import FORM, Sentences, refusals_shown_by, together

_ORDERS = requires(EXPORT, door=Door.LOGIN)
_LOOKS = requires(EXPORT, door=Door.LOGIN, writes=False)


# -- the page --------------------------------------------------------------------


def _page(slug: str, *, errors: Sentences) -> str:
    group = audiences.get(slug)
    now = clock.now()
    # What was refused is not counted: beside its field stands what to mend.
    refused = set(errors) - {FORM, "purpose"}
    return render_template(
        "pages/manage/exports/new.html",
        group=group,
        customers=_customers(group["count"]),
        choices=_choices(),
        chosen=request.form.get("format") or _choices()[0].name,
        reaches=_reaches(),
        columns=[(name, formats.begun(str(one.label))) for name, one in columns().items()],
        chosen_columns=request.form.getlist("columns"),
        earlier=_earlier(slug, now),
        counted=not_counted() if refused else counted(slug, _order, now=now),
        given=request.form,
        errors=errors,
    )


def _choices() -> Sequence[type[Format]]:
    """Files for a channel first, then those for people."""
    return sorted(FORMATS.values(), key=lambda each: each.channel is None)


def _reaches() -> list[tuple[str, object, str]]:
    """Whose consent a file for people may need; none of it is for managers alone."""
    found = [(code, reach_word(code), "") for code in CHANNELS]
    if EXPORT_INTERNAL.allows(current_actor()):
        found.insert(0, (INTERNAL, reach_word(None), ""))
    return found


def _customers(count: int) -> str:
    return ngettext("%(count)s customer", "%(count)s customers", count, count=formats.count(count))


def _earlier(slug: str, now: datetime) -> Mapping[str, Sequence[ShownExport]]:
    """Those of the same group that came to an end, the newest first, by where they went: what
    changed since can be told of a file of the same kind alone."""
    found, _ = service.page(audience_id=audiences.look(slug).id)
    by_kind: dict[str, list[ShownExport]] = {}
    for view in found:
        if view["state"] == "done" and is_comparable(view["as_of"]):
            one = ShownExport(view=view, made_by="", now=now)
            by_kind.setdefault(one.where, []).append(one)
    return by_kind


def _order() -> Order:
    """As the form says; before anything is chosen, that of the first choice."""
    if "format" in request.form:
        return typed.order()
    first = _choices()[0]
    return Order(format=first.name, reach=first.channel)


@blueprint.get("/groups/<slug:slug>/export")
@_LOOKS
def new_export(slug: str) -> ResponseReturnValue:
    return _page(slug, errors={})


# -- the subtraction, while the choices change -------------------------------------


@blueprint.post("/groups/<slug:slug>/export/count")
@_LOOKS
def count_export(slug: str) -> ResponseReturnValue:
    """A part of the page. Refused choices are told in it."""
    found = counted(slug, _order, now=clock.now())
    return render_template("pages/manage/exports/count.html", counted=found)


# -- making it -------------------------------------------------------------------


@blueprint.post("/groups/<slug:slug>/export")
@refusals_shown_by(_page)
@_ORDERS
def make_export(slug: str) -> ResponseReturnValue:
    """A file for use within the shop has a door of its own: the form is sent on to it."""
    given = together(order=typed.order, purpose=typed.purpose)
    if given["order"].is_internal:
        return redirect(url_for("manage.make_internal_export", slug=slug), code=307)
    return _made(slug, **given)


@blueprint.post("/groups/<slug:slug>/export/internal")
@refusals_shown_by(_page)
@requires(EXPORT_INTERNAL, door=Door.LOGIN)
def make_internal_export(slug: str) -> ResponseReturnValue:
    return _made(slug, **together(order=typed.order, purpose=typed.purpose))


def _made(slug: str, order: Order, purpose: str) -> ResponseReturnValue:
    made = service.create(slug, order, purpose=purpose)
    return redirect(url_for("manage.export", export_id=made["id"]))
