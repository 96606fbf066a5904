"""Putting customers into a tag that is set by hand, and taking them out: by pasted numbers or
by a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core.access import Door, requires
from loyalty.core.db import stop_reading
from loyalty.imports.refused_rows import Refused
from loyalty.imports.source import BadFile
from loyalty.imports.tags import fill_from_file
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import one_of, refusals_shown_by, together
from loyalty.pages.manage.tags import page, typed
from loyalty.pages.manage.uploads import Told, bad_file, sent_file, told
from loyalty.tags import service
from loyalty.tags.rules import FILL

_WAYS = ("add", "remove")


@blueprint.post("/tags/<slug:slug>/members")
@refusals_shown_by(page.show)
@requires(FILL, door=Door.LOGIN)
def fill_tag(slug: str) -> ResponseReturnValue:
    """Shows what became of it; sent again by a reload, it changes nothing more."""
    given = together(phones=typed.phones, way=_way)
    lines, written = list(given["phones"]), list(given["phones"].values())
    done = service.fill(slug, **{given["way"]: written})
    refused = [
        Refused(line=lines[row["index"]], code=row["code"], sentence=row["detail"], cells=())
        for row in done["rejected"]
    ]
    return page.show(slug, errors={}, told=_told(given["way"], done["changed"], refused))


@blueprint.post("/tags/<slug:slug>/file")
@refusals_shown_by(page.show)
@requires(FILL, door=Door.LOGIN, writes=False)
def fill_tag_from_file(slug: str) -> ResponseReturnValue:
    """As a file of the do-not-call list: each step of it writes by itself."""
    given = together(file=partial(sent_file, command="flask tags fill"), way=_way)
    stop_reading()
    refused: list[Refused] = []
    try:
        tally = fill_from_file(
            given["file"],
            slug=slug,
            takes_off=given["way"] == "remove",
            on_step=lambda *_: None,
            on_refused=lambda _, rows: refused.extend(rows),
        )
    except BadFile as why:
        raise bad_file(why) from None
    return page.show(slug, errors={}, told=_told(given["way"], tally.changed, refused))


def _way() -> str:
    return one_of("way", _WAYS)


def _told(way: str, changed: int, refused: Sequence[Refused]) -> Told:
    said = {"changed": formats.count(changed), "refused": formats.count(len(refused))}
    if way == "add":
        sentence = gettext("%(changed)s customers came in, %(refused)s lines refused.", **said)
    else:
        sentence = gettext("%(changed)s customers went out, %(refused)s lines refused.", **said)
    return told(title=gettext("The list is in"), sentence=sentence, refused=refused)
