"""`/manage` itself leads on to the first place that is the actor's."""

from __future__ import annotations

from flask import redirect
from flask.typing import ResponseReturnValue

from loyalty.core.access import Door, current_actor, requires
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.navigation import desk_of, landing
from loyalty.staff.rules import OWN_ACCOUNT


@blueprint.get("")
@requires(OWN_ACCOUNT, door=Door.LOGIN)
def first() -> ResponseReturnValue:
    """Whoever has no place here is led to where their work is."""
    actor = current_actor()
    return redirect(desk_of(actor) or landing(actor))
