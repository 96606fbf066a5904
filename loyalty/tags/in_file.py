"""Tags that a file names: found, made, and given to its members. Such tags are set by hand.

Each step of a file is one build of each of its tags' groups.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Row, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.slugs import slug_of
from loyalty.groups import service as groups
from loyalty.groups.models import Cause
from loyalty.groups.rules import NOBODY, join
from loyalty.groups.service import Build
from loyalty.members.rules import fold
from loyalty.tags import finding
from loyalty.tags import service as tags
from loyalty.tags.models import Tag
from loyalty.tags.rules import FILL

_tags = table_of(Tag)
_BY_AGE = select(_tags.c.slug, _tags.c.name, _tags.c.rule.is_(None).label("by_hand")).order_by(
    _tags.c.id
)


def known(names: Collection[str]) -> dict[str, str]:
    """name -> slug of the tag set by hand that it names: by its slug, by its name in any case
    and with its marks or without, or by what the name makes a slug of. A name that is no such
    tag's is left out."""
    return {name: tag.slug for name, tag in _named(names).items() if tag.by_hand}


def ruled(names: Collection[str]) -> set[str]:
    """Those of the names that are a tag's which follows a rule: nobody is put into one."""
    return {name for name, tag in _named(names).items() if not tag.by_hand}


def make(names: Collection[str]) -> dict[str, str]:
    """name -> slug, of tags that are there and of new ones; two names that read the same are
    one tag. Raises `tag_has_rule`, and `invalid_request` where there are too many tags."""
    there = _named(names)
    if not all(tag.by_hand for tag in there.values()):
        raise Problem(Code.TAG_HAS_RULE)
    for name in names:
        # One that was made a moment ago may be this one's, too.
        if name not in there and not known([name]):
            tags.create(name=name)
    return known(names)


def _named(names: Collection[str]) -> dict[str, Row[Any]]:
    """Of two tags that a name fits, the older."""
    if not names:
        return {}
    there = connection().execute(_BY_AGE).all()
    by_slug = {tag.slug: tag for tag in there}
    by_name = {fold(tag.name): tag for tag in reversed(there)}
    found = {
        name: by_slug.get(name) or by_name.get(fold(name)) or by_slug.get(slug_of(fold(name)))
        for name in names
    }
    return {name: tag for name, tag in found.items() if tag is not None}


def put_in(members: Mapping[str, BitMap]) -> dict[str, BitMap]:
    """slug -> who was not in the tag before and is now. The members are locked by the caller.

    Raises `unknown_tag` and `tag_has_rule`.
    """
    added = {}
    for slug, each in sorted(members.items()):
        tag = finding.keep(slug)
        if tag.rule is not None:
            raise Problem(Code.TAG_HAS_RULE)
        added[slug] = _adjust(tag, add=each)
    return added


def take_out(members: Mapping[int, BitMap]) -> None:
    """Undo `put_in`, by the tags' groups: a tag that is gone since is passed over. The members
    are locked by the caller."""
    for group_id, each in sorted(members.items()):
        slug = connection().scalar(select(_tags.c.slug).where(_tags.c.group_id == group_id))
        if slug is not None:
            _adjust(finding.keep(slug), remove=each)


def by_hand() -> dict[int, BitMap]:
    """Group id -> who is in, of every tag that is set by hand."""
    group_ids = connection().scalars(select(_tags.c.group_id).where(_tags.c.rule.is_(None))).all()
    return {each: join(chunks) for each, chunks in groups.read_chunks(group_ids).items()}


def _adjust(tag: Row[Any], *, add: BitMap = NOBODY, remove: BitMap = NOBODY) -> BitMap:
    """Whom that put in."""
    build = Build(cause=Cause.MANUAL, as_of=clock.now())
    written = groups.adjust(tag.group_id, add=add, remove=remove, build=build)
    if written.build_id is not None:
        counts: dict[str, Any] = {"added": len(written.added), "removed": len(written.removed)}
        audit.record(FILL.name, "tag", tag.id, **counts)
    return written.added
