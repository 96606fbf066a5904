"""Machines that call the API: their keys, each shown once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.core import clock
from loyalty.core.access import Door, Role, current_actor, requires, takes_query
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import NAME_LENGTH
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, line, one_of, refusals_shown_by, together
from loyalty.pages.manage.stores import named
from loyalty.pages.own_stores import own_stores
from loyalty.pages.roles import ROLE_NAMES
from loyalty.staff import keys as service
from loyalty.staff.keys import KeyView
from loyalty.staff.rules import MANAGE_KEYS

_MANAGERS = requires(MANAGE_KEYS, door=Door.LOGIN)
_NO_NAME = _l("Enter which machine will use the key.")

_LIVES: dict[str, tuple[Any, timedelta | None]] = {
    "30": (_l("30 days"), timedelta(days=30)),
    "90": (_l("90 days"), timedelta(days=90)),
    "365": (_l("1 year"), timedelta(days=365)),
    "never": (_l("No end"), None),
}
_USUAL_LIFE = "365"
_OVERLAPS: dict[str, tuple[Any, timedelta]] = {
    "1h": (_l("1 hour"), timedelta(hours=1)),
    "1d": (_l("1 day"), timedelta(days=1)),
    "7d": (_l("7 days"), timedelta(days=7)),
}
_USUAL_OVERLAP = "1d"
_ACTIVE = (_l("Active"), "")
_ENDS_SOON = (_l("Ends soon"), "warn")
_STATES = {
    "active": _ACTIVE,
    "expiring": _ACTIVE,
    "expired": (_l("Expired"), "quiet"),
    "revoked": (_l("Revoked"), "quiet"),
}
_WORKING = ("active", "expiring")
_SOON = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class ShownKey:
    """A key as the list shows it."""

    view: KeyView
    now: datetime

    @property
    def role(self) -> Any:
        return ROLE_NAMES[Role(self.view.role)]

    @property
    def store(self) -> str:
        return named([self.view.store_code] if self.view.store_code else [])

    @property
    def created_at(self) -> str:
        return formats.full_date(formats.local(self.view.created_at).date())

    @property
    def last_used_at(self) -> str:
        return _moment(self.view.last_used_at, otherwise=gettext("Not yet"))

    @property
    def ends_at(self) -> str:
        return _moment(self.view.revoked_at or self.view.expires_at, otherwise=gettext("No end"))

    @property
    def state(self) -> tuple[Any, str]:
        """Its word, and the badge that stands behind it."""
        ends_at = self.view.expires_at
        if self.works and ends_at is not None and ends_at - self.now < _SOON:
            return _ENDS_SOON
        return _STATES[self.view.state]

    @property
    def works(self) -> bool:
        return self.view.state in _WORKING


def _moment(moment: datetime | None, *, otherwise: str) -> str:
    return formats.date_and_time(moment) if moment else otherwise


# -- the list ------------------------------------------------------------------


@blueprint.get("/keys")
@_MANAGERS
@takes_query
def keys() -> ResponseReturnValue:
    now = clock.now()
    every = [ShownKey(view=view, now=now) for view in service.list_keys()]
    working = [key for key in every if key.works]
    shows_all = request.args.get("show") == "all"
    return render_template(
        "pages/manage/keys/list.html",
        keys=every if shows_all else working,
        shows_all=shows_all,
        counts={"working": len(working), "all": len(every)},
    )


# -- a new key ---------------------------------------------------------------------


def _new_form(*, errors: Sentences) -> str:
    return render_template(
        "pages/manage/keys/new.html",
        errors=errors,
        given=request.form,
        roles=[(role, ROLE_NAMES[role], None) for role in Role],
        stores=own_stores(),
        is_bounded=bool(current_actor().store_ids),
        lives=_offered(_LIVES),
        usual_life=_USUAL_LIFE,
    )


@blueprint.get("/keys/new")
@_MANAGERS
def new_key() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/keys/new")
@refusals_shown_by(_new_form)
@_MANAGERS
def add_key() -> ResponseReturnValue:
    """The key's text is in this answer and never shown again."""
    typed = together(name=_name, role=_role, expires_at=_end)
    key, plain = service.create_api_key(**typed, store_code=request.form.get("store") or None)
    return render_template("pages/manage/keys/made.html", name=key.name, secret=plain)


def _name() -> str:
    return line("name", NAME_LENGTH, missing=_NO_NAME)


def _role() -> str:
    return one_of("role", ROLE_NAMES)


def _end() -> datetime | None:
    _, life = _LIVES[one_of("life", _LIVES)]
    return None if life is None else clock.now() + life


# -- renewing and revoking ---------------------------------------------------------------


def _rotate_form(key_id: int, *, errors: Sentences) -> str:
    return render_template(
        "pages/manage/keys/rotate.html",
        key=_key(key_id),
        errors=errors,
        overlaps=_offered(_OVERLAPS),
        usual_overlap=request.form.get("overlap", _USUAL_OVERLAP),
    )


@blueprint.get("/keys/<int:key_id>/rotate")
@_MANAGERS
def ask_to_rotate(key_id: int) -> ResponseReturnValue:
    return _rotate_form(key_id, errors={})


@blueprint.post("/keys/<int:key_id>/rotate")
@refusals_shown_by(_rotate_form)
@_MANAGERS
def rotate_key(key_id: int) -> ResponseReturnValue:
    word, overlap = _OVERLAPS[one_of("overlap", _OVERLAPS)]
    key, plain = service.rotate_key(key_id, overlap=overlap)
    return render_template("pages/manage/keys/made.html", name=key.name, secret=plain, overlap=word)


def _revoke_form(key_id: int, *, errors: Sentences) -> str:
    return render_template("pages/manage/keys/revoke.html", key=_key(key_id), errors=errors)


@blueprint.get("/keys/<int:key_id>/revoke")
@_MANAGERS
def ask_to_revoke(key_id: int) -> ResponseReturnValue:
    return _revoke_form(key_id, errors={})


@blueprint.post("/keys/<int:key_id>/revoke")
@refusals_shown_by(_revoke_form)
@_MANAGERS
def revoke_key(key_id: int) -> ResponseReturnValue:
    service.revoke_key(key_id)
    flash(gettext("The key is revoked: from now on it opens nothing."))
    return redirect(url_for("manage.keys"))


def _key(key_id: int) -> ShownKey:
    """Raises `unknown_key`, also for a key of stores that the actor does not manage."""
    found = next((view for view in service.list_keys() if view.id == key_id), None)
    if found is None:
        raise Problem(Code.UNKNOWN_KEY)
    return ShownKey(view=found, now=clock.now())


def _offered(choices: dict[str, tuple[Any, Any]]) -> Iterable[tuple[str, Any, None]]:
    return [(code, word, None) for code, (word, _) in choices.items()]
