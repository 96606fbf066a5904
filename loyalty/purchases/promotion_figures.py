"""What promotions brought so far."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select

from loyalty.core.db import connection, table_of
from loyalty.purchases.models import PromotionUse

_uses = table_of(PromotionUse)


class Brought(NamedTuple):
    points: int
    members: int


def brought_by(promotion_ids: Collection[int]) -> dict[int, Brought]:
    """Points, and to how many members; nothing of a promotion that brought none. What a cancelled
    receipt had is not in it."""
    rows = connection().execute(
        select(_uses.c.promotion_id, func.sum(_uses.c.points), func.count())
        .where(_uses.c.promotion_id.in_(promotion_ids), _uses.c.points > 0)
        .group_by(_uses.c.promotion_id)
    )
    return {id_: Brought(int(points), members) for id_, points, members in rows}
