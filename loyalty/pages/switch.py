"""Taking over a till from a colleague: the name, then the PIN. No sign-out in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from loyalty.core.access import Door, requires
from loyalty.core.db import read, stop_reading
from loyalty.core.errors import Code, Problem
from loyalty.pages import sessions
from loyalty.pages.own_stores import chosen_store
from loyalty.pages.waiting import with_minutes
from loyalty.programme.rules import StoreView
from loyalty.staff import switching
from loyalty.staff.rules import SWITCH
from loyalty.staff.switching import AtTill

blueprint = Blueprint("switch", __name__, url_prefix="/till/switch")

_ABOUT_THE_PIN = {Code.WRONG_PIN, Code.TOO_MANY_REQUESTS}


@blueprint.get("")
@requires(SWITCH, door=Door.LOGIN)
def people() -> ResponseReturnValue:
    """Who may take over this till."""
    store = chosen_store()
    if store is None:
        return redirect(url_for("till.stores"))
    people = switching.people_of(store.id)
    return render_template("pages/switch/people.html", store=store, people=people)


@blueprint.get("/<int:staff_id>")
@requires(SWITCH, door=Door.LOGIN)
def ask_pin(staff_id: int) -> ResponseReturnValue:
    store = chosen_store()
    if store is None:
        return redirect(url_for("till.stores"))
    return _pin_form(_person(staff_id, store), {})


@blueprint.post("/<int:staff_id>")
@requires(SWITCH, door=Door.LOGIN, writes=False)
def switch(staff_id: int) -> ResponseReturnValue:
    store, token = chosen_store(), sessions.token()
    if store is None or token is None:
        return redirect(url_for("till.stores"))
    person = _person(staff_id, store)
    # Argon2 runs without the write lock: a PIN must not stop the other tills.
    stop_reading()
    pin = request.form.get("pin", "").strip()
    try:
        begun = switching.switch(staff_id, pin, token=token, store_id=store.id)
    except Problem as problem:
        if problem.code not in _ABOUT_THE_PIN:
            raise
        with read():
            page = _pin_form(person, {"pin": with_minutes(problem)})
        return page, int(problem.status), dict(problem.headers)
    sessions.adopt(begun, store=store.code)
    return redirect(url_for("till.page"))


def _person(staff_id: int, store: StoreView) -> AtTill:
    """Raises `unknown_staff` for whom this till does not offer."""
    for person in switching.people_of(store.id):
        if person.id == staff_id:
            return person
    raise Problem(Code.UNKNOWN_STAFF)


def _pin_form(person: AtTill, errors: Mapping[str, Any]) -> str:
    return render_template("pages/switch/pin.html", person=person, errors=errors)
