"""The tags on a customer's card: those set by hand, which the cashier changes here. Whoever
may see all tags of a customer sees a few of those that rules gave, too: they tell of income
and age, which is nothing for every till."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select

from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.groups.models import GroupChunk
from loyalty.groups.rules import place_of, unpack
from loyalty.members.rules import fold
from loyalty.pages import formats
from loyalty.tags.models import Tag
from loyalty.tags.rules import SEE_OF_MEMBER

RULE_TAGS_SHOWN = 6

_tags = table_of(Tag)
_chunks = table_of(GroupChunk)
_EVERY_TAG = select(
    _tags.c.slug,
    _tags.c.name,
    _tags.c.rule.is_(None).label("by_hand"),
    _chunks.c.bitmap,
    _chunks.c.members,
).join(
    _chunks,
    (_chunks.c.group_id == _tags.c.group_id) & (_chunks.c.chunk == bindparam("chunk")),
    isouter=True,
)


_BY_HAND = _EVERY_TAG.where(_tags.c.rule.is_(None))


@dataclass(frozen=True, kw_only=True)
class Choice:
    slug: str
    name: str


@dataclass(frozen=True, kw_only=True)
class CardTags:
    """`by_hand` may be taken off and `offered` given; `by_rule` is only read, as one line, and
    `more` counts what that line leaves out."""

    member_id: int
    by_hand: tuple[Choice, ...]
    offered: tuple[Choice, ...]
    by_rule: str
    more: int

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.by_hand or self.offered or self.by_rule)


def tags_of(member_id: int) -> CardTags:
    """One statement, with only the part of each group in which this member would stand."""
    chunk, position = place_of(member_id)
    query = _EVERY_TAG if SEE_OF_MEMBER.allows(current_actor()) else _BY_HAND
    rows = sorted(connection().execute(query, {"chunk": chunk}), key=_by_name)
    here = [row for row in rows if row.bitmap and position in unpack(row.bitmap)]
    standing = {row.slug for row in here}
    rules = _rarest_first(row for row in here if not row.by_hand)
    return CardTags(
        member_id=member_id,
        by_hand=_choices(row for row in here if row.by_hand),
        offered=_choices(row for row in rows if row.by_hand and row.slug not in standing),
        by_rule=formats.joined([row.name for row in rules[:RULE_TAGS_SHOWN]]),
        more=max(0, len(rules) - RULE_TAGS_SHOWN),
    )


def _by_name(row: Row[Any]) -> tuple[str, str]:
    return fold(row.name), row.slug


def _rarest_first(rows: Iterable[Row[Any]]) -> Sequence[Row[Any]]:
    """What few have says most about this one: `Champions` before `Female`."""
    return sorted(rows, key=lambda row: row.members)


def _choices(rows: Iterable[Row[Any]]) -> tuple[Choice, ...]:
    return tuple(Choice(slug=row.slug, name=row.name) for row in rows)
