"""A customer gets another number, or one turns out to be somebody else's by now."""

from __future__ import annotations

from functools import wraps

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core.access import Door, View, current_actor, requires
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.identity import phones as identity
from loyalty.identity.rules import CHANGE_PHONE, MERGE
from loyalty.members import phones
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.customers import numbers, page
from loyalty.pages.manage.customers.forms import reason, shown_again
from loyalty.pages.manage.customers.numbers import typed_phone


def _or_merge(view: View) -> View:
    """A number in use may be the same person's: the page that shows both says more than a
    refusal, to whoever may merge. Outside `requires`: by then the transaction is rolled back."""

    @wraps(view)
    def tried(member_id: int) -> ResponseReturnValue:
        try:
            return view(member_id)
        except Problem as problem:
            if problem.code is not Code.PHONE_IN_USE or not MERGE.allows(current_actor()):
                raise
            flash(gettext("Another customer has this number. Is it the same person?"), "danger")
            other = problem.extra["member"]["id"]
            return redirect(url_for("manage.merge_page", member_id=member_id, other=other))

    return tried


@blueprint.post("/customers/<int32:member_id>/phone")
@shown_again("phone", page.show)
@page.or_survivor
@_or_merge
@requires(CHANGE_PHONE, door=Door.LOGIN)
def change_number(member_id: int) -> ResponseReturnValue:
    phone = typed_phone()
    identity.hold(member_id)
    is_new = phones.main_of(member_id) != phone.e164
    if is_new and request.form.get("number", "") != numbers.of(member_id).main_id:
        raise _another_by_now()
    identity.change(member_id, phone)
    flash(gettext("The customer has another number from now on; the old one leads to nobody."))
    return page.back_to(member_id, "numbers")


@blueprint.post("/customers/<int32:member_id>/phone/detach")
@shown_again("detach", page.show)
@page.or_survivor
@requires(CHANGE_PHONE, door=Door.LOGIN)
def detach_number(member_id: int) -> ResponseReturnValue:
    why = reason()
    identity.hold(member_id)
    identity.detach(member_id, reason=why, phone=_chosen(member_id))
    flash(gettext("The number is detached: receipts and points stay, it leads to nobody."))
    return page.back_to(member_id, "numbers")


def _chosen(member_id: int) -> PhoneNumber:
    """The number by the row that was looked at: an old page ends none that came since."""
    its_own = {str(row.id): PhoneNumber(row.e164) for row in phones.numbers_of(member_id)}
    chosen = request.form.get("number", "")
    if chosen not in its_own:
        raise _another_by_now()
    return its_own[chosen]


def _another_by_now() -> Problem:
    said = gettext("The customer's numbers are others by now: look at the number again.")
    return Problem(Code.NO_PHONE, detail=said)
