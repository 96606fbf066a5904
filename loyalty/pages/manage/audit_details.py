"""What an event of the log says beside its sentence, in words: codes and counts, never a
value of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.pages import formats
from loyalty.pages.manage.customers.words import (
    CHANNELS,
    DOORS,
    FIELDS,
    KINDS,
    PURPOSES,
    STATES,
    WAYS,
    Words,
    word,
)
from loyalty.pages.roles import ROLE_NAMES

_NAMES: Words = {
    "added": _l("Added"),
    "after": _l("After"),
    "before": _l("Before"),
    "channel": _l("Channel"),
    "confirmed": _l("Confirmed"),
    "fields": _l("Changed"),
    "given": _l("Given"),
    "granted": _l("Agreed"),
    "into": _l("Into customer no."),
    "kind": _l("Kind"),
    "merged": _l("With customer no."),
    "new_key": _l("New key"),
    "points": _l("Points"),
    "purpose": _l("Purpose"),
    "recorded": _l("Recorded"),
    "removed": _l("Removed"),
    "request": _l("Request no."),
    "restricted": _l("Restricted"),
    "role": _l("Role"),
    "set": _l("Set"),
    "source": _l("Source"),
    "step": _l("Step"),
    "tag": _l("Tag no."),
    "via": _l("By way of"),
    "withdrawn": _l("Withdrawn"),
}
_FIELDS: Words = {
    **FIELDS,
    "expression": _l("What it is made of"),
    "link": _l("Link"),
    "rfm": _l("RFM thresholds"),
    "role": _l("Role"),
    "rule": _l("Rule"),
    "stores": _l("Stores"),
}
_STEPS: Words = {
    **STATES,
    "changed": _l("Changed"),
    "created": _l("Created"),
    "deleted": _l("Deleted"),
    "detached": _l("Detached"),
    "received": _l("Received"),
}
_ROLES: Words = {str(role): name for role, name in ROLE_NAMES.items()}
_VALUES: Mapping[str, Words] = {
    "after": _ROLES,
    "before": _ROLES,
    "channel": CHANNELS,
    "fields": _FIELDS,
    "kind": KINDS,
    "purpose": PURPOSES,
    "role": _ROLES,
    "step": _STEPS,
    "via": {**WAYS, **DOORS},
}


def in_words(details: Mapping[str, Any]) -> str:
    """`Kênh: Zalo · Đồng ý: Có`; what has no word stands as it was recorded."""
    return formats.joined(
        [f"{word(_NAMES, name)}: {_said(name, value)}" for name, value in details.items()]
    )


def _said(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, list):
        return ", ".join(_said(name, each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{code} {count}" for code, count in value.items())
    return str(word(_VALUES.get(name, {}), str(value)))
