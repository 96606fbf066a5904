"""Exact counts of now: the chunks of all groups that are asked for come out of one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from loyalty.audiences import composition
from loyalty.audiences.language import Expression, Leaf, Way, leaves, to_document, walk
from loyalty.audiences.reading import read_expression
from loyalty.audiences.rules import Composition, Standing, regions
from loyalty.groups import service as groups
from loyalty.groups.models import GroupKind
from loyalty.groups.rules import NOBODY, count


def standing(made_of: Composition, *, others: Collection[int] = ()) -> Standing:
    """How the tags stand that something is made of; `others` are groups to read with them."""
    tags = [group_id for leaf, group_id in made_of.groups.items() if leaf.kind == GroupKind.TAG]
    by_group, active = groups.read_with_active([*tags, *others])
    return Standing(made_of=made_of, by_group=by_group, active=active)


def counts(expressions: Sequence[Expression]) -> list[int]:
    """How many are in each."""
    made_of = composition.compose(leaf for each in expressions for _, leaf in leaves(each))
    now = standing(made_of)
    return [count(now.of(expression)) for expression in expressions]


def preview(document: Any, *, overlap: Sequence[Leaf] = ()) -> dict[str, Any]:
    """What an expression, as JSON holds it, comes to: `{count, active, nodes: [{path, count}],
    reachable: {channel: count}, overlap: [{in: [leaf], out: [leaf], count}]}`. A path reads
    like `all.0.not`, the whole is the empty one; `overlap` says of the groups asked for how
    many are in these and in no other of them.

    Raises `invalid_request` and `unknown_group`.
    """
    expression = read_expression(document)
    made_of = composition.compose_known(expression, overlap)
    now = standing(made_of, others=groups.REACH.values())
    sizes, reached = _sizes(expression, now)
    nodes = zip(walk(expression), sizes, strict=True)
    return {
        "count": sizes[0],
        "active": count(now.active),
        "nodes": [{"path": path_of(way), "count": size} for (way, _), size in nodes],
        "reachable": reached,
        "overlap": _overlap(overlap, now),
    }


def _sizes(expression: Expression, now: Standing) -> tuple[list[int], dict[str, int]]:
    """Of each node in the order of `walk`, and of those of the whole whom a channel reaches."""
    sizes = [0 for _ in walk(expression)]
    reached = dict.fromkeys(groups.REACH, 0)
    for chunk, found in now.nodes_of(expression):
        sizes = [size + len(members) for size, members in zip(sizes, found, strict=True)]
        for channel, group_id in groups.REACH.items():
            reachable = now.by_group[group_id].get(chunk, NOBODY)
            reached[channel] += found[0].intersection_cardinality(reachable)
    return sizes, reached


def path_of(way: Way) -> str:
    return ".".join(map(str, way))


def _overlap(chosen: Sequence[Leaf], now: Standing) -> list[dict[str, Any]]:
    """Of every choice of the groups but that of none."""
    sizes = [0] * 2 ** len(chosen)
    groups_chosen = [now.in_chunk(leaf) for leaf in chosen]
    for chunk, everybody in now.active.items():
        parts = regions([is_in(chunk, everybody) for is_in in groups_chosen], everybody)
        sizes = [size + len(part) for size, part in zip(sizes, parts, strict=True)]
    return [_region(chosen, place, size) for place, size in enumerate(sizes) if place]


def _region(chosen: Sequence[Leaf], place: int, size: int) -> dict[str, Any]:
    within: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for number, leaf in enumerate(chosen):
        within[bool(place >> number & 1)].append(to_document(leaf))
    return {"in": within[True], "out": within[False], "count": size}
