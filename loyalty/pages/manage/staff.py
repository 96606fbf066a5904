"""The people of the shop: who they are, what they may do, and how access begins and ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.core.access import Door, Role, current_actor, requires, takes_query
from loyalty.core.limits import LOGIN_LENGTH, NAME_LENGTH, PASSWORD_LENGTH
from loyalty.core.phone import PhoneNumber
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, line, one_of, refusals_shown_by, together
from loyalty.pages.manage.staff_shown import ROLE_LINES, Person, shown
from loyalty.pages.own_stores import own_stores
from loyalty.pages.roles import ROLE_NAMES
from loyalty.staff import service
from loyalty.staff.rules import MANAGE_STAFF

_MANAGERS = requires(MANAGE_STAFF, door=Door.LOGIN)
_NO_NAME = _l("Enter the name.")
_NO_PASSWORD = _l("Choose a password.")
_NO_LOGIN = _l("Enter the login to sign in with.")


# -- the list ------------------------------------------------------------------


@blueprint.get("/staff")
@_MANAGERS
@takes_query
def staff() -> ResponseReturnValue:
    everyone = shown(service.list_staff(), current_actor())
    active = [person for person in everyone if person.view.active]
    shows_all = request.args.get("show") == "all"
    return render_template(
        "pages/manage/staff/list.html",
        people=everyone if shows_all else active,
        shows_all=shows_all,
        counts={"active": len(active), "all": len(everyone)},
    )


# -- a new person ------------------------------------------------------------------


def _new_form(*, errors: Sentences) -> str:
    return render_template(
        "pages/manage/staff/new.html", errors=errors, given=request.form, **_choices(_stores())
    )


@blueprint.get("/staff/new")
@_MANAGERS
def new_staff() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/staff/new")
@refusals_shown_by(_new_form)
@_MANAGERS
def add_staff() -> ResponseReturnValue:
    """A password that the service made is shown in this answer and never again."""
    typed = together(name=_name, login=_login, password=_password, role=_role, phone=_phone)
    user = service.create_staff(**typed, store_codes=_stores(), must_change_password=True)
    if typed["password"] is None:
        return _secret_page(user.id, service.reset_password(user.id), is_new=True)
    flash(gettext("%(name)s is added.", name=user.name))
    return redirect(url_for("manage.one_of_staff", staff_id=user.id))


# -- one person ----------------------------------------------------------------------


def _page(staff_id: int, *, errors: Sentences) -> str:
    person = _person(staff_id)
    given: Mapping[str, Any] = request.form or {
        "name": person.name,
        "role": person.view.role,
        "phone": person.phone,
    }
    chosen = _stores() if request.form else person.view.store_codes
    return render_template(
        "pages/manage/staff/person.html",
        person=person,
        errors=errors,
        given=given,
        **_choices(chosen),
    )


@blueprint.get("/staff/<int:staff_id>")
@_MANAGERS
def one_of_staff(staff_id: int) -> ResponseReturnValue:
    return _page(staff_id, errors={})


@blueprint.post("/staff/<int:staff_id>")
@refusals_shown_by(_page)
@_MANAGERS
def change_staff(staff_id: int) -> ResponseReturnValue:
    typed = together(name=_name, role=_role, phone=_phone)
    service.set_phone(staff_id, typed.pop("phone"))
    service.change_staff(staff_id, **typed, store_codes=_stores())
    return _saved(staff_id, gettext("Saved."))


@blueprint.post("/staff/<int:staff_id>/password")
@refusals_shown_by(_page)
@_MANAGERS
def reset_password(staff_id: int) -> ResponseReturnValue:
    return _secret_page(staff_id, service.reset_password(staff_id), is_new=False)


@blueprint.post("/staff/<int:staff_id>/sign-out")
@refusals_shown_by(_page)
@_MANAGERS
def sign_out_staff(staff_id: int) -> ResponseReturnValue:
    service.sign_out_everywhere(staff_id)
    return _saved(staff_id, gettext("Signed out everywhere."))


@blueprint.post("/staff/<int:staff_id>/pin")
@refusals_shown_by(_page)
@_MANAGERS
def clear_pin(staff_id: int) -> ResponseReturnValue:
    service.clear_pin(staff_id)
    return _saved(
        staff_id, gettext("The PIN is cleared: the person sets a new one in the own account.")
    )


# -- ending access, and giving it again ---------------------------------------------------


@blueprint.get("/staff/<int:staff_id>/access")
@_MANAGERS
def ask_about_access(staff_id: int) -> ResponseReturnValue:
    return render_template("pages/manage/staff/access.html", person=_person(staff_id))


@blueprint.post("/staff/<int:staff_id>/access")
@refusals_shown_by(_page)
@_MANAGERS
def set_access(staff_id: int) -> ResponseReturnValue:
    active = one_of("active", ("yes", "no")) == "yes"
    service.set_active(staff_id, active=active)
    said = gettext("Access is given again.") if active else gettext("Access has ended.")
    return _saved(staff_id, said)


# -- what was typed -----------------------------------------------------------------------


def _name() -> str:
    return line("name", NAME_LENGTH, missing=_NO_NAME)


def _login() -> str:
    return line("login", LOGIN_LENGTH, missing=_NO_LOGIN)


def _phone() -> PhoneNumber | None:
    """None where nothing is typed. Raises the phone's own refusals."""
    text = request.form.get("phone", "").strip()
    return PhoneNumber.parse(text, formats.settings().default_region) if text else None


def _role() -> str:
    return one_of("role", ROLE_NAMES)


def _stores() -> list[str]:
    return request.form.getlist("stores")


def _password() -> str | None:
    """None where the service is to make one."""
    if one_of("password_by", ("service", "hand")) == "service":
        return None
    return line("password", PASSWORD_LENGTH, missing=_NO_PASSWORD, strips=False)


# -- what these share ---------------------------------------------------------------------


def _person(staff_id: int) -> Person:
    return Person(view=service.get_staff(staff_id), actor=current_actor())


def _choices(chosen: Collection[str]) -> dict[str, Any]:
    return {
        "roles": [(role, ROLE_NAMES[role], ROLE_LINES[role]) for role in Role],
        "stores": own_stores(),
        "chosen": chosen,
        "is_bounded": bool(current_actor().store_ids),
    }


def _saved(staff_id: int, sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return redirect(url_for("manage.one_of_staff", staff_id=staff_id))


def _secret_page(staff_id: int, secret: str, *, is_new: bool) -> str:
    """Redirecting would lose the secret, or leave it in a cookie or an address."""
    person = _person(staff_id)
    return render_template(
        "pages/manage/staff/password.html", person=person, secret=secret, is_new=is_new
    )
