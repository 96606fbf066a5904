"""Two accounts of one person become one (semantics, Identity).

The source is closed and leads to the survivor; what it has, what it bought and what is known of
it is the survivor's. Both members are held throughout, so that whatever else changes one of them
comes before or after the whole of it, and a receipt for either phone reaches the survivor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy import Table, delete, insert, select, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import LostRace, connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.identity import ledger
from loyalty.identity.rules import MERGE
from loyalty.members import merging
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.points.models import BonusGiven, PendingPoints
from loyalty.purchases import tiers
from loyalty.purchases.models import PromotionUse, Purchase, Return
from loyalty.rewards.models import Redemption
from loyalty.tags import by_hand

FOLLOWS_MERGES = "follows_merges"
"""Name of the seam: what slices that stand above this one do when `(source_id, into_id)` become
one."""

_MOVED: Sequence[Table] = [
    table_of(model) for model in (Purchase, Return, Redemption, PendingPoints)
]
_uses = table_of(PromotionUse)
_bonuses = table_of(BonusGiven)


def merge(member_id: int, *, into: int, via: str) -> int:
    """Make one account of two; returns the id of the survivor. Where they are one already
    nothing changes. `via` is the door by which it was asked for.

    Raises `same_member`, `unknown_member`, `member_erased`, and `member_merged` with the account
    that carries one of the two on: nobody looked at that one.
    """
    if member_id == into:
        raise Problem(Code.SAME_MEMBER, field="into")
    source_id, into_id = merging.survivor_of(member_id), merging.survivor_of(into)
    if source_id != into_id:
        _check_was_shown(member_id, source_id)
        _check_was_shown(into, into_id)
        source, survivor = _hold(source_id, into_id)
        _merge(source, survivor, via=via, now=clock.now())
    return into_id


def _check_was_shown(member_id: int, survivor_id: int) -> None:
    if member_id != survivor_id:
        raise Problem(Code.MEMBER_MERGED, extra={"member": {"id": survivor_id}})


def _hold(*member_ids: int) -> list[LockedMember]:
    held = members.lock(member_ids)
    for member_id in member_ids:
        if member_id in held:
            continue
        if merging.carried_on_by(member_id):
            # Somebody merged it meanwhile: it is another member's now.
            raise LostRace
        erased = members.is_erased(member_id)
        raise Problem(Code.MEMBER_ERASED if erased else Code.UNKNOWN_MEMBER)
    return [held[member_id] for member_id in member_ids]


def _merge(source: LockedMember, into: LockedMember, *, via: str, now: datetime) -> None:
    ledger.carry_over(source, into, now=now)
    for table in _MOVED:
        its_own = table.c.member_id == source.id
        connection().execute(update(table).where(its_own).values(member_id=into.id))
    _add_up_promotions(source.id, into.id)
    _join_bonuses(source.id, into.id)
    by_hand.take_over(source.id, into.id)
    tiers.settle_merged(into, source_tier_id=source.tier_id, now=now)
    merging.take_over(source.id, into.id, via=via, now=now)
    follow: Sequence[Callable[[int, int], None]] = current_app.extensions[FOLLOWS_MERGES]
    for each in follow:
        each(source.id, into.id)
    audit.record(MERGE.name, "member", source.id, into=into.id)
    audit.record(MERGE.name, "member", into.id, merged=source.id)


def _add_up_promotions(source_id: int, into_id: int) -> None:
    """What a promotion brought either account counts against its cap."""
    used = select(_uses.c.promotion_id, _uses.c.points).where(_uses.c.member_id == source_id)
    for promotion_id, points in connection().execute(used).all():
        here = (_uses.c.promotion_id == promotion_id) & (_uses.c.member_id == into_id)
        more = update(_uses).where(here).values(points=_uses.c.points + points)
        if connection().execute(more).rowcount == 0:
            new = {"promotion_id": promotion_id, "member_id": into_id, "points": points}
            connection().execute(insert(_uses).values(new))
    connection().execute(delete(_uses).where(_uses.c.member_id == source_id))


def _join_bonuses(source_id: int, into_id: int) -> None:
    """A bonus that either account had is not given again."""
    had = select(_bonuses.c.kind, _bonuses.c.year).where(_bonuses.c.member_id == into_id)
    its_own = _bonuses.c.member_id == source_id
    for kind, year in connection().execute(had).all():
        again = (_bonuses.c.kind == kind) & (_bonuses.c.year == year)
        connection().execute(delete(_bonuses).where(its_own, again))
    connection().execute(update(_bonuses).where(its_own).values(member_id=into_id))
