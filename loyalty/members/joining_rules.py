"""What a file that knows a person too changes in what is known. No database here.

Source: semantics, Identity: what comes along fills blanks, unless the shop says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from loyalty.core.phone import PhoneNumber

ATTRIBUTE = "attributes."
"""How the name of a declared attribute begins where it stands among profile fields."""
_PROVINCE = ("province_list", "province")
"""One value in two columns: the code of a province says nothing without its list."""


class OnDuplicate(StrEnum):
    """What happens to somebody who is known already."""

    FILL = "fill"
    """What is not known yet is filled in."""
    NEWEST = "newest"
    """What is given replaces what was known; an empty cell gives nothing. With its province a
    district goes, too."""
    SKIP = "skip"
    """Everything stays as it is."""


class Arrival(Protocol):
    """Somebody as a file knows them. `profile` holds profile fields, `attributes` values as
    `attribute_rules.checked` returns them; what is not given is in neither."""

    @property
    def profile(self) -> Mapping[str, Any]: ...
    @property
    def attributes(self) -> Mapping[str, Any]: ...
    @property
    def joined_at(self) -> datetime | None: ...


@dataclass(slots=True, kw_only=True)
class Account:
    """Somebody as the shop knows them, or will: an `id` of 0 is no member yet.

    `known`: profile fields and, after `attributes.`, attributes; `before`: of each that
    changed, what stood there.
    """

    phone: PhoneNumber
    id: int = 0
    is_restricted: bool = False
    known: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    joined_at: datetime | None = None
    has_arrived: bool = False

    @property
    def is_new(self) -> bool:
        return self.id == 0

    def take(self, arrival: Arrival, rule: OnDuplicate) -> bool:
        """Learn what the rule lets in; whether that changed anything that was known."""
        given = dict(arrival.profile)
        given.update((ATTRIBUTE + name, value) for name, value in arrival.attributes.items())
        if self.is_new and not self.has_arrived:
            self.known, self.joined_at, self.has_arrived = given, arrival.joined_at, True
            return False
        self.has_arrived = True
        changes = self._let_in(given, rule)
        for name, value in changes.items():
            self.before.setdefault(name, self.known.get(name))
            self.known[name] = value
        return bool(changes)

    def _let_in(self, given: Mapping[str, Any], rule: OnDuplicate) -> dict[str, Any]:
        if rule is OnDuplicate.SKIP:
            return {}
        if rule is OnDuplicate.FILL:
            return {name: value for name, value in given.items() if self._is_blank(name)}
        newer = {name: value for name, value in given.items() if self.known.get(name) != value}
        is_moved = not newer.keys().isdisjoint(_PROVINCE)
        if is_moved and "district" not in given and self.known.get("district") is not None:
            # It was one of the province before.
            newer["district"] = None
        return newer

    def _is_blank(self, name: str) -> bool:
        return self.known.get("province" if name in _PROVINCE else name) is None


def as_json(before: Mapping[str, Any]) -> dict[str, Any]:
    """Dates as ISO 8601 writes them."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in before.items()
    }
