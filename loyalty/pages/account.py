"""The own account: password, PIN, and where one is signed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import (
    Blueprint,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.access import Door, current_actor, requires
from loyalty.core.db import read, stop_reading
from loyalty.core.errors import Code, Problem
from loyalty.pages import formats, known_browser, sessions
from loyalty.pages.own_stores import own_stores
from loyalty.pages.waiting import with_minutes
from loyalty.staff import own_account
from loyalty.staff import sessions as staff_sessions
from loyalty.staff.people import StaffView, row_of, store_ids_of, view_of
from loyalty.staff.rules import OWN_ACCOUNT, PIN_LENGTHS, SHORTEST_PASSWORD, SWITCH

blueprint = Blueprint("account", __name__, url_prefix="/account")

Errors = Mapping[str, Any]

_LOOKS = requires(OWN_ACCOUNT, door=Door.LOGIN)
# Opens its own short transaction: argon2 must not run while the tills wait for the writer.
_CHANGES = requires(OWN_ACCOUNT, door=Door.LOGIN, writes=False)
_ABOUT_WHAT_WAS_TYPED = {
    Code.WRONG_PASSWORD,
    Code.WEAK_PASSWORD,
    Code.WEAK_PIN,
    Code.TOO_MANY_REQUESTS,
}


@blueprint.get("")
@_LOOKS
def page() -> ResponseReturnValue:
    return _account_page({})


@blueprint.get("/password")
@_LOOKS
def password() -> ResponseReturnValue:
    return _password_page({})


@blueprint.post("/password")
@_CHANGES
def change_password() -> ResponseReturnValue:
    new, actor = request.form.get("password", ""), current_actor()
    if new != request.form.get("password_again", ""):
        return _password_page(
            {"password_again": gettext("The two passwords are not the same.")}
        ), 422

    def change() -> ResponseReturnValue:
        fresh = own_account.change_password(
            actor.id,
            present=request.form.get("present", ""),
            new=new,
            keep_token=sessions.token(),
        )
        response = make_response(_done(gettext("Your password is changed.")))
        known_browser.remember(response, actor.id, fresh)
        return response

    return _try(change, _password_page)


@blueprint.post("/pin")
@_CHANGES
def set_pin() -> ResponseReturnValue:
    actor, typed = current_actor(), request.form

    def change() -> ResponseReturnValue:
        pin = typed.get("pin", "").strip()
        own_account.set_pin(actor.id, password=typed.get("present", ""), pin=pin)
        return _done(gettext("Your PIN is set."))

    return _try(change, _account_page)


@blueprint.post("/pin/remove")
@_CHANGES
def remove_pin() -> ResponseReturnValue:
    actor = current_actor()

    def change() -> ResponseReturnValue:
        own_account.remove_pin(actor.id, password=request.form.get("present", ""))
        return _done(gettext("Your PIN is removed."))

    return _try(change, _account_page)


@blueprint.post("/sign-out")
@requires(OWN_ACCOUNT, door=Door.LOGIN)
def sign_out_everywhere() -> ResponseReturnValue:
    """Here too: whoever asks for it does not know who else sits at a browser of theirs."""
    own_account.sign_out_everywhere(current_actor().id)
    sessions.end()
    return redirect(url_for("pages.sign_in"))


def _try(
    change: Callable[[], ResponseReturnValue], form: Callable[[Errors], str]
) -> ResponseReturnValue:
    """A refusal goes back into the form it came from."""
    stop_reading()
    try:
        return change()
    except Problem as problem:
        if problem.code not in _ABOUT_WHAT_WAS_TYPED:
            raise
        field = next(iter(problem.errors)) if problem.errors else "present"
        with read():
            page = form({field: with_minutes(problem)})
        return page, int(problem.status), dict(problem.headers)


def _done(sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return redirect(url_for("account.page"))


# -- what the pages show -----------------------------------------------------------


def _account_page(errors: Errors) -> str:
    actor, own = current_actor(), _own()
    return render_template(
        "pages/account/page.html",
        own=own,
        signed_in_at=formats.date_and_time(own.signed_in_at) if own.signed_in_at else "",
        stores=[store.name for store in own_stores()] if actor.store_ids else [],
        pin_offered=SWITCH.allows(actor),
        longest_pin=PIN_LENGTHS[-1],
        sessions=_sessions(),
        errors=errors,
    )


def _password_page(errors: Errors) -> str:
    return render_template(
        "pages/account/password.html", own=_own(), shortest=SHORTEST_PASSWORD, errors=errors
    )


def _own() -> StaffView:
    staff_id = current_actor().id
    return view_of(row_of(staff_id), store_ids_of(staff_id))


def _sessions() -> list[dict[str, Any]]:
    opened = staff_sessions.open_of(current_actor().id, token=sessions.token(), now=clock.now())
    return [
        {
            "began_at": formats.date_and_time(session.began_at),
            "address": session.address or "",
            "by_pin": session.by_pin,
            "is_this": session.is_this,
        }
        for session in opened
    ]
