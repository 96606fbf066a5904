"""The do-not-call list: numbers added from a file, one number asked, added or taken off.

The list itself cannot be shown: only hashes are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.audit import service as audit
from loyalty.core.access import Door, requires
from loyalty.core.db import stop_reading
from loyalty.core.errors import Problem
from loyalty.core.limits import NAME_LENGTH, REASON_LENGTH, WRITTEN_PHONE_LENGTH
from loyalty.core.phone import PhoneNumber
from loyalty.imports.do_not_call import Tally, import_numbers
from loyalty.imports.refused_rows import Refused
from loyalty.imports.source import BadFile
from loyalty.members import do_not_call
from loyalty.members.rules import DO_NOT_CALL
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, line, refusals_shown_by, together
from loyalty.pages.manage.uploads import Told, bad_file, sent_file, told

_KEEPERS = requires(DO_NOT_CALL, door=Door.LOGIN)
_LOOKS = requires(DO_NOT_CALL, door=Door.LOGIN, writes=False)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A number that was asked; `e164` goes into the form that changes it."""

    e164: str
    shown: str
    masked: str
    listed: bool


# -- the page ------------------------------------------------------------------


def _page(*, errors: Sentences, told: Told | None = None) -> str:
    sources = [
        {
            "name": source["source"],
            "numbers": formats.count(source["numbers"]),
            "last_added": formats.date_and_time(source["last_added_at"]),
        }
        for source in do_not_call.sources()
    ]
    return render_template(
        "pages/manage/do_not_call.html",
        count=formats.count(do_not_call.count()),
        last_change=_last_change(),
        sources=sources,
        checked=_checked(),
        told=told,
        errors=errors,
        given=request.form,
    )


def _last_change() -> str:
    changes, _ = audit.search(action=DO_NOT_CALL.name, limit=1)
    return formats.date_and_time(changes[0]["at"]) if changes else ""


def _checked() -> Checked | None:
    """The number in the posted form, where there is one that can be read."""
    try:
        phone = _phone()
    except Problem:
        return None
    return Checked(
        e164=phone.e164,
        shown=phone.as_written_in(formats.settings().default_region),
        masked=phone.masked,
        listed=do_not_call.holds(phone),
    )


@blueprint.get("/do-not-call", endpoint="do_not_call")
@_LOOKS
def see_list() -> ResponseReturnValue:
    return _page(errors={})


# -- one number ------------------------------------------------------------------


@blueprint.post("/do-not-call/check")
@refusals_shown_by(_page)
@_LOOKS
def check_number() -> ResponseReturnValue:
    """A POST: addresses are logged."""
    _phone()
    return _page(errors={})


@blueprint.post("/do-not-call/add")
@refusals_shown_by(_page)
@_KEEPERS
def add_number() -> ResponseReturnValue:
    typed = together(phone=_phone, reason=_source_of_one)
    do_not_call.add([typed["phone"]], source=typed["reason"])
    flash(gettext("%(phone)s is on the list now.", phone=typed["phone"].masked))
    return redirect(url_for("manage.do_not_call"))


@blueprint.post("/do-not-call/remove")
@refusals_shown_by(_page)
@_KEEPERS
def remove_number() -> ResponseReturnValue:
    typed = together(phone=_phone, reason=_reason)
    do_not_call.remove([typed["phone"]], reason=typed["reason"])
    flash(gettext("%(phone)s is no longer on the list.", phone=typed["phone"].masked))
    return redirect(url_for("manage.do_not_call"))


def _phone() -> PhoneNumber:
    text = request.form.get("phone", "")[:WRITTEN_PHONE_LENGTH]
    return PhoneNumber.parse(text, formats.settings().default_region).as_member_key()


def _reason() -> str:
    return line("reason", REASON_LENGTH, missing=_l("Say why: the reason is kept in the log."))


def _source_of_one() -> str:
    return line("reason", NAME_LENGTH, missing=_l("Say where the wish comes from."))


# -- a file ----------------------------------------------------------------------


@blueprint.post("/do-not-call/file")
@refusals_shown_by(_page)
@_LOOKS
def add_file() -> ResponseReturnValue:
    """Shows what became of it; sent again by a reload, it adds nothing more."""
    file_of_list = partial(sent_file, command="flask do-not-call import")
    typed = together(file=file_of_list, source=_source_of_file)
    # The guard only looked. A file takes seconds: each step of it writes by itself, so that
    # tills get their turn in between.
    stop_reading()
    refused: list[Refused] = []
    try:
        tally = import_numbers(
            typed["file"],
            source_name=typed["source"],
            on_step=lambda *_: None,
            on_refused=lambda _, rows: refused.extend(rows),
        )
    except BadFile as why:
        raise bad_file(why) from None
    return _page(errors={}, told=_told(tally, refused))


def _source_of_file() -> str:
    return line("source", NAME_LENGTH, missing=_l("Say where the numbers come from."))


def _told(tally: Tally, refused: list[Refused]) -> Told:
    return told(
        title=gettext("The file is in"),
        sentence=gettext(
            "%(added)s numbers added, %(listed)s were on the list before, %(refused)s lines"
            " refused.",
            added=formats.count(tally.added),
            listed=formats.count(tally.listed),
            refused=formats.count(len(refused)),
        ),
        refused=refused,
    )
