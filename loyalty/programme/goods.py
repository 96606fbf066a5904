"""What goods bring by a rule, exactly: nothing is rounded here. No database here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from loyalty.core.limits import POINTS
from loyalty.programme.conditions import Conditions, Per, SpecialRule, Terms
from loyalty.programme.rules import EarningRuleView

Parts = int | Fraction
"""Of a point, as `Applied` counts them."""


class Line(NamedTuple):
    """Goods on a receipt, or what is kept of them; the amount in minor units."""

    sku: str | None
    category: str | None
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a receipt. Where the lines add up to more than the amount, the rest came
    back without goods named. A line of which nothing is kept may be left out."""

    amount: int
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """The basic rule, or a special one beside it.

    Points are counted in parts, `point` of which are one point, so that sums stay whole: a
    fraction of a part comes only of goods that came back in part without being named.
    """

    rule: EarningRuleView
    special: SpecialRule | None

    @classmethod
    def at(cls, rule: EarningRuleView, place: int | None) -> Applied:
        return cls(rule, None if place is None else rule.beside.rules[place])

    @property
    def _unit(self) -> int:
        return self.rule.per_amount * (self.special.per_amount if self.special else 1)

    @property
    def point(self) -> int:
        """The percents of tiers and promotions divide a unit once more."""
        return self._unit * 100

    def whole(self, parts: Parts) -> int:
        """Rounded down, once per receipt; none earns more than a ledger can add up."""
        return min(int(parts // self.point), POINTS)

    def exactly(self, kept: Kept) -> Fraction:
        return Fraction(self.by_rule(kept)) / self._unit

    def by_rule(self, kept: Kept) -> Parts:
        """In parts of a percent. Where the special rule holds no longer, it is worth no more than
        the basic one."""
        if not base_of(self.rule, kept):
            return 0
        special = self.special
        if special is None:
            return _of_goods(kept, self._basic)
        points = (
            special.points * self._unit
            if special.per is Per.VISIT
            else _of_goods(kept, self._of_line)
        )
        if still_holds(special.when, self.rule, kept):
            return points
        return min(points, _of_goods(kept, self._basic))

    def by_promotion(self, terms: Terms, kept: Kept) -> Parts:
        """Points of its own, or so many times what the rule gives for the goods it is about: the
        tier does not multiply them again."""
        if not base_of(self.rule, kept) or not still_holds(terms.when, self.rule, kept):
            return 0
        if terms.points:
            return terms.points * self.point
        more = terms.times_percent - 100
        if not terms.when.goods:
            return more * self.by_rule(kept)

        def of_line(line: Line) -> int:
            return self._of_line(line) if terms.when.about(line.sku, line.category) else 0

        return more * _of_goods(kept, of_line)

    def _of_line(self, line: Line) -> int:
        """By the special rule where it is about these goods, else by the basic one."""
        special = self.special
        if special is None or special.per is Per.VISIT:
            return self._basic(line)
        if not special.when.about(line.sku, line.category):
            return self._basic(line)
        if not self.rule.beside.earns(line.sku, line.category):
            return 0
        if special.per is Per.ITEM:
            return line.quantity * special.points * self._unit
        return line.amount * special.points * self.rule.per_amount

    def _basic(self, line: Line) -> int:
        if not self.rule.beside.earns(line.sku, line.category):
            return 0
        return line.amount * self.rule.points * (self._unit // self.rule.per_amount)


def still_holds(when: Conditions, rule: EarningRuleView, kept: Kept) -> bool:
    """What a return may end: enough is kept, and some of the goods that are named."""
    if when.goods and not any(when.about(line.sku, line.category) for line in kept.lines):
        return False
    return not when.min_amount or base_of(rule, kept) >= when.min_amount


def _of_goods(kept: Kept, of_line: Callable[[Line], int]) -> Parts:
    """The parts of all lines, less those of what came back without goods named: it is taken from
    the goods that bring the least."""
    lines = _lines(kept)
    parts: Parts = sum(map(of_line, lines))
    unnamed = sum(line.amount for line in lines) - kept.amount
    if unnamed <= 0:
        return parts
    paid = [(Fraction(of_line(line), line.amount), line.amount) for line in lines if line.amount]
    for rate, amount in sorted(paid):
        gone = min(unnamed, amount)
        parts -= rate * gone
        unnamed -= gone
    return parts


def base_of(rule: EarningRuleView, kept: Kept) -> int:
    """What is paid and kept for goods that earn."""
    if not rule.beside.never:
        return kept.amount
    earns = rule.beside.earns
    earning = sum(line.amount for line in _lines(kept) if earns(line.sku, line.category))
    return min(earning, kept.amount)


def _lines(kept: Kept) -> Sequence[Line]:
    """A receipt without lines is one of goods that nobody named."""
    return kept.lines or (Line(sku=None, category=None, quantity=0, amount=kept.amount),)
