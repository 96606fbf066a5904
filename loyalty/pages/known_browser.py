"""The cookie by which a browser shows that a person has signed in at it before."""

from __future__ import annotations

from flask import Response, current_app, request

from loyalty.staff import devices
from loyalty.staff.devices import Device

COOKIE = "known_browser"


def this_browser() -> Device | None:
    return devices.read(request.cookies.get(COOKIE))


def remember(response: Response, staff_id: int, password_hash: str) -> None:
    """From now on this browser is one that the person signs in at."""
    device = (this_browser() or devices.new()).with_person(staff_id, password_hash)
    response.set_cookie(
        COOKIE,
        devices.cookie_of(device),
        max_age=devices.DAYS * 24 * 3600,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
