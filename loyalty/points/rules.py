"""Who may see points, and how they are taken from lots. No database here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

STANDING = action("points.view", Role.CASHIER, Role.MANAGER, says=_l("See a member's points"))
LEDGER = action("points.explain", Role.MANAGER, says=_l("Read a member's ledger entry by entry"))


ADJUST = action(
    "points.adjust",
    Role.CASHIER,
    Role.MANAGER,
    says=_l("Add or take points by hand, up to the role's limit"),
    by_password=True,
)
STATEMENT = action("points.statement", Role.MANAGER, says=_l("Read a member's statement of points"))
DRY_RUN = action(
    "points.dry_run",
    Role.MANAGER,
    says=_l("Try another earning rule on past purchases, without writing"),
    whole_shop=True,
)


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


def balance_shown(recorded: int, debt: int, expired: int, *, held: int = 0) -> int:
    """What people see: never below 0, and without lots past their expiry. What is held is the
    member's still."""
    return max(0, recorded + debt + held - expired)


# -- what is there -----------------------------------------------------------------

Live = Mapping[datetime | None, int]
"""Points by the moment at which they lapse, None: never."""


@dataclass(frozen=True, slots=True)
class ComingBack:
    """Points of a lot that a hold took, which was over at `ended_at` and is not released yet."""

    points: int
    expires_at: datetime | None
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a member has by now: to spend (`live`, by when it lapses), on hold, and to make up."""

    live: Live
    held: int
    debt: int

    @property
    def available(self) -> int:
        return sum(self.live.values())


def standing_of(
    live: Live, back: Sequence[ComingBack], *, held: int, debt: int, now: datetime
) -> Standing:
    """As if every hold that is over had been released when it was: a debt repaid from it, the
    rest lapsing with its lot. `held` and `debt` as they are recorded."""
    by_expiry = dict(live)
    for part in back:
        held -= part.points
        if _is_over(part.expires_at, part.ended_at):
            continue
        repaid = repay(part.points, debt)
        debt -= repaid
        if not _is_over(part.expires_at, now):
            left = part.points - repaid
            by_expiry[part.expires_at] = by_expiry.get(part.expires_at, 0) + left
    return Standing(live=by_expiry, held=held, debt=debt)


def _is_over(expires_at: datetime | None, at: datetime) -> bool:
    return expires_at is not None and expires_at <= at
