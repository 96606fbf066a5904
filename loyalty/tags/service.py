"""Tags: make, change and delete them, follow their rules again, see how they stand."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import TAGS
from loyalty.core.slugs import slug_of
from loyalty.groups import history
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, Group, GroupChunk, GroupKind
from loyalty.members import attributes
from loyalty.members.rules import fold
from loyalty.tags import finding
from loyalty.tags.building import build_soon
from loyalty.tags.by_hand import Filled, fill, fill_by_phone, mark
from loyalty.tags.documents import from_document, to_document
from loyalty.tags.field_words import Attributes
from loyalty.tags.language import Rule
from loyalty.tags.models import Tag
from loyalty.tags.of_member import is_tagged_by_hand, of_member
from loyalty.tags.previewing import preview
from loyalty.tags.rules import CHANGE
from loyalty.tags.sentences import sentence

__all__ = [
    "Filled",
    "all_tags",
    "builds",
    "change",
    "create",
    "delete",
    "fill",
    "fill_by_phone",
    "get",
    "is_tagged_by_hand",
    "mark",
    "of_member",
    "preview",
    "refresh",
]

TAKEN = ("fields", "new", "preview", "rfm", "starters")
"""What stands where a slug would, in addresses."""

_tags = table_of(Tag)
_groups = table_of(Group)
_chunks = table_of(GroupChunk)
_COUNT = (
    select(func.coalesce(func.sum(_chunks.c.members), 0))
    .where(_chunks.c.group_id == _tags.c.group_id)
    .scalar_subquery()
)
_STANDING = select(
    _tags,
    _groups.c.built_at,
    _groups.c.failed_at,
    _groups.c.error,
    _groups.c.error_about,
    _COUNT.label("members"),
).join(_groups, _groups.c.id == _tags.c.group_id)


# -- looking -------------------------------------------------------------------


def all_tags() -> list[dict[str, Any]]:
    """Every tag as `get` shows it, by name."""
    declared = attributes.declared()
    views = [_view(row, declared) for row in connection().execute(_STANDING)]
    return sorted(views, key=lambda view: (fold(view["name"]), view["slug"]))


def get(slug: str) -> dict[str, Any]:
    """`{slug, name, kind: manual/rule, rule, sentence, link, count, built_at, rule_version,
    failing, created_at, updated_at}`; `failing` is None or `{code, detail, about, since}`.

    Raises `unknown_tag`.
    """
    row = connection().execute(_STANDING.where(_tags.c.slug == slug)).first()
    if row is None:
        raise Problem(Code.UNKNOWN_TAG)
    return _view(row)


def builds(slug: str, *, before: int | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """A page of a tag's builds as `history.builds_page` shows them. Raises `unknown_tag`."""
    return history.builds_page(finding.look(slug).group_id, before=before)


