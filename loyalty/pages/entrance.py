"""The way in and out: first run, signing in, language and appearance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from config import LANGUAGES
from loyalty.core.access import open_to_anyone
from loyalty.core.db import read, transaction
from loyalty.core.errors import Problem
from loyalty.core.limits import LOGIN_LENGTH, NAME_LENGTH, PASSWORD_LENGTH
from loyalty.pages import known_browser, language, sessions
from loyalty.pages.frame import THEME_COOKIE, THEMES
from loyalty.pages.manage.forms import sentences_of
from loyalty.pages.manage.navigation import landing
from loyalty.pages.waiting import with_minutes
from loyalty.staff import service as staff
from loyalty.staff import signing_in

YEAR_SECONDS = 365 * 24 * 3600

blueprint = Blueprint(
    "pages",
    __name__,
    static_folder="static",
    static_url_path="/static",
    template_folder="templates",
)

Form = Mapping[str, str]


@blueprint.get("/")
@open_to_anyone
def home() -> ResponseReturnValue:
    """Each to the page of their work; a new shop to its first page."""
    with read():
        if not staff.owner_exists():
            return redirect(url_for("pages.set_up"))
        actor = sessions.signed_in_actor()
    return redirect(landing(actor) if actor is not None else url_for("pages.sign_in"))


# -- first run ---------------------------------------------------------------

_LENGTHS = {
    "shop_name": NAME_LENGTH,
    "first_store_name": NAME_LENGTH,
    "name": NAME_LENGTH,
    "login": LOGIN_LENGTH,
    "password": PASSWORD_LENGTH,
}
_MISSING = {
    "shop_name": _l("Enter the name of the shop."),
    "first_store_name": _l("Enter the name of the first store."),
    "name": _l("Enter your name."),
    "login": _l("Enter the login that you will sign in with."),
    "password": _l("Choose a password."),
}


@blueprint.get("/setup")
@open_to_anyone
def set_up() -> ResponseReturnValue:
    with read():
        if staff.owner_exists():
            return redirect(url_for("pages.sign_in"))
    return _set_up_form({}, {})


@blueprint.post("/setup")
@open_to_anyone
def set_up_shop() -> ResponseReturnValue:
    """Make shop, first store and owner's account, once, and sign the owner in."""
    given = {name: _typed(name) for name in _LENGTHS}
    errors = _set_up_errors(given)
    if errors:
        return _set_up_form(given, errors), 422
    response = make_response(redirect(url_for("till.page")))
    try:
        with transaction():
            owner = staff.create_owner(**given)
            sessions.begin(owner)
            known_browser.remember(response, owner.id, owner.password_hash)
    except Problem as problem:
        if not problem.errors:
            raise
        return _set_up_form(given, sentences_of(problem)), int(problem.status)
    return response


def _set_up_errors(given: Form) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for name, longest in _LENGTHS.items():
        if not given[name]:
            errors[name] = _MISSING[name]
        elif len(given[name]) > longest or not given[name].isprintable():
            errors[name] = gettext("At most %(count)s characters, on one line.", count=longest)
    if "password" not in errors and given["password"] != request.form.get("password_again", ""):
        errors["password_again"] = gettext("The two passwords are not the same.")
    return errors


def _typed(name: str) -> str:
    text = request.form.get(name, "")
    return text if name == "password" else text.strip()


def _set_up_form(given: Form, errors: Mapping[str, Any]) -> str:
    return render_template("pages/entrance/setup.html", given=given, errors=errors)


# -- signing in and out --------------------------------------------------------


@blueprint.get("/login")
@open_to_anyone
def sign_in() -> ResponseReturnValue:
    with read():
        if not staff.owner_exists():
            return redirect(url_for("pages.set_up"))
    return render_template("pages/entrance/login.html", login="", error=None)


@blueprint.post("/login")
@open_to_anyone
def begin_session() -> ResponseReturnValue:
    """Also answers alike, in words, headers and time, whether there is such a login or not."""
    login = request.form.get("login", "")
    try:
        signed_in = signing_in.sign_in(
            login,
            request.form.get("password", ""),
            address=request.remote_addr or "",
            device=known_browser.this_browser(),
            instead_of=sessions.token(),
        )
    except Problem as problem:
        shown, error = login[:LOGIN_LENGTH], with_minutes(problem)
        page = render_template("pages/entrance/login.html", login=shown, error=error)
        return page, int(problem.status), dict(problem.headers)
    sessions.adopt(signed_in.token)
    response = make_response(redirect(url_for("pages.home")))
    known_browser.remember(response, signed_in.staff_id, signed_in.password_hash)
    return response


@blueprint.post("/logout")
@open_to_anyone
def sign_out() -> ResponseReturnValue:
    with transaction():
        sessions.end()
    return redirect(url_for("pages.sign_in"))


# -- language and appearance ----------------------------------------------------


@blueprint.post("/preferences")
@open_to_anyone
def prefer() -> ResponseReturnValue:
    """Keep the reader's choice in this browser; back to where it was made."""
    response = make_response(redirect(_own_path(request.form.get("back", ""))))
    for cookie, allowed in ((language.COOKIE, LANGUAGES), (THEME_COOKIE, THEMES)):
        chosen = request.form.get(cookie)
        if chosen is not None and chosen in allowed:
            response.set_cookie(
                cookie,
                chosen,
                max_age=YEAR_SECONDS,
                secure=current_app.config["SESSION_COOKIE_SECURE"],
                httponly=True,
                samesite="Lax",
            )
    return response


def _own_path(path: str) -> str:
    """Only a path of this service: `//elsewhere` and addresses of others lead home."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain else url_for("pages.home")
