"""Who sits at this browser, and which store's till it is."""

from __future__ import annotations

from flask import session

from loyalty.core.access import Actor
from loyalty.staff import service as staff
from loyalty.staff.models import StaffUser

_PERSON = "person"
_VERSION = "version"
_STORE = "store"


def begin(user: StaffUser) -> None:
    """Sign in; nothing of an earlier session survives."""
    session.clear()
    session[_PERSON] = user.id
    session[_VERSION] = user.session_version


def end() -> None:
    session.clear()


def signed_in_actor() -> Actor | None:
    """The person of this session, unless signed out everywhere or no longer active."""
    if _PERSON not in session:
        return None
    user = staff.find_active(session[_PERSON], session.get(_VERSION, 0))
    return staff.actor_of(user) if user is not None else None


def chosen_store() -> str | None:
    return session.get(_STORE)


def choose_store(code: str) -> None:
    session[_STORE] = code
