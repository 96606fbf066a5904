"""The list of customer groups: what each is made of, and how many are in it now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from loyalty.audiences.language import from_document
from loyalty.audiences.rules import VIEW
from loyalty.core import clock
from loyalty.core.access import Door, requires, takes_query
from loyalty.core.limits import PAGE_ROWS
from loyalty.members.rules import fold
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.groups import sentences
from loyalty.pages.manage.groups.known import Known, all_audiences, named_with
from loyalty.pages.manage.lists import rows_asked, search_asked


@dataclass(frozen=True, kw_only=True)
class ShownGroup:
    """`view` as `audiences.service` gives it."""

    view: Mapping[str, Any]
    known: Known
    now: datetime

    @property
    def slug(self) -> str:
        return self.view["slug"]

    @property
    def name(self) -> str:
        return self.view["name"]

    @property
    def count(self) -> int:
        return self.view["count"]

    @property
    def says(self) -> Markup:
        return sentences.told(from_document(self.view["expression"]), self.known)

    @property
    def built(self) -> str:
        """When who is in was last kept: what changed is told from then on."""
        moment = self.view["built_at"]
        return formats.lately(moment, self.now) if moment else gettext("not yet")


@blueprint.get("/groups")
@requires(VIEW, door=Door.LOGIN)
@takes_query
def groups() -> ResponseReturnValue:
    """Search and how much is shown stand in the address."""
    views, now = list(all_audiences()), clock.now()
    known = named_with(views)
    every = [ShownGroup(view=view, known=known, now=now) for view in views]
    search = search_asked()
    found = [group for group in every if _fits(group, search)]
    found.sort(key=lambda group: (-group.count, fold(group.name)))
    rows = rows_asked()
    return render_template(
        "pages/manage/groups/list.html",
        groups=found[:rows],
        found=len(found),
        every=len(every),
        search=search,
        more=url_for("manage.groups", q=search or None, rows=rows + PAGE_ROWS),
    )


def _fits(group: ShownGroup, search: str) -> bool:
    return fold(search) in fold(f"{group.name}\n{group.says.striptags()}")
