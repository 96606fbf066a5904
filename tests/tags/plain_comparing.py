"""Values of members against values of rules, in plain Python: part of `plain`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

from loyalty.tags.language import THIS_MONTH, Ago, Op
from loyalty.tags.surroundings import Surroundings


def compares(have: Any, op: Op, want: Any, around: Surroundings) -> bool:
    if have is None or have == []:
        return op is Op.MISSING
    match op:
        case Op.MISSING:
            return False
        case Op.IN:
            return any(each in want for each in (have if isinstance(have, list) else [have]))
        case Op.CONTAINS:
            return want in have
        case Op.BETWEEN:
            return _order(have, want[0], around) >= 0 and _order(have, want[1], around) <= 0
        case _:
            return _SIGNS[op](_order(have, want, around))


_SIGNS: dict[Op, Callable[[int], bool]] = {
    Op.EQ: lambda sign: sign == 0,
    Op.NE: lambda sign: sign != 0,
    Op.LT: lambda sign: sign < 0,
    Op.LE: lambda sign: sign <= 0,
    Op.GT: lambda sign: sign > 0,
    Op.GE: lambda sign: sign >= 0,
}


def _order(have: Any, want: Any, around: Surroundings) -> int:
    """-1, 0 or 1. A moment beside a plain day is the local day that it falls on."""
    if isinstance(want, Ago):
        ago = before(around, want.n, want.unit)
        want = ago if isinstance(have, datetime) else ago.astimezone(around.zone).date()
    if isinstance(have, datetime) and not isinstance(want, datetime):
        have = have.astimezone(around.zone).date()
    return (have > want) - (have < want)


def before(around: Surroundings, n: int, unit: str) -> datetime:
    local = around.as_of.astimezone(around.zone)
    earlier = local.replace(tzinfo=None) - relativedelta(**{f"{unit}s": n})
    return earlier.replace(tzinfo=around.zone).astimezone(UTC)


def has_birthday(born: date | None, within: Any, today: date) -> bool:
    if born is None:
        return False
    if within == THIS_MONTH:
        return born.month == today.month
    ahead = (today + timedelta(days=n) for n in range(within + 1))
    return any(born + relativedelta(years=day.year - born.year) == day for day in ahead)
