"""Audiences: make, change and delete them, and see them with their exact count of now."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row, bindparam, func, insert, select, update

from loyalty.audiences import composition
from loyalty.audiences.counting import counts, preview
from loyalty.audiences.language import Expression, Leaf, from_document, leaves, to_document
from loyalty.audiences.models import Audience, AudiencePart
from loyalty.audiences.reading import read_expression
from loyalty.audiences.rules import CHANGE, Composition
from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import LostRace, connection, lock_name, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import AUDIENCES, PAGE_ROWS
from loyalty.core.slugs import slug_of
from loyalty.groups import service as groups
from loyalty.groups.models import Group, GroupKind
from loyalty.members.rules import fold

__all__ = ["change", "create", "delete", "get", "hold", "look", "page", "preview"]

TAKEN = ("new", "preview")
"""What stands where a slug would, in addresses."""

_audiences = table_of(Audience)
_parts = table_of(AudiencePart)
_groups = table_of(Group)
_STANDING = select(_audiences, _groups.c.built_at).join(
    _groups, _groups.c.id == _audiences.c.group_id
)
_BY_SLUG = _STANDING.where(_audiences.c.slug == bindparam("slug"))


# -- looking -----------------------------------------------------------------------


def get(slug: str) -> dict[str, Any]:
    """`{slug, name, expression, expression_version, count, built_at, created_at, updated_at}`;
    `count` is exact and of now, `built_at` is when the last build was. Raises
    `unknown_audience`."""
    return _views([look(slug)])[0]


def page(*, after: int | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """A page of audiences as `get` shows them, in the order they were made, and the cursor of
    the next one or None. `after` is the cursor of the last page."""
    query = _STANDING.order_by(_audiences.c.id).limit(PAGE_ROWS + 1)
    found = connection().execute(query.where(_audiences.c.id > (after or 0))).all()
    shown = found[:PAGE_ROWS]
    return _views(shown), str(shown[-1].id) if len(found) > PAGE_ROWS else None


def look(slug: str) -> Row[Any]:
    """The row of an audience with its `built_at`; raises `unknown_audience`."""
    return _known(connection().execute(_BY_SLUG, {"slug": slug}).first())


def hold(slug: str) -> Row[Any]:
    """The same, and nobody else changes or builds it before this transaction ends."""
    held = _BY_SLUG.with_for_update(key_share=True, of=_audiences)
    return _known(connection().execute(held, {"slug": slug}).first())


def _known(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise Problem(Code.UNKNOWN_AUDIENCE)
    return row


def _views(rows: Collection[Row[Any]]) -> list[dict[str, Any]]:
    now = counts([from_document(row.expression) for row in rows])
    return [_view(row, count) for row, count in zip(rows, now, strict=True)]


def _view(row: Row[Any], count: int) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "name": row.name,
        "expression": row.expression,
        "expression_version": row.expression_version,
        "count": count,
        "built_at": row.built_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


# -- making, changing, deleting ------------------------------------------------------


def create(*, name: str, slug: str | None = None, expression: Any) -> dict[str, Any]:
    """A new audience as `get` shows it, of an expression as JSON holds it. Without a slug the
    name makes one.

    Raises `audience_exists`, and for the expression `invalid_request` and `unknown_group`.
    """
    _one_at_a_time()
    _check_room()
    wanted = read_expression(expression)
    made_of = composition.compose_known(wanted)
    group_id = groups.create(GroupKind.AUDIENCE)
    slug = slug or _slug_of(name, group_id)
    if connection().scalar(select(_audiences.c.id).where(_audiences.c.slug == slug)) is not None:
        raise Problem(Code.AUDIENCE_EXISTS, field="name")
    audience_id = _insert(slug=slug, name=name, expression=wanted, group_id=group_id)
    _keep_parts(audience_id, wanted, made_of)
    audit.record(CHANGE.name, "audience", audience_id, step="created")
    return get(slug)


def _insert(*, slug: str, name: str, expression: Expression, group_id: int) -> int:
    values = {
        "slug": slug,
        "name": name,
        "group_id": group_id,
        "expression": to_document(expression),
        "expression_version": 1,
        "created_by": current_actor().label,
        "created_at": clock.now(),
    }
    made = connection().execute(insert(_audiences).values(values).returning(_audiences.c.id))
    return int(made.scalar_one())


def change(slug: str, *, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set what is given of `name` and `expression`. Another expression counts up
    `expression_version`, its own and that of every audience that is made of this one.

    Raises `unknown_audience`, and for the expression `invalid_request`, `unknown_group` and
    `group_cycle`.
    """
    _one_at_a_time()
    row = hold(slug)
    values = dict(changes)
    if "expression" in values:
        wanted = read_expression(values["expression"])
        values["expression"] = to_document(wanted)
    values = {field: value for field, value in values.items() if value != getattr(row, field)}
    if not values:
        return get(slug)
    if "expression" in values:
        _make_of(row, wanted)
    this = update(_audiences).where(_audiences.c.id == row.id)
    connection().execute(this.values(**values, updated_at=clock.now()))
    audit.record(CHANGE.name, "audience", row.id, step="changed", fields=sorted(values))
    return get(slug)


