"""What a receipt earns, and what is due of it once goods came back (semantics, Earning, Returns).

One rule applies, the best for the member, times the tier's multiplier, plus promotions. Every
step is exact; the sum is rounded down once per receipt. What is due on what is kept is worked out
the same way, by the same rule, tier and promotions: a figure of what is kept alone, so that any
order or split of returns ends the same. No database here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from loyalty.core.limits import POINTS
from loyalty.programme.conditions import Conditions
from loyalty.programme.goods import Applied, Kept, Line, base_of, still_holds
from loyalty.programme.rules import EarningRuleView, Programme, PromotionView, TierView

__all__ = [
    "Buyer",
    "Inputs",
    "Kept",
    "Line",
    "Sale",
    "Worked",
    "due_on",
    "running",
    "work_out",
    "work_out_again",
    "work_out_plain",
]

Inputs = dict[str, Any]
"""What an entry keeps of how its points were worked out, JSON-ready. `amount`: of the receipt, in
minor units, and only where they differ from the plain case `base`: of it, what was paid for goods
that earn; `rule`: the place (from 0) of the version's special rule that applied; `tier`:
`{slug, percent}`; `promotions`: `[{id, points, limit?}]`, what each brought, and the most that it
could where a cap or its budget held it back."""


NOTHING: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale(Kept):
    """A receipt, all of it kept: at a store (its code), `local` in the shop's zone."""

    store: str
    channel: str
    local: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """The tier that the member has, and those of the tags that rules ask for."""

    tier: TierView | None = None
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """`uses`: promotion id -> the points that it brought, part of `points`."""

    points: int
    inputs: Inputs
    uses: Mapping[int, int] = field(default_factory=lambda: NOTHING)


def work_out(
    programme: Programme,
    rule: EarningRuleView,
    sale: Sale,
    buyer: Buyer,
    *,
    room: Mapping[int, int] = NOTHING,
) -> Worked:
    """`room`: promotion id -> how many points it may still bring this member, where there is a
    limit."""
    promotions = running(programme, sale, buyer)
    if rule.special is None and not promotions:
        return work_out_plain(rule, sale.amount, buyer.tier)
    inputs = _inputs(sale.amount, buyer.tier)
    place = _best_place(rule, sale, buyer)
    inputs |= {} if place is None else {"rule": place}
    base = base_of(rule, sale)
    inputs |= {} if base == sale.amount else {"base": base}
    return _with_promotions(Applied.at(rule, place), inputs, promotions, sale, room)


def work_out_again(
    programme: Programme,
    *,
    rule_version: int,
    inputs: Inputs,
    kept: Kept,
    room: Mapping[int, int],
) -> Worked:
    """The same receipt (`kept`: all of it) by the same rule, tier and promotions, which bring no
    more than `room` (as in `work_out`) and than they could before."""
    used = inputs.get("promotions", ())
    limits = {each["id"]: each["limit"] for each in used if "limit" in each}
    both = {id_: min(limits.get(id_, left), left) for id_, left in room.items()}
    return _with_promotions(
        Applied.at(programme.rule(rule_version), inputs.get("rule")),
        {name: value for name, value in inputs.items() if name != "promotions"},
        [programme.promotion(each["id"]) for each in used],
        kept,
        {**limits, **both},
    )


def work_out_plain(rule: EarningRuleView, amount: int, tier: TierView | None) -> Worked:
    """By a rule that has nothing special, where no promotion runs: no goods need be looked at."""
    percent = tier.multiplier_percent if tier else 100
    points = amount * rule.points * percent // (rule.per_amount * 100)
    return Worked(points=min(points, POINTS), inputs=_inputs(amount, tier))


def _inputs(amount: int, tier: TierView | None) -> Inputs:
    if tier is None or tier.multiplier_percent == 100:
        return {"amount": amount}
    return {"amount": amount, "tier": {"slug": tier.slug, "percent": tier.multiplier_percent}}


def _percent(inputs: Mapping[str, Any]) -> int:
    percent: int = inputs["tier"]["percent"] if "tier" in inputs else 100
    return percent


def due_on(
    programme: Programme, *, rule_version: int, inputs: Mapping[str, Any], kept: Kept
) -> int:
    """The points due on what is kept of a receipt that earned by these `inputs`. Never more than
    on more of it, and 0 where nothing is kept that earns; all of it kept, what it earned.

    An amount that came back without goods named is taken from goods that do not earn first.
    """
    applied = Applied.at(programme.rule(rule_version), inputs.get("rule"))
    parts = applied.by_rule(kept) * _percent(inputs)
    for used in inputs.get("promotions", ()):
        more = applied.by_promotion(programme.promotion(used["id"]).read, kept)
        parts += min(more, used["limit"] * applied.point) if "limit" in used else more
    return applied.whole(parts)


# -- what applies --------------------------------------------------------------


def running(programme: Programme, sale: Sale, buyer: Buyer) -> list[PromotionView]:
    """The promotions of that time, place and buyer, by their ids."""
    return [
        promotion
        for promotion in programme.promotions
        if promotion.starts_at <= sale.local < promotion.ends_at
        and _meets(promotion.read.when, sale, buyer)
    ]


def _best_place(rule: EarningRuleView, sale: Sale, buyer: Buyer) -> int | None:
    """The special rule that brings the most; None where the basic one brings as much."""
    best, most = None, Applied(rule, None).exactly(sale)
    for place, special in enumerate(rule.beside.rules):
        if _meets(special.when, sale, buyer) and still_holds(special.when, rule, sale):
            points = Applied(rule, special).exactly(sale)
            if points > most:
                best, most = place, points
    return best


def _meets(when: Conditions, sale: Sale, buyer: Buyer) -> bool:
    """What a return changes nothing of: where, when and who."""
    tier = buyer.tier.slug if buyer.tier else None
    return (
        (not when.stores or sale.store in when.stores)
        and (not when.channels or sale.channel in when.channels)
        and (not when.weekdays or sale.local.isoweekday() in when.weekdays)
        and (when.hours is None or when.hours.holds(sale.local.hour))
        and (not when.tiers or tier in when.tiers)
        and (when.tag is None or when.tag in buyer.tags)
    )


def _with_promotions(
    applied: Applied,
    inputs: Inputs,
    promotions: Sequence[PromotionView],
    sale: Kept,
    room: Mapping[int, int],
) -> Worked:
    """One after another: what each brought is by how many whole points the sum grew with it, so
    that the parts add up to the points of the receipt."""
    parts = applied.by_rule(sale) * _percent(inputs)
    used: list[dict[str, Any]] = []
    for promotion in promotions:
        more = applied.by_promotion(promotion.read, sale)
        limit = _limit(promotion, room)
        held_back = {}
        if limit is not None and more > limit * applied.point:
            more, held_back = limit * applied.point, {"limit": limit}
        if more:
            brought = applied.whole(parts + more) - applied.whole(parts)
            used.append({"id": promotion.id, "points": brought, **held_back})
        parts += more
    if used:
        inputs["promotions"] = used
    uses = {each["id"]: each["points"] for each in used if each["points"]}
    return Worked(points=applied.whole(parts), inputs=inputs, uses=uses)


def _limit(promotion: PromotionView, room: Mapping[int, int]) -> int | None:
    limits = (promotion.read.cap_receipt, promotion.read.cap_member, room.get(promotion.id))
    return min((limit for limit in limits if limit is not None), default=None)
