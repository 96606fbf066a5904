"""Which tags a member has, since when and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import current_app
from flask_babel import gettext
from pyroaring import BitMap
from sqlalchemy import Row, Select, bindparam, select

from loyalty.audit.service import NAMES, Names
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.groups import history
from loyalty.groups import service as groups
from loyalty.groups.models import GroupChunk, GroupKind
from loyalty.groups.rules import join, split, unpack
from loyalty.members.models import Member
from loyalty.members.rules import fold
from loyalty.tags.documents import from_document
from loyalty.tags.models import Tag
from loyalty.tags.sentences import sentence

_tags = table_of(Tag)
_members = table_of(Member)
_TAGS: Select[Any] = select(
    _tags.c.slug, _tags.c.name, _tags.c.link, _tags.c.rule, _tags.c.group_id
)
_chunks = table_of(GroupChunk)
_CHUNKS_OF = (
    select(_chunks.c.chunk, _chunks.c.bitmap)
    .join(_tags, _tags.c.group_id == _chunks.c.group_id)
    .where(
        _tags.c.slug == bindparam("slug"), _chunks.c.chunk.in_(bindparam("chunks", expanding=True))
    )
)
_ACTIVE = select(_members.c.id).where(_members.c.closed_at.is_(None))


def is_tagged_by_hand(member_id: int) -> bool:
    """Whether somebody gave this member a tag."""
    return any(tag.rule is None for tag in _tags_of(member_id))


def of_member(member_id: int) -> list[dict[str, Any]]:
    """`{slug, name, kind, link, since, by, why}` of each tag, by name. `by` is the name of
    who set it by hand, `why` says the rule, or by whom it was set, in words; `since` and `by`
    are None where nothing tells.

    Raises `unknown_member`; a closed member is none.
    """
    if connection().scalar(_ACTIVE.where(_members.c.id == member_id)) is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    came = [(tag, history.came_in(tag.group_id, member_id)) for tag in _tags_of(member_id)]
    names: Names = current_app.extensions[NAMES]
    called = names.actors({step.actor for _, step in came if step is not None})
    return [
        {**_short(tag), "since": step.as_of if step else None, **_reason(tag, step, called)}
        for tag, step in came
    ]


def in_tag(slug: str, member_ids: Collection[int]) -> set[int]:
    """Those of the members who are in the tag; nobody is in one that there is not."""
    wanted = split(BitMap(member_ids))
    rows = connection().execute(_CHUNKS_OF, {"slug": slug, "chunks": list(wanted)})
    found = {row.chunk: unpack(row.bitmap) & wanted[row.chunk] for row in rows}
    return set(join(found))


def _tags_of(member_id: int) -> list[Row[Any]]:
    group_ids = groups.groups_of(member_id, kind=GroupKind.TAG)
    if not group_ids:
        return []
    rows = connection().execute(_TAGS.where(_tags.c.group_id.in_(group_ids))).all()
    return sorted(rows, key=lambda tag: fold(tag.name))


def _short(tag: Row[Any]) -> dict[str, Any]:
    kind = "manual" if tag.rule is None else "rule"
    return {"slug": tag.slug, "name": tag.name, "kind": kind, "link": tag.link}


def _reason(tag: Row[Any], step: Row[Any] | None, called: Mapping[str, str]) -> dict[str, Any]:
    if tag.rule is not None:
        return {"by": None, "why": sentence(from_document(tag.rule))}
    by = called.get(step.actor) if step else None
    why = gettext("set by hand by %(name)s", name=by) if by else gettext("set by hand")
    return {"by": by, "why": why}
