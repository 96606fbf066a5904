"""Browsers that people have signed in at before (OWASP, device cookies).

A stranger who guesses at a login has no such browser, so nothing a stranger does makes the
person's own browser wait.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from loyalty.core.codes import fingerprint

DAYS = 365
_PEOPLE = 20
_MARK_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class Device:
    """A browser, and by staff id a mark of the password used there: with a new password it is
    unknown again. A shared till knows its last 20 people."""

    id: str
    people: Mapping[str, str] = field(default_factory=dict)

    def knows(self, staff_id: int, password_hash: str) -> bool:
        return self.people.get(str(staff_id)) == _mark(password_hash)

    def with_person(self, staff_id: int, password_hash: str) -> Device:
        others = [(key, mark) for key, mark in self.people.items() if key != str(staff_id)]
        kept = [*others[-(_PEOPLE - 1) :], (str(staff_id), _mark(password_hash))]
        return Device(id=self.id, people=dict(kept))


def new() -> Device:
    return Device(id=secrets.token_urlsafe(16))


def read(cookie: str | None) -> Device | None:
    """The browser that a cookie of ours names; None for any other text."""
    if not cookie:
        return None
    try:
        known = _signer().loads(cookie, max_age=DAYS * 24 * 3600)
        return Device(id=known["id"], people=known["people"])
    except (BadSignature, KeyError, TypeError):
        return None


def cookie_of(device: Device) -> str:
    return str(_signer().dumps({"id": device.id, "people": dict(device.people)}))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known browser")


def _mark(password_hash: str) -> str:
    return fingerprint(password_hash)[:_MARK_LENGTH]
