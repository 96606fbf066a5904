"""Who may do what with customer groups, and who is in one: worked out chunk by chunk, so that
memory stays flat and chunks can be worked on apart. No database here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import and_, or_

from flask_babel import lazy_gettext as _l
from pyroaring import BitMap

from loyalty.audiences.language import (
    AllOf,
    AnyOf,
    Expression,
    Leaf,
    NotIn,
    Way,
    leaves,
    parts_of,
    steps,
)
from loyalty.core.access import Role, action
from loyalty.core.limits import RULE_DEPTH, RULE_NODES
from loyalty.groups.models import GroupKind
from loyalty.groups.rules import NOBODY, Chunks

VIEW = action(
    "audience.view",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("See customer groups and count them"),
    whole_shop=True,
)
CHANGE = action(
    "audience.change",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("Make, change and delete customer groups"),
    whole_shop=True,
)
EXPLAIN = action(
    "audience.why",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("See why one member is in a customer group or not"),
    whole_shop=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What leaves stand for: their groups, and of an audience its expression. The leaves of
    those expressions are among them; a leaf that names nothing is not."""

    groups: Mapping[Leaf, int]
    expressions: Mapping[Leaf, Expression]


# -- what an expression may be -----------------------------------------------------


def leaves_to(target: Leaf, expression: Expression, made_of: Composition) -> list[tuple[Way, Leaf]]:
    """The leaves that are `target`, or lead to it however deep."""
    seen: dict[Leaf, bool] = {target: True}

    def leads(leaf: Leaf) -> bool:
        if leaf not in seen:
            seen[leaf] = False
            within = made_of.expressions.get(leaf)
            seen[leaf] = within is not None and any(leads(inner) for _, inner in leaves(within))
        return seen[leaf]

    return [(way, leaf) for way, leaf in leaves(expression) if leads(leaf)]


def is_too_large(expression: Expression, made_of: Composition) -> bool:
    """Whether it has too many nodes or levels, those of the audiences within included."""
    depths = list(islice(_depths(expression, made_of, 1), RULE_NODES + 1))
    return len(depths) > RULE_NODES or max(depths) > RULE_DEPTH


def _depths(expression: Expression, made_of: Composition, depth: int) -> Iterator[int]:
    """How deep each node stands."""
    yield depth
    if isinstance(expression, Leaf) and expression in made_of.expressions:
        yield from _depths(made_of.expressions[expression], made_of, depth + 1)
    for part in parts_of(expression):
        yield from _depths(part, made_of, depth + 1)


# -- who is in ---------------------------------------------------------------------

InChunk = Callable[[int, BitMap], BitMap]
"""Of a chunk, and of the active members in it: who is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Groups as they stand at one moment: the chunks of each group, and the active members,
    who alone count."""

    made_of: Composition
    by_group: Mapping[int, Chunks]
    active: Chunks

    def of(self, expression: Expression) -> dict[int, BitMap]:
        """Who is in, as chunks."""
        is_in = self.in_chunk(expression)
        found = {chunk: is_in(chunk, everybody) for chunk, everybody in self.active.items()}
        return {chunk: members for chunk, members in found.items() if members}

    def nodes_of(self, expression: Expression) -> Iterator[tuple[int, list[BitMap]]]:
        """Of each chunk who is in each node, in the order of `walk`: the first is the whole.
        The list is the same one each time."""
        found: list[BitMap] = []
        fill = self._noted(expression, found)
        for chunk, everybody in self.active.items():
            fill(chunk, everybody)
            yield chunk, found

    def in_chunk(self, expression: Expression) -> InChunk:
        """Made once of an expression and run for each chunk: twice as fast as going through
        the tree for each."""
        return self._worked_out(expression, [])

    def _noted(self, expression: Expression, found: list[BitMap]) -> InChunk:
        """As `in_chunk`; it also notes in `found` who is in each node."""
        place = len(found)
        found.append(NOBODY)
        is_in = self._worked_out(expression, found)

        def note(chunk: int, everybody: BitMap) -> BitMap:
            members = found[place] = is_in(chunk, everybody)
            return members

        return note

    def _worked_out(self, expression: Expression, found: list[BitMap]) -> InChunk:
        if isinstance(expression, Leaf):
            return self._in_leaf(expression)
        parts = [self._noted(part, found) for part in parts_of(expression)]
        if isinstance(expression, NotIn):
            [part] = parts
            return lambda chunk, everybody: everybody - part(chunk, everybody)
        put_together = and_ if isinstance(expression, AllOf) else or_
        return lambda chunk, everybody: reduce(
            put_together, [part(chunk, everybody) for part in parts]
        )

    def _in_leaf(self, leaf: Leaf) -> InChunk:
        if leaf.kind == GroupKind.AUDIENCE:
            return self.in_chunk(self.made_of.expressions[leaf])
        chunks = self.by_group[self.made_of.groups[leaf]]
        return lambda chunk, everybody: chunks.get(chunk, NOBODY) & everybody


# -- overlap -----------------------------------------------------------------------


def regions(groups: Sequence[BitMap], everybody: BitMap) -> list[BitMap]:
    """How groups overlap: of every choice of them, who is in these and in no other. The place
    in the list says which: bit n of it is set for being in group n; place 0 is none of them."""
    found = [everybody]
    for group in groups:
        found = [part - group for part in found] + [part & group for part in found]
    return found


# -- why ---------------------------------------------------------------------------

Holds = Callable[[Leaf], bool]


def holds(expression: Expression, in_leaf: Holds) -> bool:
    """Whether one member is in, by which leaves the member is in."""
    match expression:
        case Leaf():
            return in_leaf(expression)
        case AllOf(parts):
            return all(holds(part, in_leaf) for part in parts)
        case AnyOf(parts):
            return any(holds(part, in_leaf) for part in parts)
        case NotIn(part):
            return not holds(part, in_leaf)


def deciding(expression: Expression, in_leaf: Holds, way: Way = ()) -> Iterator[tuple[Way, Leaf]]:
    """The leaves because of which a member is in or out: of `all` that fails those parts that
    fail, of `any` that holds those that hold, else every part."""
    if isinstance(expression, Leaf):
        yield way, expression
        return
    held = holds(expression, in_leaf)
    one_is_enough = isinstance(expression, AnyOf if held else AllOf)
    for step, part in steps(expression):
        if not one_is_enough or holds(part, in_leaf) == held:
            yield from deciding(part, in_leaf, (*way, *step))
