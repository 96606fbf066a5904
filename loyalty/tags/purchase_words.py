"""What a test of purchases says, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

from loyalty.tags import phrases, written
from loyalty.tags.fields import CONDITION_FIELDS, Kind, kind_of_aggregate
from loyalty.tags.language import Agg, Condition, Last, Of, Op, Period, PurchaseTest
from loyalty.tags.written import NONE, any_named, either, how, moment, say, span, when


def told_purchases(test: PurchaseTest) -> str:
    parts = [_aggregate(test)]
    if test.within is not None:
        parts.append(_window(test.within))
    parts.extend(told_condition(condition) for condition in test.where)
    return " ".join(parts)


def _aggregate(test: PurchaseTest) -> str:
    if test.op is Op.MISSING:
        return say(phrases.NO_QUANTITY if test.of is Of.QUANTITY else phrases.NO_PURCHASE)
    if test.agg is Agg.COUNT and (test.op, test.value) in NONE:
        return say(phrases.NO_PURCHASE)
    phrase = phrases.PURCHASES[test.agg, test.of]
    if kind_of_aggregate(test.agg, test.of) is Kind.TIME:
        return say(phrase, when=when(test.op, test.value))
    return say(phrase, how=how(test.of, test.op, test.value))


def _window(within: Last | Period) -> str:
    match within:
        case Last(n=n, unit=unit):
            return say(phrases.IN_THE_LAST, span=span(n, unit))
        case Period(since=None, until=until):
            return say(phrases.UNTIL, value=_last_of(until))
        case Period(since=since, until=None):
            return say(phrases.SINCE, value=moment(cast(date, since)))
        case Period(since=since, until=until):
            return say(
                phrases.WHEN[Op.BETWEEN], low=moment(cast(date, since)), high=_last_of(until)
            )


def _last_of(until: date | None) -> str:
    """A plain date is not within any more: people name the day before it."""
    end = cast(date, until)
    return moment(end if isinstance(end, datetime) else end - timedelta(days=1))


def told_condition(condition: Condition) -> str:
    if condition.field == "hour":
        runs = [written.hours(first, last) for first, last in _runs(_fitting(condition, range(24)))]
        return _at(phrases.IN_THE_HOURS, runs)
    if condition.field == "weekday":
        days = _fitting(condition, range(1, 8))
        return _at(phrases.ON_WEEKDAYS, [written.weekday(day) for day in days])
    is_it, is_another = phrases.CONDITIONS[condition.field]
    value = any_named(CONDITION_FIELDS[condition.field], condition.value)
    return say(is_another if condition.op is Op.NE else is_it, value=value)


def _at(phrase: Any, times: Sequence[str]) -> str:
    return say(phrase, value=either(times)) if times else say(phrases.AT_NO_TIME)


def _fitting(condition: Condition, numbers: range) -> list[int]:
    fits = _FITS[condition.op]
    return [each for each in numbers if fits(each, condition.value)]


_FITS: Mapping[Op, Callable[[int, Any], bool]] = {
    Op.EQ: lambda each, value: each == value,
    Op.NE: lambda each, value: each != value,
    Op.LT: lambda each, value: each < value,
    Op.LE: lambda each, value: each <= value,
    Op.GT: lambda each, value: each > value,
    Op.GE: lambda each, value: each >= value,
    Op.BETWEEN: lambda each, value: value[0] <= each <= value[1],
    Op.IN: lambda each, value: each in value,
}


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbours together: 1, 2, 3, 7 as (1, 3) and (7, 7)."""
    for each in numbers:
        if each - 1 not in numbers:
            last = each
            while last + 1 in numbers:
                last += 1
            yield each, last
