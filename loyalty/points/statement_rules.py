"""What a statement is made of. No database here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _l

from loyalty.points.models import EntryKind


class Part(StrEnum):
    """Of the sum that leads from the opening to the closing balance."""

    EARNED = "earned"
    SPENT = "spent"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"


_PARTS: Mapping[str, Part] = {
    EntryKind.REDEEM: Part.SPENT,
    EntryKind.RESTORE: Part.SPENT,
    EntryKind.EXPIRE: Part.EXPIRED,
    EntryKind.ADJUST: Part.ADJUSTED,
    EntryKind.MERGE_OUT: Part.ADJUSTED,
    EntryKind.MERGE_IN: Part.ADJUSTED,
}

PARTS = {
    Part.EARNED: _l("Earned"),
    Part.SPENT: _l("Used"),
    Part.EXPIRED: _l("Expired"),
    Part.ADJUSTED: _l("Adjusted"),
}

KINDS = {
    EntryKind.EARN: _l("Purchase"),
    EntryKind.BONUS: _l("Bonus"),
    EntryKind.ACTIVATE: _l("Purchase, its points count from today"),
    EntryKind.OPENING: _l("Brought along"),
    EntryKind.REVERSE_EARN: _l("Return or cancelled purchase"),
    EntryKind.HOLD: _l("Points on hold"),
    EntryKind.RELEASE: _l("Points no longer on hold"),
    EntryKind.REDEEM: _l("Points used"),
    EntryKind.RESTORE: _l("Used points given back"),
    EntryKind.EXPIRE: _l("Points expired"),
    EntryKind.ADJUST: _l("Adjusted by hand"),
    EntryKind.MERGE_OUT: _l("Moved to the joined account"),
    EntryKind.MERGE_IN: _l("Came from the joined account"),
}
"""What each kind of entry is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What changed the balance shown at a moment, and by how much; `entry_id` None: lots that
    lapsed then."""

    at: datetime
    kind: EntryKind
    points: int
    entry_id: int | None = None
    purchase_id: int | None = None
    redemption_id: int | None = None
    reason: str | None = None

    @property
    def part(self) -> Part:
        return _PARTS.get(self.kind, Part.EARNED)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Of local days, both included; the lines in order of time."""

    member_id: int
    since: date
    until: date
    opening: int
    lines: Sequence[Line]

    @property
    def earned(self) -> int:
        return self._sum(Part.EARNED)

    @property
    def spent(self) -> int:
        return -self._sum(Part.SPENT)

    @property
    def expired(self) -> int:
        return -self._sum(Part.EXPIRED)

    @property
    def adjusted(self) -> int:
        return self._sum(Part.ADJUSTED)

    @property
    def closing(self) -> int:
        return self.opening + self.earned - self.spent - self.expired + self.adjusted

    @property
    def sums(self) -> dict[Part, int]:
        """As they add up from the opening to the closing balance."""
        return {part: self._sum(part) for part in Part}

    def _sum(self, part: Part) -> int:
        return sum(line.points for line in self.lines if line.part is part)
