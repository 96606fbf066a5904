"""Who sits at this browser, and which store's till it is.

The signed cookie holds a token, the store, when the browser was last seen, and what guards
its forms; never who it is. The person is looked up by the token for every request.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import request, session

from loyalty.core import clock
from loyalty.core.access import Actor
from loyalty.core.errors import Code, Problem
from loyalty.staff import service as staff
from loyalty.staff import sessions as staff_sessions
from loyalty.staff.models import StaffUser
from loyalty.staff.people import record

_TOKEN = "token"  # noqa: S105  # nosec B105  # where it is kept
_STORE = "store"
_SEEN = "seen"
_SEEN_AGAIN = timedelta(minutes=5)
"""How exact `seen` is: a cookie is not sent anew for every request."""
_WITH_AN_OLD_PASSWORD = frozenset({"account.password", "account.change_password"})


def begin(user: StaffUser) -> None:
    """Sign in; nothing of an earlier session survives. Writes: needs a transaction."""
    end()
    adopt(staff_sessions.begin(user, now=clock.now()))


def adopt(token: str, *, store: str | None = None) -> None:
    """This browser is that session's from now on; what an earlier one held is gone."""
    session.clear()
    session[_TOKEN] = token
    session[_SEEN] = _seconds(clock.now())
    if store is not None:
        session[_STORE] = store


def end() -> None:
    """Sign out. Writes: needs a transaction."""
    if _TOKEN in session:
        staff_id = staff_sessions.end(session[_TOKEN], now=clock.now())
        if staff_id is not None:
            record("account.sign_out", staff_id, actor=f"person:{staff_id}")
    session.clear()


def token() -> str | None:
    """The token of this browser's session, open or not."""
    return session.get(_TOKEN)


def signed_in_actor() -> Actor | None:
    """The person of this session, unless it ended, was left alone for too long, or the person
    is no longer active. Raises `password_change_required` where nothing else is to be had."""
    now = clock.now()
    if _TOKEN not in session or not _is_fresh(now):
        return None
    found = staff_sessions.find(session[_TOKEN], now=now)
    if found is None:
        return None
    user, opened = found
    if user.must_change_password and request.endpoint not in _WITH_AN_OLD_PASSWORD:
        raise Problem(Code.PASSWORD_CHANGE_REQUIRED)
    _see(now)
    return staff.actor_of(user, by_pin=opened.by_pin)


def _is_fresh(now: datetime) -> bool:
    seen = session.get(_SEEN)
    return isinstance(seen, int) and _seconds(now) - seen < staff_sessions.IDLE.total_seconds()


def _see(now: datetime) -> None:
    if _seconds(now) - session[_SEEN] >= _SEEN_AGAIN.total_seconds():
        session[_SEEN] = _seconds(now)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def chosen_store() -> str | None:
    return session.get(_STORE)


def choose_store(code: str) -> None:
    session[_STORE] = code
