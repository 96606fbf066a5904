"""Points that come in: a lot for each entry, debts repaid first, and the new balances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from loyalty.core.bulk import append_many
from loyalty.core.db import table_of
from loyalty.members.service import LockedMember
from loyalty.points.models import LotAllocation, PointLot
from loyalty.points.rules import repay
from loyalty.points.standing import Change, change_standing


class Credit(Protocol):
    """What brings a member points; `expires_at` None: they never lapse."""

    @property
    def member(self) -> LockedMember: ...

    @property
    def points(self) -> int: ...

    @property
    def expires_at(self) -> datetime | None: ...


def credit(entry_ids: Sequence[int], brought: Sequence[Credit], *, now: datetime) -> None:
    """Write the lots of entries that were written, one for each of `brought`.

    The members are locked by the caller and carry their new standing afterwards.
    """
    lots: list[dict[str, Any]] = []
    repaid: list[dict[str, Any]] = []
    changes: dict[int, Change] = {}
    for entry_id, each in zip(entry_ids, brought, strict=True):
        member = each.member
        to_debt = repay(each.points, member.debt)
        member.points += each.points
        member.debt -= to_debt
        lots.append(_lot(entry_id, each, remaining=each.points - to_debt))
        if to_debt:
            repaid.append({"entry_id": entry_id, "lot_id": entry_id, "points": to_debt})
        _, points, debt = changes.get(member.id, (member, 0, 0))
        changes[member.id] = (member, points + each.points, debt - to_debt)
    append_many(table_of(PointLot), lots)
    append_many(table_of(LotAllocation), repaid)
    change_standing(changes, now=now)


def _lot(entry_id: int, each: Credit, *, remaining: int) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "member_id": each.member.id,
        "points": each.points,
        "remaining": remaining,
        "expires_at": each.expires_at,
    }
