"""What promotions brought: caps per member and budgets that are never gone over.

A budget is locked from when it is looked at until the transaction ends: after the members, by
ascending id (design, decision 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Integer, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from loyalty.core.bulk import values_table
from loyalty.core.db import connection, is_postgresql, table_of
from loyalty.points.service import Earned
from loyalty.programme import service as programme
from loyalty.programme.earning import Worked, work_out_again
from loyalty.programme.models import Promotion
from loyalty.programme.rules import Programme, PromotionView
from loyalty.purchases.models import PromotionUse
from loyalty.purchases.sold import sold

_promotions = table_of(Promotion)
_uses = table_of(PromotionUse)

Uses = Mapping[int, int]
"""Promotion id -> points."""
Inputs = Mapping[str, Any] | None
"""What an entry keeps of how its points were worked out (`programme.earning.Inputs`)."""


class Room:
    """How many points limited promotions may still bring, worked off receipt by receipt."""

    def __init__(self, budgets: dict[int, int], of_members: dict[int, dict[int, int]]) -> None:
        self._budgets = budgets
        self._of_members = of_members

    @classmethod
    def of(cls, wanted: Iterable[tuple[int, PromotionView]]) -> Room:
        """For these members (ids) and the promotions that each could have."""
        pairs = {(member_id, promotion.id): promotion for member_id, promotion in wanted}
        budgeted = {each.id for each in pairs.values() if each.budget is not None}
        capped = {
            pair: each.read.cap_member
            for pair, each in pairs.items()
            if each.read.cap_member is not None
        }
        return cls(_lock_budgets(budgeted), _left_of_caps(capped))

    def left_to(self, member_id: int) -> Uses:
        left = dict(self._budgets)
        for id_, points in self._of_members.get(member_id, {}).items():
            left[id_] = min(points, left.get(id_, points))
        return left

    def use(self, member_id: int, uses: Uses) -> None:
        for limits in (self._budgets, self._of_members.get(member_id, {})):
            for id_ in limits.keys() & uses.keys():
                limits[id_] -= uses[id_]


def write_uses(used: Iterable[tuple[int, Uses]], current: Programme) -> None:
    """What promotions brought members (ids). The caller holds the locks on the members and, by
    `Room`, on the budgets."""
    by_pair: dict[tuple[int, int], int] = {}
    for member_id, uses in used:
        for id_, points in uses.items():
            by_pair[member_id, id_] = by_pair.get((member_id, id_), 0) + points
    if not by_pair:
        return
    _add_to_members(by_pair)
    totals: dict[int, int] = {}
    for (_, id_), points in by_pair.items():
        if current.promotion(id_).budget is not None:
            totals[id_] = totals.get(id_, 0) + points
    _add_to_budgets(totals)


def give_back_uses(member_id: int, inputs: Inputs) -> None:
    """A purchase is void, or refused: what its promotions brought leaves room again."""
    uses = _uses_in(inputs)
    _take_from_member(member_id, uses)
    _add_to_budgets({id_: -points for id_, points in uses.items()})


def move_uses(purchase_id: int, earned: Earned, *, origin_id: int, target_id: int) -> Worked:
    """A purchase moves to another member: what it earns there, where its promotions bring no more
    than the other's caps leave. Both members are locked."""
    current = programme.snapshot()
    give_back_uses(origin_id, earned.inputs)
    used = [current.promotion(each["id"]) for each in earned.inputs["promotions"]]
    [bought] = sold([purchase_id])
    worked = work_out_again(
        current,
        rule_version=earned.rule_version or current.rules[0].version,
        inputs=earned.inputs,
        kept=bought.kept(),
        room=Room.of((target_id, each) for each in used).left_to(target_id),
    )
    write_uses([(target_id, worked.uses)], current)
    return worked


def _uses_in(inputs: Inputs) -> dict[int, int]:
    used = (inputs or {}).get("promotions", ())
    return {each["id"]: each["points"] for each in used if each["points"]}


def _lock_budgets(ids: set[int]) -> dict[int, int]:
    """What is left of each; one that is used up is not waited for."""
    if not ids:
        return {}
    left = (_promotions.c.budget - _promotions.c.given).label("left")
    rows = connection().execute(
        select(_promotions.c.id, left)
        .where(_promotions.c.id.in_(ids), _promotions.c.given < _promotions.c.budget)
        .order_by(_promotions.c.id)
        .with_for_update()
    )
    return dict.fromkeys(ids, 0) | {row.id: row.left for row in rows}


def _left_of_caps(caps: Mapping[tuple[int, int], int]) -> dict[int, dict[int, int]]:
    """By member and promotion, from the caps of such pairs."""
    if not caps:
        return {}
    asked = values_table("asked", {"member_id": Integer(), "id": Integer()}, list(caps))
    rows = connection().execute(
        select(_uses).join(
            asked,
            (asked.c.id == _uses.c.promotion_id) & (asked.c.member_id == _uses.c.member_id),
        )
    )
    had = {(row.member_id, row.promotion_id): row.points for row in rows}
    left: dict[int, dict[int, int]] = {}
    for (member_id, id_), cap in caps.items():
        left.setdefault(member_id, {})[id_] = max(0, cap - had.get((member_id, id_), 0))
    return left


def _add_to_members(by_pair: Mapping[tuple[int, int], int]) -> None:
    kinds: dict[str, TypeEngine[Any]] = {
        "member_id": Integer(),
        "promotion_id": Integer(),
        "points": BigInteger(),
    }
    rows = [(*pair, points) for pair, points in sorted(by_pair.items())]
    more = select(values_table("more", kinds, rows))
    insert = postgresql.insert(_uses) if is_postgresql() else sqlite.insert(_uses)
    # SQLite takes ON CONFLICT for a join condition unless a WHERE stands before it.
    added = insert.from_select(list(kinds), more.where(true()))
    connection().execute(
        added.on_conflict_do_update(
            index_elements=[_uses.c.promotion_id, _uses.c.member_id],
            set_={"points": _uses.c.points + added.excluded.points},
        )
    )


def _take_from_member(member_id: int, uses: Uses) -> None:
    for id_, points in uses.items():
        connection().execute(
            update(_uses)
            .where(_uses.c.promotion_id == id_, _uses.c.member_id == member_id)
            .values(points=_uses.c.points - points)
        )


def _add_to_budgets(totals: Uses) -> None:
    """One after another, by ascending id; nothing where a promotion has no budget."""
    for id_, points in sorted(totals.items()):
        connection().execute(
            update(_promotions)
            .where(_promotions.c.id == id_, _promotions.c.budget.is_not(None))
            .values(given=_promotions.c.given + points)
        )
