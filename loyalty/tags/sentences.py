"""A rule as a sentence in the language that is spoken: `spent at least 2,000,000 ₫ in the
last 90 days at S01`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from loyalty.members.attributes import declared
from loyalty.tags import phrases
from loyalty.tags.field_words import Attributes, told_field, told_known
from loyalty.tags.fields import ATTRIBUTE_PREFIX
from loyalty.tags.language import AllOf, AnyOf, FieldTest, NotRule, Op, PurchaseTest, Rule, leaves
from loyalty.tags.purchase_words import told_purchases
from loyalty.tags.written import say


def sentence(rule: Rule, *, attributes: Attributes | None = None) -> str:
    """Begins in lower case, without a full stop. `attributes` as `declared()` gives them spares
    who tells many rules a statement each; one that is gone is called by its name."""
    if attributes is None:
        attributes = declared() if _names_attributes(rule) else {}
    return _told(rule, attributes)


def _names_attributes(rule: Rule) -> bool:
    return any(
        isinstance(leaf, FieldTest) and leaf.field.startswith(ATTRIBUTE_PREFIX)
        for leaf in leaves(rule)
    )


def _told(rule: Rule, attributes: Attributes) -> str:
    match rule:
        case AllOf(parts=parts):
            return _joined(phrases.AND, [_part(AllOf, part, attributes) for part in parts])
        case AnyOf(parts=parts):
            return _joined(phrases.OR, [_part(AnyOf, part, attributes) for part in parts])
        case NotRule(part=FieldTest(op=Op.MISSING) as test):
            return told_known(test, attributes)
        case NotRule(part=part):
            return say(phrases.NOT, what=_told(part, attributes))
        case FieldTest():
            return told_field(rule, attributes)
        case PurchaseTest():
            return told_purchases(rule)


def _joined(phrase: Any, parts: Sequence[str]) -> str:
    return reduce(lambda first, last: say(phrase, first=first, last=last), parts)


def _part(outer: type[AllOf | AnyOf], part: Rule, attributes: Attributes) -> str:
    """In brackets where "and" stands within "or", or the other way round."""
    told = _told(part, attributes)
    mixes = isinstance(part, AllOf | AnyOf) and not isinstance(part, outer)
    return f"({told})" if mixes else told
