"""Who may see points, and how they are taken from lots. No database here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

STANDING = action("points.view", Role.CASHIER, Role.MANAGER, says=_l("See a member's points"))
LEDGER = action("points.explain", Role.MANAGER, says=_l("Read a member's ledger entry by entry"))


@dataclass(frozen=True, slots=True)
class OpenLot:
    id: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Taken:
    lot_id: int
    points: int


def take(points: int, lots: Sequence[OpenLot]) -> tuple[list[Taken], int]:
    """Take from lots in the order given; returns what each gave and what is missing."""
    taken: list[Taken] = []
    for lot in lots:
        if points == 0:
            break
        part = min(points, lot.remaining)
        if part:
            taken.append(Taken(lot.id, part))
            points -= part
    return taken, points


def repay(points: int, debt: int) -> int:
    """How much of newly earned points goes to a debt first (semantics, Returns)."""
    return min(points, debt)


def balance_shown(recorded: int, debt: int, expired: int) -> int:
    """What people see: never below 0, and without lots past their expiry."""
    return max(0, recorded + debt - expired)
