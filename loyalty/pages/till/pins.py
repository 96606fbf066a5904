"""A manager's PIN at a cashier's till, for points that a spoken number alone does not open."""

from __future__ import annotations

from flask import request

from loyalty.core.errors import Code, Problem
from loyalty.pages import sessions
from loyalty.pages.till import typed
from loyalty.pages.till.answers import Place, place
from loyalty.pages.waiting import with_minutes
from loyalty.staff import approving

ASK_FOR_ONE = {Code.PIN_REQUIRED, Code.WRONG_PIN, Code.TOO_MANY_REQUESTS}
"""Refusals that a PIN, or the right one, overcomes."""


def approved_by(store_id: int) -> int | None:
    """The manager whose PIN came with the form; None where none did. Not to be called within a
    transaction. Raises `wrong_pin` and `too_many_requests`."""
    manager = typed.row_id(request.form.get("manager", ""))
    pin = request.form.get("manager_pin", "").strip()
    if manager is None or not pin:
        return None
    approving.approve(manager, pin, token=sessions.token() or "", store_id=store_id)
    return manager


def ask(problem: Problem) -> Place:
    """The form sends what was refused once more, with the PIN."""
    wrong = "" if problem.code is Code.PIN_REQUIRED else with_minutes(problem)
    return place(
        "ask",
        "pin",
        address=request.path,
        points=typed.points(request.form),
        confirmed=request.form.get("confirmed", ""),
        managers=approving.managers_of(typed.store(request.form).id),
        chosen=request.form.get("manager", ""),
        error=wrong,
    )
