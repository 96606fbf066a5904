"""The list of tags: what each says, how many customers have it, and which one fails. Here they
are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.core import clock
from loyalty.core.access import Door, requires, takes_query
from loyalty.core.limits import PAGE_ROWS
from loyalty.members.rules import fold
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, refusals_shown_by, together
from loyalty.pages.manage.lists import rows_asked, search_asked
from loyalty.pages.manage.tags import typed
from loyalty.pages.manage.tags.shown import ShownTag
from loyalty.tags import service, starters
from loyalty.tags.rules import CHANGE, VIEW

EVERY = "all"
FILTERS: Mapping[str, Any] = {
    EVERY: _l("All"),
    "rule": _l("By rule"),
    "hand": _l("By hand"),
    "failing": _l("Failing"),
}

_CHANGES = requires(CHANGE, door=Door.LOGIN)


# -- the list ------------------------------------------------------------------


@blueprint.get("/tags")
@requires(VIEW, door=Door.LOGIN)
@takes_query
def tags() -> ResponseReturnValue:
    """Search, filter and how much is shown stand in the address."""
    now = clock.now()
    every = [ShownTag(view=view, now=now) for view in service.all_tags()]
    chosen = request.args.get("show", EVERY)
    chosen = chosen if chosen in FILTERS else EVERY
    search = search_asked()
    found = _sorted([tag for tag in every if _is_of(tag, chosen) and _fits(tag, search)])
    rows = rows_asked()
    return render_template(
        "pages/manage/tags/list.html",
        filters=_filters(every, chosen, search),
        search=search,
        chosen=chosen,
        tags=found[:rows],
        found=len(found),
        every=len(every),
        more=url_for("manage.tags", **_asked(chosen, search), rows=rows + PAGE_ROWS),
    )


def _is_of(tag: ShownTag, chosen: str) -> bool:
    if chosen == "failing":
        return bool(tag.failing)
    return chosen == EVERY or tag.is_by_hand == (chosen == "hand")


def _fits(tag: ShownTag, search: str) -> bool:
    return fold(search) in fold(f"{tag.name}\n{tag.says}")


def _sorted(tags: Sequence[ShownTag]) -> list[ShownTag]:
    """The largest first."""
    return sorted(tags, key=lambda tag: (-tag.count, fold(tag.name)))


def _filters(every: Sequence[ShownTag], chosen: str, search: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "address": url_for("manage.tags", **_asked(kind, search)),
            "count": formats.count(sum(_is_of(tag, kind) for tag in every)),
            "chosen": kind == chosen,
            "warns": kind == "failing" and any(tag.failing for tag in every),
        }
        for kind, name in FILTERS.items()
    ]


def _asked(chosen: str, search: str) -> dict[str, Any]:
    asked = {"show": chosen if chosen != EVERY else "", "q": search}
    return {name: value for name, value in asked.items() if value}


# -- making tags -----------------------------------------------------------------
# No tag is called `new` or `starters`: `tags.service.TAKEN`.


def _new_form(*, errors: Sentences) -> str:
    return render_template("pages/manage/tags/new.html", errors=errors, given=request.form)


@blueprint.get("/tags/new")
@_CHANGES
def new_tag() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/tags/new")
@refusals_shown_by(_new_form)
@_CHANGES
def make_tag() -> ResponseReturnValue:
    """A tag to be set by hand; one with a rule is made where rules are built."""
    made = service.create(**together(name=typed.name, link=typed.link))
    flash(gettext("The tag is made: it can be set at the till from now on."))
    return redirect(url_for("manage.tag", slug=made["slug"]))


@blueprint.post("/tags/starters")
@_CHANGES
def install_starters() -> ResponseReturnValue:
    done = starters.install()
    flash(
        gettext(
            "%(made)s tags were made, %(there)s were there before. Their counts come in a moment.",
            made=formats.count(done["made"]),
            there=formats.count(done["there"]),
        )
    )
    return redirect(url_for("manage.tags"))
