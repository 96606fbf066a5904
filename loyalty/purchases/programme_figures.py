"""The programme in figures: what it gives for what is sold, and what is outstanding."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app

from loyalty.core.access import Actor
from loyalty.points import figures as points
from loyalty.points.figures import Month
from loyalty.programme import service as programme
from loyalty.purchases.figures import sales_by_month


def view(months: int, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """As `FiguresSchema`: the last so many months, the running one included. Points are a
    matter of the whole shop."""
    currency = current_app.extensions["settings"].currency
    value = programme.snapshot().point_value(currency)
    return {
        "as_of": now,
        "currency": currency,
        "point_value": value,
        "points": None if actor.store_ids else _points(months, value, now),
    }


def _points(months: int, value: int, now: datetime) -> dict[str, Any]:
    found = points.by_month(months, now=now)
    sales = sales_by_month(found.months[0].month)
    return {
        "outstanding": found.outstanding,
        "worth": found.outstanding * value,
        "held": found.held,
        "debt": found.debt,
        "expiring": found.expiring,
        "redeem_rate": points.share(found.spent, found.earned),
        "breakage_rate": points.share(found.expired, found.earned),
        "months": [_month(month, value, sales.get(month.month, 0)) for month in found.months],
    }


def _month(month: Month, value: int, sales: int) -> dict[str, Any]:
    return {
        "month": month.month.isoformat()[: len("2026-11")],
        "earned": month.earned,
        "spent": month.spent,
        "expired": month.expired,
        "outstanding": month.outstanding,
        "worth": month.outstanding * value,
        "sales": sales,
        "earn_rate": points.share(month.earned * value, sales),
        "redeem_rate": points.share(month.spent, month.earned),
        "breakage_rate": points.share(month.expired, month.earned),
    }
