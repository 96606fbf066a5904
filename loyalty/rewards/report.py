"""The yearly report of gifts given: what of each, by month, for how many points, worth what.

A gift counts in the month in which it was given, a voucher in that in which it was issued; what
was given back is in no count. Payments with points are money off a receipt, and no gifts.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import case, func, select

from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.rewards.models import Redemption, Reward, State

_redemptions = table_of(Redemption)
_rewards = table_of(Reward)
MONTHS = range(1, 13)


def of_year(year: int) -> dict[str, Any]:
    """`{year, currency, items: [{reward, name, kind, month, given, points, worth}], total}`;
    `worth` in minor units as it was when each was got, months and the year by local days."""
    settings = current_app.extensions["settings"]
    starts = [clock.start_of_day(date(year, month, 1), settings.time_zone) for month in MONTHS]
    end = clock.start_of_day(date(year + 1, 1, 1), settings.time_zone)
    given_at = _redemptions.c.captured_at
    ends = [*starts[1:], end]
    month = case(*((given_at < until, month) for month, until in zip(MONTHS, ends, strict=True)))
    in_month = (
        select(
            _redemptions.c.reward_id,
            month.label("month"),
            _redemptions.c.captured,
            _redemptions.c.worth,
        )
        .where(
            _redemptions.c.reward_id.is_not(None),
            _redemptions.c.state == State.CAPTURED,
            given_at >= starts[0],
            given_at < end,
        )
        .subquery()
    )
    summed = (
        select(
            in_month.c.reward_id,
            in_month.c.month,
            func.count().label("given"),
            func.sum(in_month.c.captured).label("points"),
            func.sum(in_month.c.worth).label("worth"),
        )
        .group_by(in_month.c.reward_id, in_month.c.month)
        .subquery()
    )
    rows = connection().execute(
        select(summed, _rewards.c.name, _rewards.c.kind)
        .join(_rewards, _rewards.c.id == summed.c.reward_id)
        .order_by(_rewards.c.name, _rewards.c.id, summed.c.month)
    )
    items = [_item(row._mapping) for row in rows]
    total = {name: sum(item[name] for item in items) for name in _SUMS}
    return {"year": year, "currency": settings.currency, "items": items, "total": total}


_SUMS = ("given", "points", "worth")


def _item(row: Any) -> dict[str, Any]:
    named = {"reward": row["reward_id"], "name": row["name"], "kind": row["kind"]}
    # Sums of 64-bit numbers come as decimals from PostgreSQL.
    return {**named, "month": row["month"], **{name: int(row[name]) for name in _SUMS}}
