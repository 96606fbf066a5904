"""Finding a customer, the customer's page, the whole number, a correction, consents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.audit import service as audit
from loyalty.core.access import Door, requires
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import consents as consent_service
from loyalty.members import phones
from loyalty.members import service as members
from loyalty.members.merging import carried_on_by
from loyalty.members.reasons import impersonal
from loyalty.members.rules import CHANGE, VIEW
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.customers import page, profile, words
from loyalty.pages.manage.customers.forms import Form, Forms, line_or_none, reason, shown_again
from loyalty.pages.manage.customers.numbers import typed_phone
from loyalty.pages.manage.forms import one_of
from loyalty.privacy import service as privacy

DESK = "desk"
"""The door by which what is changed here comes in."""


# -- finding -------------------------------------------------------------------


@blueprint.get("/customers")
@requires(VIEW, door=Door.LOGIN)
def customers() -> ResponseReturnValue:
    """One field for one number: there is no list, and no search by name."""
    return render_template("pages/manage/customers/find.html", form=Form(name="find"))


@blueprint.post("/customers")
@requires(VIEW, door=Door.LOGIN, writes=False)
def find_customer() -> ResponseReturnValue:
    """A POST: addresses are logged and kept by browsers, numbers are not to be."""
    try:
        phone = typed_phone()
    except Problem as problem:
        return _not_found(problem.detail, int(problem.status))
    member = members.find_by_phone(phone)
    if member is None:
        return _not_found(gettext("No customer has this number."), 404, former=_former(phone))
    if member["phone"] != phone.e164:
        flash(gettext("This is the number of an account that was merged into this one."))
    return redirect(url_for("manage.customer", member_id=member["id"]))


def _former(phone: PhoneNumber) -> list[dict[str, Any]]:
    """Whose number it was: `{id, name, until}`, in words."""
    return [
        {
            "id": row["member_id"],
            "name": members.get(row["member_id"])["name"] or gettext("No name yet"),
            "until": formats.full_date(formats.local(row["until"]).date()),
        }
        for row in phones.formerly(phone)
    ]


def _not_found(
    sentence: str, status: int, former: Sequence[Mapping[str, Any]] = ()
) -> ResponseReturnValue:
    form = Form(name="find", given=request.form, errors={"phone": sentence}, refused=True)
    page = render_template("pages/manage/customers/find.html", form=form, former=former)
    return page, status


# -- the page --------------------------------------------------------------------


@blueprint.get("/customers/<int32:member_id>")
@requires(VIEW, door=Door.LOGIN, writes=True)
def customer(member_id: int) -> ResponseReturnValue:
    """The log keeps who looked. Of whom nothing is left, it says since when; an account that was
    merged leads to the one that carries it on."""
    erased_at = privacy.status(member_id)["erased_at"]
    if erased_at is not None:
        day = formats.full_date(formats.local(erased_at).date())
        return render_template("pages/manage/customers/erased.html", day=day, just_now=False), 404
    survivor = carried_on_by(member_id)
    if survivor is not None:
        flash(gettext("The account you asked for was merged into this one."))
        return page.back_to(survivor)
    shown = page.show(member_id)
    audit.record("member.view", "member", member_id)
    return shown


@blueprint.post("/customers/<int32:member_id>/number")
@shown_again("reveal", page.show)
@requires(VIEW, door=Door.LOGIN)
def reveal_number(member_id: int) -> ResponseReturnValue:
    """The whole number, in this answer alone; the log keeps who asked, and why."""
    why = reason()
    e164 = members.get(member_id)["phone"]
    if e164 is None:
        raise Problem(Code.NOT_FOUND)
    audit.record("member.reveal", "member", member_id, reason=impersonal(why, about=[member_id]))
    number = PhoneNumber(e164).as_written_in(formats.settings().default_region)
    return page.show(member_id, number=number)


# -- the profile -------------------------------------------------------------------


def _profile_page(member_id: int, forms: Forms | None = None) -> str:
    member = members.get(member_id)
    form = (forms or Forms())["profile"]
    return render_template(
        "pages/manage/customers/profile.html",
        customer_id=member_id,
        form=form,
        given=form.given if form.refused else profile.written(member),
        labels=words.FIELDS,
        genders=words.GENDERS,
        incomes=words.INCOMES,
        countries=profile.country_choices(member["country"] or ""),
        provinces=profile.province_choices(member),
    )


@blueprint.get("/customers/<int32:member_id>/profile")
@requires(CHANGE, door=Door.LOGIN)
def profile_form(member_id: int) -> ResponseReturnValue:
    return _profile_page(member_id)


@blueprint.post("/customers/<int32:member_id>/profile")
@shown_again("profile", _profile_page)
@requires(CHANGE, door=Door.LOGIN)
def correct_profile(member_id: int) -> ResponseReturnValue:
    members.change_profile(member_id, profile.changes(members.get(member_id)))
    flash(gettext("Saved."))
    return page.back_to(member_id)


# -- consents ------------------------------------------------------------------------
# A cashier records consents at the till, and sees nobody's page: here it takes a manager.


@blueprint.post("/customers/<int32:member_id>/consents")
@shown_again("consent", page.show)
@requires(VIEW, door=Door.LOGIN)
def change_consent(member_id: int) -> ResponseReturnValue:
    consent_service.change(
        member_id,
        channel=one_of("channel", words.CHANNELS),
        purpose=one_of("purpose", words.PURPOSES),
        granted=one_of("granted", ("yes", "no")) == "yes",
        via=DESK,
        proof=line_or_none("proof"),
        guardian=line_or_none("guardian"),
    )
    flash(gettext("Saved."))
    return page.back_to(member_id, "consents")


@blueprint.post("/customers/<int32:member_id>/consents/withdraw")
@requires(VIEW, door=Door.LOGIN)
def withdraw_marketing(member_id: int) -> ResponseReturnValue:
    consent_service.withdraw_marketing(member_id, via=DESK)
    flash(gettext("All marketing consents are withdrawn, from now on."))
    return page.back_to(member_id, "consents")