def _make_of(row: Row[Any], expression: Expression) -> None:
    """Check what an audience is to be made of, and note it in it and those it is part of."""
    own = Leaf(GroupKind.AUDIENCE, row.slug)
    made_of = composition.compose_known(expression)
    containing = composition.made_from(row.group_id)
    above = [Leaf(GroupKind.AUDIENCE, other.slug) for other in containing]
    composition.check_change(own, expression, made_of, above)
    connection().execute(_parts.delete().where(_parts.c.audience_id == row.id))
    _keep_parts(row.id, expression, made_of)
    changed = _audiences.c.id.in_([row.id, *(other.id for other in containing)])
    version = _audiences.c.expression_version + 1
    connection().execute(update(_audiences).where(changed).values(expression_version=version))


def _keep_parts(audience_id: int, expression: Expression, made_of: Composition) -> None:
    """So that nobody deletes them. One that was deleted since it was looked up is a lost race:
    the next try does not find it."""
    group_ids = {made_of.groups[leaf] for _, leaf in leaves(expression)}
    here = select(_groups.c.id).where(_groups.c.id.in_(group_ids)).order_by(_groups.c.id)
    held = connection().scalars(here.with_for_update(read=True, key_share=True)).all()
    if len(held) < len(group_ids):
        raise LostRace
    rows = [{"audience_id": audience_id, "group_id": group_id} for group_id in held]
    connection().execute(insert(_parts), rows)


def delete(slug: str) -> None:
    """With its builds. Raises `unknown_audience`, and `group_in_use` while another audience
    is made of it."""
    _one_at_a_time()
    row = hold(slug)
    if composition.made_from(row.group_id):
        raise Problem(Code.GROUP_IN_USE)
    connection().execute(_audiences.delete().where(_audiences.c.id == row.id))
    groups.delete_group(row.group_id)
    audit.record(CHANGE.name, "audience", row.id, step="deleted")


def _one_at_a_time() -> None:
    """Two changes at once could make two audiences of each other."""
    lock_name("audiences")


def _check_room() -> None:
    if (connection().scalar(select(func.count()).select_from(_audiences)) or 0) >= AUDIENCES:
        detail = gettext(
            "There are %(most)s customer groups already: delete some first.", most=AUDIENCES
        )
        raise Problem(Code.INVALID_REQUEST, detail=detail)


def _slug_of(name: str, number: int) -> str:
    """Of a name in a script of its own: `group-7`, or the next number that is free."""
    slug = slug_of(fold(name))
    if slug and slug not in TAKEN:
        return slug
    numbered = select(_audiences.c.slug).where(_audiences.c.slug.startswith("group-"))
    taken = set(connection().scalars(numbered))
    return next(free for each in itertools.count(number) if (free := f"group-{each}") not in taken)
