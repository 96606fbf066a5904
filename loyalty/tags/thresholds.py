"""The numbers of a rule that a person may set without building the rule anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.members.attributes import declared
from loyalty.tags.describing import word_for
from loyalty.tags.documents import Document
from loyalty.tags.fields import FIELDS, Kind, kind_of_aggregate
from loyalty.tags.language import (
    THIS_MONTH,
    Ago,
    AllOf,
    AnyOf,
    FieldTest,
    Last,
    NotRule,
    Op,
    PurchaseTest,
    Rule,
    Unit,
    Value,
)
from loyalty.tags.sentences import sentence
from loyalty.tags.windows import BIRTHDAY_DAYS, LONGEST

Path = tuple[str | int, ...]
"""Where a number stands in the rule's document: `("all", 0, "value")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One number of one leaf. `sentence` is of the whole leaf, `label` says which number of it
    this is; money is in minor units; of a length of time `unit` is what it counts."""

    path: Path
    sentence: str
    label: str
    kind: Kind
    value: int | float
    unit: Unit | None = None
    most: int | None = None


def thresholds(rule: Rule) -> list[Threshold]:
    """In the order of the sentence. Lists of `in` and dates are not among them, nor what
    `where` compares with."""
    known = declared()
    return [
        Threshold(path=path, sentence=sentence(leaf, attributes=known), **about)
        for path, leaf in _leaves(rule)
        for path, about in _numbers_of(path, leaf)
    ]


def with_thresholds(document: Mapping[str, Any], values: Mapping[Path, int | float]) -> Document:
    """A copy with other numbers at paths of its `thresholds`; not checked yet."""
    changed = deepcopy(dict(document))
    for path, value in values.items():
        node: Any = changed
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value
    return changed


def _leaves(rule: Rule, path: Path = ()) -> Iterator[tuple[Path, FieldTest | PurchaseTest]]:
    match rule:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            key = "all" if isinstance(rule, AllOf) else "any"
            for place, part in enumerate(parts):
                yield from _leaves(part, (*path, key, place))
        case NotRule(part=part):
            yield from _leaves(part, (*path, "not"))
        case FieldTest() | PurchaseTest():
            yield path, rule


_Numbers = Iterator[tuple[Path, dict[str, Any]]]


def _numbers_of(path: Path, leaf: FieldTest | PurchaseTest) -> _Numbers:
    if isinstance(leaf, FieldTest):
        kind = FIELDS[leaf.field].kind if leaf.field in FIELDS else Kind.NUMBER
        yield from _of_value((*path, "value"), leaf.op, kind, leaf.value)
        return
    path = (*path, "purchases")
    kind = kind_of_aggregate(leaf.agg, leaf.of)
    yield from _of_value((*path, "value"), leaf.op, kind, leaf.value)
    if isinstance(leaf.within, Last):
        unit = leaf.within.unit
        yield (*path, "within", "last"), _length(_LAST[unit], leaf.within.n, unit, LONGEST[unit])


def _of_value(path: Path, op: Op, kind: Kind, value: Value) -> _Numbers:
    if op is Op.BIRTHDAY_WITHIN and value != THIS_MONTH:
        yield path, _length(_AHEAD, value, Unit.DAY, BIRTHDAY_DAYS)
    elif op is Op.BETWEEN and isinstance(value, tuple):
        for place, each in enumerate(value):
            yield from _one((*path, place), _ENDS[place], kind, each)
    elif op is not Op.IN:
        yield from _one(path, word_for(op, kind), kind, value)


def _one(path: Path, label: Any, kind: Kind, value: Any) -> _Numbers:
    if isinstance(value, Ago):
        yield (*path, "ago"), _length(_AGO[value.unit], value.n, value.unit, LONGEST[value.unit])
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, {"label": str(label), "kind": kind, "value": value}


def _length(label: Any, n: Any, unit: Unit, most: int) -> dict[str, Any]:
    return {"label": str(label), "kind": Kind.NUMBER, "value": n, "unit": unit, "most": most}


_ENDS = (_l("from"), _l("to"))
_AHEAD = _l("within … days")
_LAST: Mapping[Unit, Any] = {
    Unit.DAY: _l("in the last … days"),
    Unit.WEEK: _l("in the last … weeks"),
    Unit.MONTH: _l("in the last … months"),
    Unit.YEAR: _l("in the last … years"),
}
_AGO: Mapping[Unit, Any] = {
    Unit.DAY: _l("… days ago"),
    Unit.WEEK: _l("… weeks ago"),
    Unit.MONTH: _l("… months ago"),
    Unit.YEAR: _l("… years ago"),
}
