"""Tags by their slug: looked up, and held so that what is done with one is done with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, bindparam, select

from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.tags.models import Tag

_tags = table_of(Tag)
_BY_SLUG = select(
    _tags.c.id, _tags.c.group_id, _tags.c.slug, _tags.c.name, _tags.c.rule, _tags.c.link
).where(_tags.c.slug == bindparam("slug"))
_KEPT = _BY_SLUG.with_for_update(read=True, key_share=True)
_HELD = _BY_SLUG.with_for_update(key_share=True)


def keep(slug: str) -> Row[Any]:
    """A tag that nobody deletes before this transaction ends; raises `unknown_tag`."""
    return _found(_KEPT, slug)


def hold(slug: str) -> Row[Any]:
    """A tag that nobody else changes before this transaction ends; raises `unknown_tag`."""
    return _found(_HELD, slug)


def look(slug: str) -> Row[Any]:
    """Raises `unknown_tag`."""
    return _found(_BY_SLUG, slug)


def _found(query: Select[Any], slug: str) -> Row[Any]:
    tag = connection().execute(query, {"slug": slug}).first()
    if tag is None:
        raise Problem(Code.UNKNOWN_TAG)
    return tag
