"""Tags that people set: one member by a click, many by their phones. Each time is kept as a
build of the tag's group, with who it was and when.

A change holds its members' rows first, so that it never comes after an erasure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Row, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, GroupKind
from loyalty.groups.rules import NOBODY
from loyalty.groups.service import Build, Written
from loyalty.members import service as members
from loyalty.members import written_phones
from loyalty.tags import finding
from loyalty.tags.models import Tag
from loyalty.tags.rules import FILL, MARK

_tags = table_of(Tag)
_KEPT = (
    select(_tags.c.group_id, _tags.c.rule)
    .order_by(_tags.c.id)
    .with_for_update(read=True, key_share=True)
)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """How many came in or went out, and which numbers are no member's."""

    changed: int
    unknown: frozenset[PhoneNumber]


def mark(member_id: int, slug: str, *, on: bool) -> bool:
    """Give one member the tag or take it off; whether that changed anything.

    Raises `unknown_member`, `unknown_tag` and `tag_has_rule`.
    """
    if member_id not in members.lock([member_id]):
        raise Problem(Code.UNKNOWN_MEMBER)
    tag = _set_by_hand(slug)
    one = BitMap([member_id])
    written = _adjust(tag, add=one if on else NOBODY, remove=NOBODY if on else one)
    if written.build_id is None:
        return False
    audit.record(MARK.name, "member", member_id, tag=tag.id, given=on)
    return True


def fill(slug: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> dict[str, Any]:
    """Put members in and take members out by their phones as written: `{changed, rejected:
    [{index, list, code, detail}]}`. Whoever is in both lists is out.

    Raises `unknown_tag` and `tag_has_rule`.
    """
    coming, not_added = written_phones.read(add, "add")
    leaving, not_removed = written_phones.read(remove, "remove")
    filled = fill_by_phone(slug, add=coming.values(), remove=leaving.values())
    not_added += _unknown(coming, "add", filled)
    not_removed += _unknown(leaving, "remove", filled)
    by_place = sorted(not_added, key=_place) + sorted(not_removed, key=_place)
    return {"changed": filled.changed, "rejected": by_place}


def fill_by_phone(
    slug: str, *, add: Collection[PhoneNumber] = (), remove: Collection[PhoneNumber] = ()
) -> Filled:
    """The same with phones that were read."""
    found = members.lock_by_phone(sorted({phone.e164 for phone in (*add, *remove)}))
    tag = _set_by_hand(slug)
    written = _adjust(tag, add=_ids(add, found), remove=_ids(remove, found))
    added, removed = len(written.added), len(written.removed)
    if written.build_id is not None:
        audit.record(FILL.name, "tag", tag.id, added=added, removed=removed)
    unknown = frozenset(phone for phone in (*add, *remove) if phone.e164 not in found)
    return Filled(changed=added + removed, unknown=unknown)


def take_over(source_id: int, into_id: int) -> None:
    """A member that is merged, both held, hands its tags on to the other one."""
    its_own = _tags.c.group_id.in_(groups.groups_of(source_id, kind=GroupKind.TAG))
    for tag in connection().execute(_KEPT.where(its_own)).all():
        if tag.rule is None:
            _adjust(tag, add=BitMap([into_id]), remove=BitMap([source_id]))


def _ids(phones: Collection[PhoneNumber], found: dict[str, members.LockedMember]) -> BitMap:
    return BitMap(found[phone.e164].id for phone in phones if phone.e164 in found)


def _unknown(phones: dict[int, PhoneNumber], name: str, filled: Filled) -> list[dict[str, Any]]:
    why = Problem(Code.UNKNOWN_MEMBER)
    return [
        written_phones.rejection(index, name, why)
        for index, phone in phones.items()
        if phone in filled.unknown
    ]


def _place(rejected: dict[str, Any]) -> int:
    return rejected["index"]


def _set_by_hand(slug: str) -> Row[Any]:
    tag = finding.keep(slug)
    if tag.rule is not None:
        raise Problem(Code.TAG_HAS_RULE)
    return tag


def _adjust(tag: Any, *, add: BitMap, remove: BitMap) -> Written:
    build = Build(cause=Cause.MANUAL, as_of=clock.now())
    return groups.adjust(tag.group_id, add=add, remove=remove, build=build)
