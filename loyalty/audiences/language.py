"""The audience language as plain values: an expression is a tree over groups. No database here.

Its leaves name tags and other audiences by their slugs; `AllOf`, `AnyOf` and `NotIn` put them
together. Source: design, The two languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loyalty.groups.models import GroupKind

Way = tuple[str | int, ...]
"""Where a node stands in the document: `("all", 0, "not")`; the whole is `()`."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tag or an audience."""

    kind: GroupKind
    slug: str


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NotIn:
    """Every active member that is not in `part`."""

    part: Expression


Expression = Leaf | AllOf | AnyOf | NotIn


def walk(expression: Expression, way: Way = ()) -> Iterator[tuple[Way, Expression]]:
    """Every node with its way, a node before its parts."""
    yield way, expression
    for step, part in steps(expression):
        yield from walk(part, (*way, *step))


def steps(expression: Expression) -> Iterator[tuple[Way, Expression]]:
    """The parts of a node, and how one gets to each."""
    match expression:
        case AllOf(parts):
            yield from ((("all", place), part) for place, part in enumerate(parts))
        case AnyOf(parts):
            yield from ((("any", place), part) for place, part in enumerate(parts))
        case NotIn(part):
            yield ("not",), part


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case AllOf(parts) | AnyOf(parts):
            return parts
        case NotIn(part):
            return (part,)
        case _:
            return ()


def leaves(expression: Expression) -> Iterator[tuple[Way, Leaf]]:
    return ((way, node) for way, node in walk(expression) if isinstance(node, Leaf))


def to_document(expression: Expression) -> dict[str, Any]:
    """As it is stored and shown."""
    match expression:
        case Leaf(kind, slug):
            return {str(kind): slug}
        case AllOf(parts):
            return {"all": [to_document(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [to_document(part) for part in parts]}
        case NotIn(part):
            return {"not": to_document(part)}


def from_document(document: dict[str, Any]) -> Expression:
    """Of a document that was checked before it was stored."""
    [(key, value)] = document.items()
    if key == "not":
        return NotIn(from_document(value))
    if key in ("all", "any"):
        parts = tuple(from_document(part) for part in value)
        return AllOf(parts) if key == "all" else AnyOf(parts)
    return Leaf(GroupKind(key), value)
