"""Why one member is in an audience or not: the leaves that decide it, down to the tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from loyalty.audiences import composition, service
from loyalty.audiences.counting import path_of
from loyalty.audiences.language import Expression, Leaf, Way, from_document
from loyalty.audiences.rules import Composition, Holds, deciding, holds
from loyalty.core.db import connection, table_of
from loyalty.groups.models import GroupKind
from loyalty.tags import service as tags
from loyalty.tags.documents import from_document as rule_of
from loyalty.tags.models import Tag
from loyalty.tags.sentences import sentence

_tags = table_of(Tag)


def why(slug: str, member_id: int) -> dict[str, Any]:
    """`{in, because: [{path, tag or audience, in, since, why}]}`: each leaf that decides, and
    after an audience the leaves that decide within it. Of a tag `why` says the rule, or who
    put the member in, and `since` when the member came in; else they are None.

    Raises `unknown_audience` and `unknown_member`; a closed member is none.
    """
    expression = from_document(service.look(slug).expression)
    has = {tag["slug"]: tag for tag in tags.of_member(member_id)}
    made_of = composition.compose([Leaf(GroupKind.AUDIENCE, slug)])

    def is_in(leaf: Leaf) -> bool:
        if leaf.kind == GroupKind.TAG:
            return leaf.slug in has
        return holds(made_of.expressions[leaf], is_in)

    found = list(_all_deciding(expression, made_of, is_in))
    told = _rules_of({leaf.slug for _, leaf in found if leaf.kind == GroupKind.TAG} - has.keys())
    return {
        "in": holds(expression, is_in),
        "because": [
            {
                "path": path_of(way),
                str(leaf.kind): leaf.slug,
                "in": is_in(leaf),
                **_reason(leaf, has | told),
            }
            for way, leaf in found
        ],
    }


def _all_deciding(
    expression: Expression, made_of: Composition, is_in: Holds, above: Way = ()
) -> Iterator[tuple[Way, Leaf]]:
    for way, leaf in deciding(expression, is_in, above):
        yield way, leaf
        if leaf.kind == GroupKind.AUDIENCE:
            within = made_of.expressions[leaf]
            yield from _all_deciding(within, made_of, is_in, (*way, "audience"))


def _reason(leaf: Leaf, told: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    tag = told[leaf.slug] if leaf.kind == GroupKind.TAG else {"since": None, "why": None}
    return {"since": tag["since"], "why": tag["why"]}


def _rules_of(slugs: set[str]) -> dict[str, dict[str, Any]]:
    """What one would have to be to be in these tags; None where people decide."""
    rows = connection().execute(select(_tags.c.slug, _tags.c.rule).where(_tags.c.slug.in_(slugs)))
    return {
        slug: {"since": None, "why": sentence(rule_of(rule)) if rule else None}
        for slug, rule in rows
    }
