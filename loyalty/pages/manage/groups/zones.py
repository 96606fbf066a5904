"""A customer group as three zones: has all of these, and at least one of these, without any of
these. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from loyalty.audiences.language import AllOf, AnyOf, Expression, Leaf, NotIn

ALL, ANY, NONE = "all", "any", "none"
NAMES = (ALL, ANY, NONE)


@dataclass(frozen=True, kw_only=True)
class Zones:
    """The groups that stand in each zone, in the order in which they were put there."""

    all: tuple[Leaf, ...] = ()
    any: tuple[Leaf, ...] = ()
    none: tuple[Leaf, ...] = ()

    def of(self, name: str) -> tuple[Leaf, ...]:
        by_name: Mapping[str, tuple[Leaf, ...]] = {
            ALL: self.all,
            ANY: self.any,
            NONE: self.none,
        }
        return by_name[name]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return (*self.all, *self.any, *self.none)

    def put(self, leaf: Leaf, into: str) -> Zones:
        """It stands in one zone alone: put into another one, it leaves the first."""
        if leaf in self.of(into):
            return self
        left = self.without(leaf)
        return replace(left, **{into: (*left.of(into), leaf)})

    def without(self, leaf: Leaf) -> Zones:
        kept = {name: tuple(each for each in self.of(name) if each != leaf) for name in NAMES}
        return Zones(**kept)


NOTHING = Zones()


def expression_of(zones: Zones) -> Expression | None:
    """As it is kept; None of empty zones."""
    parts: list[Expression] = [*zones.all]
    if zones.any:
        parts.append(_one_of(zones.any))
    if zones.none:
        parts.append(NotIn(_one_of(zones.none)))
    if len(parts) < 2:
        return parts[0] if parts else None
    return AllOf(tuple(parts))


def _one_of(leaves: tuple[Leaf, ...]) -> Expression:
    return leaves[0] if len(leaves) == 1 else AnyOf(leaves)


def steps_of(zones: Zones) -> dict[str, Expression]:
    """Of each zone that holds something, what is left after it and those above it."""
    steps: dict[str, Expression] = {}
    left: Expression | None = None
    for name, own in (
        (ALL, AllOf(zones.all)),
        (ANY, AnyOf(zones.any)),
        (NONE, NotIn(AnyOf(zones.none))),
    ):
        if zones.of(name):
            left = own if left is None else AllOf((left, own))
            steps[name] = left
    return steps


def zones_of(expression: Expression) -> Zones | None:
    """None of an expression that is more than three zones can show."""
    parts = expression.parts if isinstance(expression, AllOf) else (expression,)
    zones = NOTHING
    for part in parts:
        match part:
            case Leaf():
                zones = replace(zones, all=_added(zones.all, (part,)))
            case AnyOf(leaves) if not zones.any and _are_leaves(leaves):
                zones = replace(zones, any=_added((), leaves))
            case NotIn(Leaf() as leaf):
                zones = replace(zones, none=_added(zones.none, (leaf,)))
            case NotIn(AnyOf(leaves)) if _are_leaves(leaves):
                zones = replace(zones, none=_added(zones.none, leaves))
            case _:
                return None
    return zones


def _are_leaves(parts: tuple[Expression, ...]) -> bool:
    return all(isinstance(part, Leaf) for part in parts)


def _added(there: tuple[Leaf, ...], more: tuple[Expression, ...]) -> tuple[Leaf, ...]:
    """Each once."""
    leaves = (part for part in more if isinstance(part, Leaf))
    return tuple(dict.fromkeys((*there, *leaves)))
