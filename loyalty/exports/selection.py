"""Who is in a file: from the audience to the last row, each step counted.

audience -> suppression -> one per contact -> cap -> what changed since. Source: semantics,
Audience files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from loyalty.audiences import composition, counting
from loyalty.audiences import service as audiences
from loyalty.audiences.language import Leaf
from loyalty.audiences.models import Audience
from loyalty.audiences.rules import Composition
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.exports import kept, suppression
from loyalty.exports.advice import advice_for
from loyalty.exports.capping import cap
from loyalty.exports.models import Export
from loyalty.exports.rules import Order, Step
from loyalty.groups.models import Group, GroupKind
from loyalty.groups.rules import join
from loyalty.tags.evaluating import BUILT_VERSION

__all__ = [
    "Selection",
    "check_since",
    "estimate",
    "select",
    "still_in",
]

_exports = table_of(Export)
_groups = table_of(Group)
_audiences = table_of(Audience)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Who is in the files of an order at `as_of`, and how that came about.

    `members` are in the file; `whole` are all who may be, of whom an order `since_export`
    leaves out those who were in that export; `leaving` were in it and are not in the whole any
    more. `made_of`: `{"tag" or "audience": slug, "version", "built_at"}` of every group, the
    audience itself first; the version is None of a tag that people set.
    """

    members: BitMap
    whole: BitMap
    leaving: BitMap
    steps: list[Step]
    as_of: datetime
    made_of: list[dict[str, Any]]


def select(slug: str, order: Order, *, as_of: datetime) -> Selection:
    """Who is in the files of an order.

    Raises `unknown_audience`, `empty_audience`, what `check_since` does, and `nobody_left` with
    `extra={"steps": [{name, count, removed}], "advice": sentence}`.
    """
    found = estimate(slug, order, as_of=as_of)
    if found.members or found.leaving:
        return found
    if not found.steps[0].count:
        raise Problem(Code.EMPTY_AUDIENCE)
    why = {
        "steps": [asdict(step) for step in found.steps],
        "advice": advice_for(found.steps, order.reach),
    }
    raise Problem(Code.NOBODY_LEFT, extra=why)


def estimate(slug: str, order: Order, *, as_of: datetime) -> Selection:
    """The same where nobody may be left. Raises `unknown_audience`, and what `check_since`
    does."""
    audience = audiences.look(slug)
    check_since(order, audience_id=audience.id)
    own = Leaf(GroupKind.AUDIENCE, slug)
    composed = composition.compose([own])
    members = join(counting.standing(composed).of(own))
    steps = [Step(name="audience", count=len(members), removed=0)]
    for name, stays in _steps(slug, order, as_of=as_of):
        before, members = members, stays(members)
        steps.append(_step(name, before, members))
    found = Selection(
        members=members,
        whole=members,
        leaving=BitMap(),
        steps=steps,
        as_of=as_of,
        made_of=_made_of(composed, own),
    )
    return found if order.since_export is None else _since(found, order.since_export)


def still_in(members: BitMap, order: Order, *, as_of: datetime) -> BitMap:
    """Who of these may be in the file at `as_of`: somebody may have taken a consent back, or
    have been erased, since they were selected."""
    for _, stays in suppression.rights(order, as_of=as_of):
        members = stays(members)
    return members


def _steps(slug: str, order: Order, *, as_of: datetime) -> Iterator[tuple[str, suppression.Kept]]:
    yield from suppression.rights(order, as_of=as_of)
    if suppression.has_email_for_contact(order):
        yield "contact", partial(suppression.one_per_contact, order=order)
    if order.limit is not None:
        yield "limit", partial(cap, limit=order.limit, salt=slug)


def _step(name: str, before: BitMap, after: BitMap) -> Step:
    return Step(name=name, count=len(after), removed=len(before) - len(after))


# -- what changed since an earlier export --------------------------------------------


def check_since(order: Order, *, audience_id: int) -> None:
    """Whether it can be told what changed since `order.since_export`. Raises `unknown_export`;
    `not_comparable` where that was of another audience, format or reach, never ended, or is too
    long ago."""
    if order.since_export is None:
        return
    query = sa.select(_exports).where(_exports.c.id == order.since_export)
    earlier = connection().execute(query).first()
    if earlier is None:
        raise Problem(Code.UNKNOWN_EXPORT, field="since_export")
    wanted = (audience_id, order.format, order.reach)
    was = (earlier.audience_id, earlier.format, earlier.reach)
    if was != wanted or earlier.rows is None or not kept.is_comparable(earlier.as_of):
        raise Problem(Code.NOT_COMPARABLE, field="since_export")


def _since(found: Selection, earlier: int) -> Selection:
    """What came in, and who went out but for those of whom nothing may be told any more."""
    then = kept.members_in(earlier)
    added = found.whole - then
    return replace(
        found,
        members=added,
        leaving=suppression.without_ended(then - found.whole),
        steps=[*found.steps, _step("since", found.whole, added)],
    )


# -- what the audience is made of ----------------------------------------------------


def _made_of(composed: Composition, own: Leaf) -> list[dict[str, Any]]:
    """The audience first, then its parts by name. A group of a tag follows the version of the
    rule that it was last built by."""
    version = sa.func.coalesce(_audiences.c.expression_version, BUILT_VERSION).label("version")
    rows = connection().execute(
        sa.select(_groups.c.id, _groups.c.built_at, version)
        .outerjoin(_audiences, _audiences.c.group_id == _groups.c.id)
        .where(_groups.c.id.in_(composed.groups.values()))
    )
    stands = {row.id: {"version": row.version, "built_at": _told(row.built_at)} for row in rows}
    in_order = sorted(composed.groups, key=lambda leaf: (leaf != own, leaf.kind, leaf.slug))
    return [{str(leaf.kind): leaf.slug, **stands[composed.groups[leaf]]} for leaf in in_order]


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
