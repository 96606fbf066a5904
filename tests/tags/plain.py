"""Tag rules worked out in plain Python over rows read from the tables: slow, and written apart
from the compiler, so that the two can be held against each other."""

from __future__ import annotations

from loyalty.members.rules import fold
from loyalty.tags.language import AllOf, AnyOf, FieldTest, NotRule, Op, PurchaseTest, Rule
from loyalty.tags.surroundings import Surroundings
from tests.tags.plain_comparing import compares, has_birthday
from tests.tags.plain_values import Case, Shop, read_shop, total_of, value_of

__all__ = ["Shop", "members_by_hand", "read_shop"]


def members_by_hand(rule: Rule, around: Surroundings, shop: Shop) -> set[int]:
    return {member.id for member in shop.members if _fits(rule, Case(around, shop, member))}


def _fits(rule: Rule, case: Case) -> bool:
    match rule:
        case AllOf(parts=parts):
            return all(_fits(part, case) for part in parts)
        case AnyOf(parts=parts):
            return any(_fits(part, case) for part in parts)
        case NotRule(part=part):
            return not _fits(part, case)
        case PurchaseTest():
            return compares(total_of(rule, case), rule.op, rule.value, case.around)
        case FieldTest(op=Op.BIRTHDAY_WITHIN):
            return has_birthday(case.member.birth_date, rule.value, case.around.today)
        case FieldTest(field="name", op=Op.CONTAINS):
            return fold(str(rule.value)) in (case.member.name_folded or "")
        case FieldTest():
            return compares(value_of(rule.field, case), rule.op, rule.value, case.around)
