"""Expressions as they come in: JSON that anybody may have written -> `Expression`."""

from __future__ import annotations

from typing import Any

from loyalty.audiences.language import AllOf, AnyOf, Expression, Leaf, NotIn
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import RULE_DEPTH, RULE_NODES
from loyalty.core.slugs import is_slug
from loyalty.groups.models import GroupKind

KEYS = ("all", "any", "not", "tag", "audience")


def read_expression(document: Any) -> Expression:
    """Raises `invalid_request` with every error at its node, under the field `expression`."""
    try:
        return _Reader().node(document, depth=1)
    except _NotSo as why:
        raise Problem(Code.INVALID_REQUEST, errors={"expression": why.errors}) from None


class _NotSo(Exception):
    """What is wrong with a node: sentences, or those of its parts by where they stand."""

    def __init__(self, errors: Any) -> None:
        super().__init__()
        self.errors = errors


class _Reader:
    """Reads one document; `nodes` counts those met so far."""

    def __init__(self) -> None:
        self.nodes = 0

    def node(self, document: Any, *, depth: int) -> Expression:
        self.nodes += 1
        if self.nodes > RULE_NODES:
            raise _NotSo([f"Too many parts: {RULE_NODES} at most."])
        if depth > RULE_DEPTH:
            raise _NotSo([f"Nested too deep: {RULE_DEPTH} levels at most."])
        if not isinstance(document, dict) or len(document) != 1 or not document.keys() <= {*KEYS}:
            raise _NotSo([f"Must be an object with one of: {', '.join(KEYS)}."])
        [(key, value)] = document.items()
        try:
            return self._read(key, value, depth)
        except _NotSo as why:
            raise _NotSo({key: why.errors}) from None

    def _read(self, key: str, value: Any, depth: int) -> Expression:
        match key:
            case "all":
                return AllOf(self._parts(value, depth))
            case "any":
                return AnyOf(self._parts(value, depth))
            case "not":
                return NotIn(self.node(value, depth=depth + 1))
            case _:
                return Leaf(GroupKind(key), _slug(value))

    def _parts(self, documents: Any, depth: int) -> tuple[Expression, ...]:
        if not isinstance(documents, list) or not documents:
            raise _NotSo(["Must be a list of at least one part."])
        parts, errors = [], {}
        for place, document in enumerate(documents):
            try:
                parts.append(self.node(document, depth=depth + 1))
            except _NotSo as why:
                errors[place] = why.errors
            if self.nodes > RULE_NODES:
                break
        if errors:
            raise _NotSo(errors)
        return tuple(parts)


def _slug(value: Any) -> str:
    if not isinstance(value, str) or not is_slug(value):
        raise _NotSo(["Must be the slug of a tag or of a customer group."])
    return value
