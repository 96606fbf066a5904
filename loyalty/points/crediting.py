"""Points that come in: a lot for each entry, debts repaid first, and the new balances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from loyalty.core.bulk import append_many
from loyalty.core.db import table_of
from loyalty.members.service import LockedMember
from loyalty.points.handed_in import release_before_repaying
from loyalty.points.models import LotAllocation, PointLot
from loyalty.points.rules import repay
from loyalty.points.standing import Changes


class Credit(Protocol):
    """What brings a member `points` (above 0); `expires_at` None: they never lapse."""

    @property
    def member(self) -> LockedMember: ...

    @property
    def points(self) -> int: ...

    @property
    def expires_at(self) -> datetime | None: ...

    @property
    def spend(self) -> int:
        """What counts towards the tier beside the points: minor units, or points again."""
        ...


def credit(entry_ids: Sequence[int], brought: Sequence[Credit], *, now: datetime) -> None:
    """Write the lots of entries that were written, one for each of `brought`.

    The members are locked by the caller and carry their new standing afterwards.
    """
    for each in brought:
        release_before_repaying(each.member, now=now)
    lots: list[dict[str, Any]] = []
    repaid: list[dict[str, Any]] = []
    changes = Changes()
    for entry_id, each in zip(entry_ids, brought, strict=True):
        to_debt = repay(each.points, each.member.debt)
        changes.add(each.member, points=each.points, debt=-to_debt, spend=each.spend)
        lots.append(_lot(entry_id, each, remaining=each.points - to_debt))
        if to_debt:
            repaid.append({"entry_id": entry_id, "lot_id": entry_id, "points": to_debt})
    append_many(table_of(PointLot), lots)
    append_many(table_of(LotAllocation), repaid)
    changes.write(now=now)


def _lot(entry_id: int, each: Credit, *, remaining: int) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "member_id": each.member.id,
        "points": each.points,
        "remaining": remaining,
        "expires_at": each.expires_at,
    }
