"""Points that a purchase earned and that are not due any more: the goods came back, or the
receipt was a mistake (semantics, Returns).

From what is pending, then the purchase's own lots, then the member's other lots, and the rest
becomes debt. What lapsed of the own lots counts as taken back already: nobody loses the same
points twice, and it makes no difference whether the job that expires lots has run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from loyalty.members.service import LockedMember
from loyalty.points import pending
from loyalty.points.entries import added_up, allocate, write_entry
from loyalty.points.handed_in import release_what_is_over
from loyalty.points.lots import lapsed_of, lots_of_purchase, take_live
from loyalty.points.models import EntryKind
from loyalty.points.rules import OpenLot, Taken, take
from loyalty.points.standing import Changes


def take_back(
    member: LockedMember,
    points: int,
    *,
    purchase_id: int | None,
    now: datetime,
    kind: EntryKind = EntryKind.REVERSE_EARN,
    reason: str | None = None,
    rule_version: int | None = None,
    inputs: dict[str, Any] | None = None,
) -> None:
    """Take `points` (0 or more) back from a locked member; `purchase_id` None: of no purchase
    that is known. `kind` is `bonus` for the bonus that the purchase brought."""
    is_bonus = kind is EntryKind.BONUS
    if purchase_id is not None and not is_bonus:
        points -= pending.drop(purchase_id, points)
    if points == 0:
        return
    release_what_is_over(member, now=now)
    about: dict[str, Any] = {"purchase_id": purchase_id, "reason": reason}
    own = _own_lots(member, purchase_id, bonus=is_bonus)
    own_ids = [lot.id for lot in own]
    taken, missing = take(points, own)
    revived, missing = take(missing, lapsed_of(own_ids) if missing and own else [])
    _revive(member, revived, now=now, **about)
    others, debt = take_live(member.id, missing, now=now, but_not=own_ids) if missing else ([], 0)
    entry_id = write_entry(
        *(member.id, kind, -points), now=now, rule_version=rule_version, inputs=inputs, **about
    )
    allocate(entry_id, added_up([*taken, *revived, *others]))
    changes = Changes()
    changes.add(member, points=-points, debt=debt)
    changes.write(now=now)


def _own_lots(member: LockedMember, purchase_id: int | None, *, bonus: bool) -> list[OpenLot]:
    if purchase_id is None:
        return []
    return lots_of_purchase(purchase_id, member_id=member.id, bonus=bonus)


def _revive(member: LockedMember, revived: Sequence[Taken], *, now: datetime, **about: Any) -> None:
    """Points that lapsed are there again, to be taken back the same moment."""
    points = sum(part.points for part in revived)
    if not points:
        return
    entry_id = write_entry(member.id, EntryKind.RESTORE, points, now=now, **about)
    allocate(entry_id, {part.lot_id: -part.points for part in revived})
    changes = Changes()
    changes.add(member, points=points)
    changes.write(now=now)
