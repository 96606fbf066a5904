"""A customer's rights, each by a button: a copy, a restriction, no marketing, erasure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import Door, requires
from loyalty.core.errors import Code, Problem
from loyalty.members import service as members
from loyalty.members.rules import VIEW
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.customers import held, page, words
from loyalty.pages.manage.customers.forms import Forms, line_or_none, reason, shown_again
from loyalty.pages.manage.forms import one_of
from loyalty.pages.till import typed
from loyalty.privacy import service as privacy
from loyalty.privacy.rules import COPY, ERASE, OBJECT, REQUESTS, RESTRICT

LAST_DIGITS = 3


# -- a copy ----------------------------------------------------------------------


@blueprint.get("/customers/<int32:member_id>/data")
@requires(COPY, door=Door.LOGIN, writes=True)
def customer_copy(member_id: int) -> ResponseReturnValue:
    """Everything held about one person, to read and to print; the log keeps who asked."""
    everything = _handed_out(member_id)
    return render_template(
        "pages/manage/customers/copy.html",
        customer=page.head_of(members.get(member_id), privacy.status(member_id)),
        sections=held.sections_of(everything),
        made=formats.date_and_time(clock.now()),
    )


@blueprint.get("/customers/<int32:member_id>/data.json")
@requires(COPY, door=Door.LOGIN, writes=True)
def customer_file(member_id: int) -> ResponseReturnValue:
    """The same for a machine, and to carry to another service."""
    text = json.dumps(_handed_out(member_id), ensure_ascii=False, indent=2)
    response = Response(text, mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"customer-{member_id}.json")
    response.cache_control.no_store = True
    return response


def _handed_out(member_id: int) -> dict[str, Any]:
    everything = privacy.held(member_id)
    audit.record(COPY.name, "member", member_id)
    return everything


# -- restriction and objection -----------------------------------------------------


@blueprint.post("/customers/<int32:member_id>/restrict")
@shown_again("restrict", page.show)
@requires(RESTRICT, door=Door.LOGIN)
def restrict_customer(member_id: int) -> ResponseReturnValue:
    privacy.restrict(member_id, reason=reason())
    flash(gettext("Restricted: in no file and no campaign from now on."))
    return page.back_to(member_id)


@blueprint.post("/customers/<int32:member_id>/lift")
@shown_again("lift", page.show)
@requires(RESTRICT, door=Door.LOGIN)
def lift_restriction(member_id: int) -> ResponseReturnValue:
    privacy.lift_restriction(member_id, reason=reason())
    flash(gettext("The restriction is lifted."))
    return page.back_to(member_id)


@blueprint.post("/customers/<int32:member_id>/object")
@requires(OBJECT, door=Door.LOGIN)
def stop_marketing(member_id: int) -> ResponseReturnValue:
    privacy.object_to_marketing(member_id, via="desk")
    flash(gettext("All marketing is stopped, from now on."))
    return page.back_to(member_id)


# -- requests ------------------------------------------------------------------------


@blueprint.post("/customers/<int32:member_id>/requests")
@shown_again("request", page.show)
@requires(REQUESTS, door=Door.LOGIN)
def record_request(member_id: int) -> ResponseReturnValue:
    privacy.receive(
        member_id,
        kind=one_of("kind", words.KINDS),
        via=one_of("via", words.TOLD_BY),
        note=line_or_none("note"),
        received_at=_received_at(),
    )
    flash(gettext("The request is recorded, with the days by which to answer and to act."))
    return page.back_to(member_id, "requests")


def _received_at() -> datetime:
    """Now for today; of another day its beginning, from which the law counts."""
    now = clock.now()
    today = formats.local(now).date()
    try:
        day = typed.day(request.form.get("received_on", "").strip())
    except ValueError:
        sentence = gettext("No such date: day, month, year.")
        raise Problem(Code.INVALID_REQUEST, errors={"received_on": [sentence]}) from None
    if not 0 <= (today - day).days <= _LONGEST_AGO_DAYS:
        sentence = gettext("Within the last year, not in the future.")
        raise Problem(Code.INVALID_REQUEST, errors={"received_on": [sentence]})
    return now if day == today else clock.start_of_day(day, formats.settings().time_zone)


_LONGEST_AGO_DAYS = 366


# -- erasure -------------------------------------------------------------------------


def _erasure_page(member_id: int, forms: Forms | None = None) -> str:
    member = members.get(member_id)
    return render_template(
        "pages/manage/customers/erase.html",
        customer=page.head_of(member, privacy.status(member_id)),
        lapses=member["points"] > 0,
        form=(forms or Forms())["erase"],
    )


@blueprint.get("/customers/<int32:member_id>/erase")
@requires(ERASE, door=Door.LOGIN)
def erasure(member_id: int) -> ResponseReturnValue:
    """What goes, what stays, and that there is no way back: before anything happens."""
    return _erasure_page(member_id)


@blueprint.post("/customers/<int32:member_id>/erase")
@shown_again("erase", _erasure_page)
@requires(ERASE, door=Door.LOGIN)
def erase_customer(member_id: int) -> ResponseReturnValue:
    why = reason()
    _check_digits(members.get(member_id)["phone"])
    privacy.erase(member_id, reason=why)
    return redirect(url_for("manage.erased_customer", member_id=member_id))


def _check_digits(e164: str | None) -> None:
    """Whoever erases has the right customer in front of them."""
    if e164 is not None and request.form.get("digits", "").strip() != e164[-LAST_DIGITS:]:
        sentence = gettext("These are not the last 3 digits of this customer's number.")
        raise Problem(Code.INVALID_REQUEST, errors={"digits": [sentence]})


@blueprint.get("/customers/<int32:member_id>/erased")
@requires(VIEW, door=Door.LOGIN)
def erased_customer(member_id: int) -> ResponseReturnValue:
    erased_at = privacy.status(member_id)["erased_at"]
    if erased_at is None:
        raise Problem(Code.NOT_FOUND)
    day = formats.full_date(formats.local(erased_at).date())
    return render_template("pages/manage/customers/erased.html", day=day, just_now=True)
