"""What of each table tells of members: where it is shown, and what an erasure makes of it.

`REGISTER` is the one place that says both. A table that tells of a member and is not in it
fails a test, so that no later feature forgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from loyalty.members import service as members


class AtErasure(StrEnum):
    DELETED = "deleted"
    EMPTIED = "emptied"
    """The rows stay, and of each column that tells of the person nothing."""
    SCRUBBED = "scrubbed"
    """Found by the person's values, which are taken out."""
    STAYS = "stays"
    """Holds no personal value: sums, codes and ids that lead to nobody."""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Under which section a table is shown (None: never, and why), and what becomes of it."""

    section: str | None
    at_erasure: AtErasure
    emptied: tuple[str, ...] = ()
    because: str = ""


def _holding(
    section: str | None, at_erasure: AtErasure, *emptied: str, because: str = ""
) -> Holding:
    return Holding(section=section, at_erasure=at_erasure, emptied=emptied, because=because)


_DELETED, _EMPTIED = AtErasure.DELETED, AtErasure.EMPTIED
_SCRUBBED, _STAYS = AtErasure.SCRUBBED, AtErasure.STAYS

REGISTER: Mapping[str, Holding] = {
    "members": _holding(
        *("profile", _EMPTIED),
        *members.NOBODY,
    ),
    "member_attributes": _holding("attributes", _DELETED),
    "member_phones": _holding("phones", _DELETED),
    "consents": _holding("consents", _DELETED),
    "consent_changes": _holding("consent_history", _DELETED),
    "do_not_call": _holding(
        "do_not_call",
        _STAYS,
        because="A SHA-256 of the number and no member: who asked not to be called is not "
        "called after an erasure either.",
    ),
    "purchases": _holding("purchases", _EMPTIED, "phone", "reassigned_to", "void_reason"),
    "purchase_lines": _holding("purchases", _STAYS, because="Goods and sums of a receipt."),
    "purchase_flags": _holding(
        "purchases",
        _STAYS,
        because="Why a manager looked at a receipt, and what came of it; what nobody looked at "
        "yet is deleted.",
    ),
    "returns": _holding("returns", _EMPTIED, "phone", "reason"),
    "return_lines": _holding("returns", _STAYS, because="Goods and sums that came back."),
    "redemptions": _holding(
        "redemptions", _STAYS, because="Sums, and codes by which nobody gets anything any more."
    ),
    "tier_changes": _holding("tiers", _STAYS, because="Sums."),
    "promotion_uses": _holding("points", _STAYS, because="Sums."),
    "bonuses_given": _holding("points", _STAYS, because="That a bonus was given, of which kind."),
    "pending_points": _holding("points", _DELETED),
    "point_entries": _holding(
        "points", _STAYS, because="The ledger is insert-only; its reasons name nobody."
    ),
    "point_lots": _holding("points", _STAYS, because="Sums."),
    "lot_allocations": _holding("points", _STAYS, because="Sums."),
    "group_chunks": _holding("tags", _SCRUBBED),
    "group_changes": _holding("tags", _SCRUBBED),
    "dirty": _holding(
        None,
        _STAYS,
        because="A member's number for the seconds until tags are worked out again: nothing "
        "is told of whoever it is.",
    ),
    "exports": _holding(
        "exports", _STAYS, because="What files were made of and for: they are deleted."
    ),
    "export_chunks": _holding("exports", _SCRUBBED),
    "member_imports": _holding(
        None, _STAYS, because="Counts and choices: the files themselves are deleted."
    ),
    "imported_members": _holding("imports", _DELETED),
    "rights_requests": _holding("requests", _EMPTIED, "note"),
    "audit_events": _holding(
        "log", _STAYS, because="The log is insert-only; it names changed fields, no values."
    ),
    "idempotency_keys": _holding(
        None,
        _SCRUBBED,
        because="Answers once given to programs, for 30 days: copies of what is shown here.",
    ),
}