def _view(row: Row[Any], declared: Attributes | None = None) -> dict[str, Any]:
    rule = None if row.rule is None else from_document(row.rule)
    return {
        "slug": row.slug,
        "name": row.name,
        "kind": "manual" if row.rule is None else "rule",
        "rule": row.rule,
        "sentence": None if rule is None else sentence(rule, attributes=declared),
        "link": row.link,
        "count": int(row.members),
        "built_at": row.built_at,
        "rule_version": row.rule_version,
        "failing": history.failing(row, since=row.failed_at),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


# -- making, changing, deleting --------------------------------------------------


def create(
    *,
    name: str,
    slug: str | None = None,
    rule: Rule | None = None,
    link: str | None = None,
    at_once: bool = True,
) -> dict[str, Any]:
    """A new tag as `get` shows it: with a rule it is built `at_once` where that is quick, and
    soon where it is not. Without a slug the name makes one.

    Raises `tag_exists`.
    """
    _check_room()
    _check_link(link)
    now = clock.now()
    group_id = groups.create(GroupKind.TAG)
    slug = slug or _slug_of(name, group_id)
    if connection().scalar(select(_tags.c.id).where(_tags.c.slug == slug)) is not None:
        raise Problem(Code.TAG_EXISTS, field="name")
    tag_id = _insert(slug=slug, name=name, rule=rule, link=link, group_id=group_id, now=now)
    audit.record(CHANGE.name, "tag", tag_id, step="created")
    if rule is not None:
        _build(tag_id, cause=Cause.FIRST, now=now, at_once=at_once)
    return get(slug)


def _insert(
    *, slug: str, name: str, rule: Rule | None, link: str | None, group_id: int, now: datetime
) -> int:
    values = {
        "slug": slug,
        "name": name,
        "group_id": group_id,
        "rule": None if rule is None else to_document(rule),
        "rule_version": 1,
        "link": link,
        "created_by": current_actor().label,
        "created_at": now,
    }
    made = connection().execute(insert(_tags).values(values).returning(_tags.c.id))
    return int(made.scalar_one())


def change(slug: str, *, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set what is given of `name`, `rule` (a `Rule`) and `link` (None clears it). A rule that
    is another one counts up `rule_version` and is built at once where that is quick.

    Raises `unknown_tag` and `tag_is_manual`.
    """
    tag = finding.hold(slug)
    now = clock.now()
    values = dict(changes)
    if "rule" in values:
        if tag.rule is None:
            raise Problem(Code.TAG_IS_MANUAL)
        values["rule"] = to_document(values["rule"])
    _check_link(values.get("link"))
    values = {field: value for field, value in values.items() if value != getattr(tag, field)}
    if not values:
        return get(slug)
    if "rule" in values:
        values["rule_version"] = _tags.c.rule_version + 1
    connection().execute(update(_tags).where(_tags.c.id == tag.id).values(**values, updated_at=now))
    fields = sorted(values.keys() - {"rule_version"})
    audit.record(CHANGE.name, "tag", tag.id, step="changed", fields=fields)
    if "rule" in values:
        _build(tag.id, cause=Cause.RULE, now=now)
    return get(slug)


def delete(slug: str) -> None:
    """With its members and their history. Raises `unknown_tag`, and `group_in_use` while an
    audience is made of it."""
    tag = finding.hold(slug)
    try:
        connection().execute(_tags.delete().where(_tags.c.id == tag.id))
        groups.delete_group(tag.group_id)
    except IntegrityError:
        raise Problem(Code.GROUP_IN_USE) from None
    audit.record(CHANGE.name, "tag", tag.id, step="deleted")


def refresh(slug: str) -> bool:
    """Follow the rule again: True where that is done, False where it will be soon.

    Raises `unknown_tag` and `tag_is_manual`.
    """
    tag = finding.hold(slug)
    if tag.rule is None:
        raise Problem(Code.TAG_IS_MANUAL)
    return _build(tag.id, cause=Cause.TIME, now=clock.now())


def _build(tag_id: int, *, cause: Cause, now: datetime, at_once: bool = True) -> bool:
    return build_soon(tag_id, cause=cause, now=now, at_once=at_once)


def _check_room() -> None:
    if (connection().scalar(select(func.count()).select_from(_tags)) or 0) >= TAGS:
        raise Problem(
            Code.INVALID_REQUEST,
            detail=gettext("There are %(most)s tags already: delete some first.", most=TAGS),
        )


def _check_link(link: str | None) -> None:
    """It is shown to members as a link: a script must not run by a click on it."""
    if link is None:
        return
    try:
        address = urlsplit(link)
        is_web = address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:
        is_web = False
    if not is_web:
        sentence = gettext("Must be a web address that begins with https://.")
        raise Problem(Code.INVALID_REQUEST, errors={"link": [sentence]})


def _slug_of(name: str, number: int) -> str:
    """Of a name in a script of its own: `tag-7`, or the next number that is free."""
    slug = slug_of(fold(name))
    if slug and slug not in TAKEN:
        return slug
    numbered = select(_tags.c.slug).where(_tags.c.slug.startswith("tag-"))
    taken = set(connection().scalars(numbered))
    return next(free for each in itertools.count(number) if (free := f"tag-{each}") not in taken)
