"""Who sits at this browser, and which store's till it is."""

from __future__ import annotations

from flask import session

from loyalty.core import clock
from loyalty.core.access import Actor
from loyalty.staff import service as staff
from loyalty.staff import sessions as staff_sessions
from loyalty.staff.models import StaffUser

_TOKEN = "token"  # noqa: S105
_STORE = "store"


def begin(user: StaffUser, *, by_pin: bool = False) -> None:
    """Sign in; nothing of an earlier session survives. Writes: needs a transaction."""
    end()
    session[_TOKEN] = staff_sessions.begin(user, by_pin=by_pin, now=clock.now())


def end() -> None:
    """Sign out. Writes: needs a transaction."""
    if _TOKEN in session:
        staff_sessions.end(session[_TOKEN], now=clock.now())
    session.clear()


def signed_in_actor() -> Actor | None:
    """The person of this session, unless it ended or the person is no longer active."""
    if _TOKEN not in session:
        return None
    found = staff_sessions.find(session[_TOKEN], now=clock.now())
    return staff.actor_of(found[0]) if found is not None else None


def chosen_store() -> str | None:
    return session.get(_STORE)


def choose_store(code: str) -> None:
    session[_STORE] = code
