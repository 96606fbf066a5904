"""How many of each reward are left: changed by conditional updates, so never below 0."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Integer, bindparam, update

from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.rewards.models import Reward

_rewards = table_of(Reward)
_LEFT = _rewards.c.stock + bindparam("pieces", type_=Integer)
_MOVE = (
    update(_rewards).where(_rewards.c.id == bindparam("reward_id"), _LEFT >= 0).values(stock=_LEFT)
)


def move(pieces: Mapping[int, int]) -> None:
    """Reward id -> how many more of it there are, below 0: fewer. A reward without a stock is
    left as it is. The last thing that a transaction does with them, by ascending id, so that
    others wait for a popular gift as short as can be.

    Raises `out_of_stock`: only rewards that have a stock may be given with fewer pieces.
    """
    for reward_id, more in sorted(pieces.items()):
        if more:
            moved = connection().execute(_MOVE, {"reward_id": reward_id, "pieces": more})
            if more < 0 and not moved.rowcount:
                raise Problem(Code.OUT_OF_STOCK)
