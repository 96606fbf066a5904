"""One customer group: put together, counted while it changes, saved, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.audiences import service
from loyalty.audiences.language import to_document
from loyalty.audiences.rules import CHANGE, VIEW
from loyalty.core.access import Door, requires
from loyalty.core.errors import Code, Problem
from loyalty.core.slugs import is_slug
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import FORM, Sentences, refusals_shown_by, together
from loyalty.pages.manage.groups import builder, typed
from loyalty.pages.manage.groups.known import known_groups
from loyalty.pages.manage.groups.zones import expression_of

_CHANGES = requires(CHANGE, door=Door.LOGIN)
_EXPORT = "export"

# No group is called `new` or `preview`: `audiences.service.TAKEN`.


@blueprint.get("/groups/new")
@_CHANGES
def new_group() -> ResponseReturnValue:
    return builder.show_new(errors={})


@blueprint.post("/groups/new")
@refusals_shown_by(builder.show_new)
@_CHANGES
def make_group() -> ResponseReturnValue:
    return _saved(_kept(lambda: service.create(**_typed())))


@blueprint.post("/groups/preview")
@requires(VIEW, door=Door.LOGIN, writes=False)
def compose_group() -> ResponseReturnValue:
    """The builder with a group put in, moved or taken out, and counted anew; nothing is kept."""
    slug = request.form.get("slug", "")
    return builder.composed(slug if is_slug(slug) else "")


@blueprint.get("/groups/<slug:slug>")
@requires(VIEW, door=Door.LOGIN)
def group(slug: str) -> ResponseReturnValue:
    return builder.show(slug, errors={})


@blueprint.post("/groups/<slug:slug>")
@refusals_shown_by(builder.show)
@_CHANGES
def change_group(slug: str) -> ResponseReturnValue:
    return _saved(_kept(lambda: service.change(slug, changes=_typed())))


@blueprint.post("/groups/<slug:slug>/name")
@refusals_shown_by(builder.show)
@_CHANGES
def rename_group(slug: str) -> ResponseReturnValue:
    """Of one that no zones can show: its expression stays."""
    return _saved(service.change(slug, changes=together(name=typed.name)))


def _typed() -> dict[str, Any]:
    return together(name=typed.name, expression=_expression)


def _expression() -> Any:
    wanted = expression_of(typed.zones(known_groups()))
    if wanted is None:
        sentence = gettext("Put at least one tag or customer group into it.")
        raise Problem(Code.INVALID_REQUEST, errors={FORM: [sentence]})
    return to_document(wanted)


def _kept(save: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is wrong with a part of the group stands above the form: a chip has no field."""
    try:
        return save()
    except Problem as problem:
        if "expression" in (problem.errors or {}):
            raise Problem(problem.code, errors={FORM: [problem.detail]}) from None
        raise


def _saved(view: dict[str, Any]) -> ResponseReturnValue:
    """Then on to its export where that was the button."""
    if request.form.get("then") == _EXPORT:
        return redirect(url_for("manage.new_export", slug=view["slug"]))
    flash(gettext("Saved."))
    return redirect(url_for("manage.group", slug=view["slug"]))


# -- deleting --------------------------------------------------------------------


def _question(slug: str, *, errors: Sentences) -> str:
    return render_template(
        "pages/manage/groups/delete.html", group=service.get(slug), errors=errors
    )


@blueprint.get("/groups/<slug:slug>/delete")
@_CHANGES
def ask_to_delete_group(slug: str) -> ResponseReturnValue:
    return _question(slug, errors={})


@blueprint.post("/groups/<slug:slug>/delete")
@refusals_shown_by(_question)
@_CHANGES
def delete_group(slug: str) -> ResponseReturnValue:
    name = service.get(slug)["name"]
    service.delete(slug)
    flash(gettext("The customer group %(group)s is deleted.", group=name))
    return redirect(url_for("manage.groups"))
