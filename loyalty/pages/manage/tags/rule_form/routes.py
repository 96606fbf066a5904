"""A tag that follows a rule: made by a form of one or two conditions, and changed by it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core.access import Door, requires
from loyalty.core.errors import Code, Problem
from loyalty.core.slugs import is_slug
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, refusals_shown_by, together
from loyalty.pages.manage.tags import typed
from loyalty.pages.manage.tags.rule_form import form
from loyalty.pages.manage.tags.rule_form.form import RuleForm
from loyalty.tags import service
from loyalty.tags.documents import from_document
from loyalty.tags.rules import CHANGE

_CHANGES = requires(CHANGE, door=Door.LOGIN)


def _page(shown: RuleForm, *, tag: dict[str, Any] | None, errors: Sentences) -> str:
    return render_template(
        "pages/manage/tags/rule_form.html",
        form=shown,
        tag=tag,
        given=request.form,
        errors=errors,
    )


# -- a new tag -----------------------------------------------------------------------


def _new_form(*, errors: Sentences) -> str:
    shown = form.typed(errors) if request.form else form.empty()
    return _page(shown, tag=None, errors=errors)


@blueprint.get("/tags/new/rule")
@_CHANGES
def new_rule_tag() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/tags/new/rule")
@refusals_shown_by(_new_form)
@_CHANGES
def make_rule_tag() -> ResponseReturnValue:
    made = service.create(**together(name=typed.name, link=typed.link, rule=_rule))
    flash(gettext("The tag is made, and follows its rule from now on."))
    return redirect(url_for("manage.tag", slug=made["slug"]))


@blueprint.post("/tags/new/preview")
@requires(CHANGE, door=Door.LOGIN, writes=False)
def preview_rule() -> ResponseReturnValue:
    """The form with what belongs to its choices, and the count; nothing is kept."""
    slug = request.form.get("slug", "")
    return _page(form.typed({}), tag=service.get(slug) if is_slug(slug) else None, errors={})


def _rule() -> Any:
    return form.typed({}).rule()


# -- the rule of a tag ---------------------------------------------------------------


def _change_form(slug: str, *, errors: Sentences) -> str:
    tag = service.get(slug)
    shown = form.typed(errors) if request.form else _kept(tag)
    return _page(shown, tag=tag, errors=errors)


def _kept(tag: dict[str, Any]) -> RuleForm:
    """Raises `tag_is_manual`, and `invalid_request` of a rule that this form cannot show."""
    if tag["rule"] is None:
        raise Problem(Code.TAG_IS_MANUAL)
    found = form.of_rule(from_document(tag["rule"]))
    if found is None:
        sentence = gettext(
            "This rule has more to it than two conditions: it is changed by the API."
        )
        raise Problem(Code.INVALID_REQUEST, detail=sentence)
    return found


@blueprint.get("/tags/<slug:slug>/rule")
@_CHANGES
def tag_rule(slug: str) -> ResponseReturnValue:
    return _change_form(slug, errors={})


@blueprint.post("/tags/<slug:slug>/rule")
@refusals_shown_by(_change_form)
@_CHANGES
def change_tag_rule(slug: str) -> ResponseReturnValue:
    service.change(slug, changes={"rule": _rule()})
    flash(gettext("Saved."))
    return redirect(url_for("manage.tag", slug=slug))
