"""How a condition can compare, in the words of a form: fewer ways than the language has, each
with what has to be filled in. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.tags.fields import Kind
from loyalty.tags.language import THIS_MONTH, Ago, Op, Value


class Takes(StrEnum):
    """What is filled in behind a way."""

    NOTHING = "nothing"
    ONE = "one"
    TWO = "two"
    SPAN = "span"
    """A number, and whether of days, weeks, months or years."""
    DAYS = "days"


@dataclass(frozen=True, kw_only=True)
class Way:
    """`value` is what it compares with where nothing is filled in; `denies`: it holds where the
    test does not."""

    name: str
    label: Any
    op: Op
    takes: Takes = Takes.ONE
    value: Value = None
    denies: bool = False

    def fits(self, op: Op, value: Value) -> bool:
        """Whether a test with these is this way."""
        return op is self.op and self._takes(value)

    def _takes(self, value: Value) -> bool:
        match self.takes:
            case Takes.NOTHING:
                return value == self.value
            case Takes.TWO:
                return isinstance(value, tuple) and not any(isinstance(v, Ago) for v in value)
            case Takes.SPAN:
                return isinstance(value, Ago)
            case Takes.DAYS:
                return isinstance(value, int)
            case Takes.ONE:
                return not isinstance(value, tuple | Ago)


def _way(name: str, label: Any, op: Op, takes: Takes = Takes.ONE, **more: Any) -> Way:
    return Way(name=name, label=label, op=op, takes=takes, **more)


IS = _way("is", _l("is"), Op.EQ)
IS_NOT = _way("is_not", _l("is not"), Op.NE)
INCLUDES = _way("includes", _l("include"), Op.CONTAINS)
CONTAINS = _way("contains", _l("contains"), Op.CONTAINS)
AT_LEAST = _way("at_least", _l("at least"), Op.GE)
AT_MOST = _way("at_most", _l("at most"), Op.LE)
EXACTLY = _way("exactly", _l("exactly"), Op.EQ)
BETWEEN = _way("between", _l("between"), Op.BETWEEN, Takes.TWO)
YES = _way("yes", _l("yes"), Op.EQ, Takes.NOTHING, value=True)
NO = _way("no", _l("no"), Op.EQ, Takes.NOTHING, value=False)
WITHIN = _way("within", _l("in the last"), Op.GE, Takes.SPAN)
LONGER_AGO = _way("longer_ago", _l("longer ago than"), Op.LT, Takes.SPAN)
SINCE = _way("since", _l("on or after the day"), Op.GE)
BEFORE = _way("before", _l("before the day"), Op.LT)
BIRTHDAY = _way("birthday", _l("has a birthday within days"), Op.BIRTHDAY_WITHIN, Takes.DAYS)
BIRTHDAY_MONTH = _way(
    "birthday_month",
    _l("has a birthday this month"),
    Op.BIRTHDAY_WITHIN,
    Takes.NOTHING,
    value=THIS_MONTH,
)
KNOWN = _way("known", _l("is known"), Op.MISSING, Takes.NOTHING, denies=True)
UNKNOWN = _way("unknown", _l("is not known"), Op.MISSING, Takes.NOTHING)

_NUMBERS = (AT_LEAST, AT_MOST, EXACTLY, BETWEEN)
WAYS: Mapping[Kind, tuple[Way, ...]] = {
    Kind.TEXT: (IS, IS_NOT, CONTAINS, KNOWN, UNKNOWN),
    Kind.CHOICE: (IS, IS_NOT, KNOWN, UNKNOWN),
    Kind.CHOICES: (INCLUDES, KNOWN, UNKNOWN),
    Kind.NUMBER: (*_NUMBERS, KNOWN, UNKNOWN),
    Kind.MONEY: (*_NUMBERS, KNOWN, UNKNOWN),
    Kind.POINTS: _NUMBERS,
    Kind.BOOL: (YES, NO, UNKNOWN),
    Kind.DATE: (SINCE, BEFORE, KNOWN, UNKNOWN),
    Kind.TIME: (WITHIN, LONGER_AGO, SINCE, BEFORE, KNOWN, UNKNOWN),
}
OF_BIRTH_DATE = (BIRTHDAY_MONTH, BIRTHDAY, *WAYS[Kind.DATE])
OF_PURCHASES = _NUMBERS
