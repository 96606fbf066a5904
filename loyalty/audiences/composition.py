"""What audiences are made of: slugs looked up, and whether that can be an audience."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row, Select, bindparam, select

from loyalty.audiences.language import Expression, Leaf, Way, from_document, leaves
from loyalty.audiences.models import Audience, AudiencePart
from loyalty.audiences.rules import Composition, is_too_large, leaves_to
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import RULE_DEPTH, RULE_NODES
from loyalty.groups.models import GroupKind
from loyalty.tags.models import Tag

_audiences = table_of(Audience)
_parts = table_of(AudiencePart)
_tags = table_of(Tag)


# -- looking up --------------------------------------------------------------------


def _made_of() -> Select[Any]:
    """The groups of these slugs, and those that the audiences among them are made of."""
    tags = select(_tags.c.group_id).where(_tags.c.slug.in_(bindparam("tags", expanding=True)))
    audiences = select(_audiences.c.group_id).where(
        _audiences.c.slug.in_(bindparam("audiences", expanding=True))
    )
    named = tags.union(audiences).subquery("named")
    within = select(named.c.group_id).cte("within", recursive=True)
    within = within.union(
        select(_parts.c.group_id)
        .join(_audiences, _audiences.c.id == _parts.c.audience_id)
        .join(within, within.c.group_id == _audiences.c.group_id)
    )
    names = (_tags.c.slug.label("tag"), _audiences.c.slug.label("audience"))
    return (
        select(within.c.group_id, *names, _audiences.c.expression)
        .outerjoin(_tags, _tags.c.group_id == within.c.group_id)
        .outerjoin(_audiences, _audiences.c.group_id == within.c.group_id)
    )


def _made_from() -> Select[Any]:
    """The audiences that are made of a group, however deep it stands within."""
    above = (
        select(_parts.c.audience_id)
        .where(_parts.c.group_id == bindparam("group_id"))
        .cte("above", recursive=True)
    )
    above = above.union(
        select(_parts.c.audience_id)
        .join(_audiences, _audiences.c.group_id == _parts.c.group_id)
        .join(above, above.c.audience_id == _audiences.c.id)
    )
    return (
        select(_audiences.c.id, _audiences.c.slug)
        .join(above, above.c.audience_id == _audiences.c.id)
        .order_by(_audiences.c.id)
    )


_MADE_OF = _made_of()
_MADE_FROM = _made_from()


def compose(wanted: Iterable[Leaf]) -> Composition:
    """What these leaves stand for, and all that those are made of."""
    slugs: dict[GroupKind, set[str]] = {GroupKind.TAG: set(), GroupKind.AUDIENCE: set()}
    for leaf in wanted:
        slugs[leaf.kind].add(leaf.slug)
    asked = {f"{kind}s": sorted(of_kind) for kind, of_kind in slugs.items()}
    groups: dict[Leaf, int] = {}
    expressions: dict[Leaf, Expression] = {}
    for group_id, tag, audience, expression in connection().execute(_MADE_OF, asked):
        kind = GroupKind.AUDIENCE if tag is None else GroupKind.TAG
        leaf = Leaf(kind, tag or audience)
        groups[leaf] = group_id
        if kind == GroupKind.AUDIENCE:
            expressions[leaf] = from_document(expression)
    return Composition(groups=groups, expressions=expressions)


def made_from(group_id: int) -> Sequence[Row[Any]]:
    """The audiences (id, slug) that are made of this group, however deep it stands within."""
    return connection().execute(_MADE_FROM, {"group_id": group_id}).all()


# -- what an audience may be -------------------------------------------------------


def compose_known(expression: Expression, overlap: Sequence[Leaf] = ()) -> Composition:
    """As `compose`, of what somebody asked for. Raises `unknown_group` at the nodes that name
    none, and `invalid_request` for an expression too large with all that it is made of."""
    asked: list[tuple[Way, Leaf]] = [
        *((("expression", *way), leaf) for way, leaf in leaves(expression)),
        *((("overlap", place), leaf) for place, leaf in enumerate(overlap)),
    ]
    made_of = compose(leaf for _, leaf in asked)
    unknown = [(way, leaf) for way, leaf in asked if leaf not in made_of.groups]
    _refuse_at(unknown, Code.UNKNOWN_GROUP)
    if is_too_large(expression, made_of):
        raise _too_large(None)
    return made_of


def check_change(
    own: Leaf, expression: Expression, made_of: Composition, containing: Collection[Leaf]
) -> None:
    """Whether an audience may become this. `containing`: the audiences that are made of it,
    which grow with it. Raises `group_cycle` at the nodes that lead back to it, and
    `invalid_request` where one of those would be too large."""
    back = leaves_to(own, expression, made_of)
    _refuse_at([(("expression", *way), leaf) for way, leaf in back], Code.GROUP_CYCLE)
    theirs = compose(containing)
    changed = Composition(
        groups={**made_of.groups, **theirs.groups},
        expressions={**made_of.expressions, **theirs.expressions, own: expression},
    )
    for leaf in containing:
        if is_too_large(changed.expressions[leaf], changed):
            raise _too_large(leaf)


def _refuse_at(found: Sequence[tuple[Way, Leaf]], code: Code) -> None:
    """Errors stand where the leaves do: `{"expression": {"all": {0: {"tag": [...]}}}}`."""
    errors: dict[str, Any] = {}
    for way, leaf in found:
        inner: dict[Any, Any] = errors
        for step in way:
            inner = inner.setdefault(step, {})
        inner[str(leaf.kind)] = [Problem(code).detail]
    if errors:
        raise Problem(code, errors=errors)


def _too_large(containing: Leaf | None) -> Problem:
    most = {"parts": RULE_NODES, "levels": RULE_DEPTH}
    if containing is None:
        detail = gettext(
            "A customer group has at most %(parts)s parts on %(levels)s levels, those of the"
            " groups within it included.",
            **most,
        )
    else:
        detail = gettext(
            "The customer group %(slug)s is made of this one and would grow beyond %(parts)s"
            " parts or %(levels)s levels.",
            slug=containing.slug,
            **most,
        )
    return Problem(Code.INVALID_REQUEST, detail=detail, field="expression")
