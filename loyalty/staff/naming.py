"""What people and keys are called, for those who read what they did."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from loyalty.core.access import SYSTEM
from loyalty.core.db import db
from loyalty.staff.models import ApiKey, StaffUser

_ID_DIGITS = 9
_NAMED: dict[str, Any] = {"key": ApiKey, "person": StaffUser}


def names_of(labels: Collection[str]) -> Mapping[str, str]:
    """Names by label (`key:3`, `person:7`); what nobody is called by is left out."""
    found = {SYSTEM.label: SYSTEM.name} if SYSTEM.label in labels else {}
    for kind, model in _NAMED.items():
        ids = list(_ids_of(kind, labels))
        if ids:
            rows = db.session.execute(select(model.id, model.name).where(model.id.in_(ids)))
            found |= {f"{kind}:{row.id}": row.name for row in rows}
    return found


def _ids_of(kind: str, labels: Collection[str]) -> Iterator[int]:
    for label in labels:
        prefix, _, number = label.partition(":")
        plain = number.isascii() and number.isdigit() and len(number) <= _ID_DIGITS
        if prefix == kind and plain:
            yield int(number)
