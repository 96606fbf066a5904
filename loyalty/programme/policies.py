"""The settings of the programme: seen whole, and changed in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import db, lock_name
from loyalty.programme import service as programme
from loyalty.programme.models import ProgrammeSettings
from loyalty.programme.policy import Policy, policy_document, read_policy
from loyalty.programme.tier_review import queue_review

Document = Mapping[str, Any]


def see() -> dict[str, Any]:
    """As `ProgrammeSchema` shows it."""
    current = programme.snapshot()
    currency = current_app.extensions["settings"].currency
    return {
        "shop_name": current.shop_name,
        "started_at": current.started_at,
        "currency": currency,
        "point_value": current.point_value(currency),
        "policy": policy_document(current.policy),
    }


def change_policy(document: Document) -> list[str]:
    """Set what the document names, as `PolicySchema` loads it; returns the names of the settings
    that are another now, such as `expiry.months`. What was earned before stays as it was."""
    now = clock.now()
    lock_name("programme")
    settings = db.session.get_one(ProgrammeSettings, 1, populate_existing=True)
    before = policy_document(read_policy(settings.settings))
    after = policy_document(read_policy(_merged(settings.settings, document)))
    changed = sorted(_flat(_different(after, before)))
    if not changed:
        return []
    settings.settings = _different(after, policy_document(Policy()))
    programme.touch()
    audit.record("programme.change", "programme", 1, fields=changed)
    if after["tiering"] != before["tiering"]:
        queue_review(now)
    return changed


def _merged(document: Document, changes: Document) -> dict[str, Any]:
    merged = dict(document)
    for name, value in changes.items():
        inner = isinstance(value, Mapping)
        merged[name] = _merged(merged.get(name, {}), value) if inner else value
    return merged


def _different(document: Document, other: Document) -> dict[str, Any]:
    """What is not as in the other, which has the same names."""
    different = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            value = _different(value, other[name])
            if value:
                different[name] = value
        elif value != other[name]:
            different[name] = value
    return different


def _flat(document: Document, before: str = "") -> list[str]:
    names = []
    for name, value in document.items():
        inner = isinstance(value, Mapping)
        names += _flat(value, f"{before}{name}.") if inner else [f"{before}{name}"]
    return names
