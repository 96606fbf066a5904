"""Rounds through the dirty: whoever changed is looked at again, by all rules, within seconds."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Row, Select, select

from loyalty.core import clock
from loyalty.core.db import by_index, connection, in_transaction, read, table_of
from loyalty.core.limits import BATCH_ROWS, PAGE_ROWS
from loyalty.core.turns import alone
from loyalty.groups import forgetting, standing
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, Group, GroupChunk
from loyalty.groups.rules import NOBODY, join, split, unpack
from loyalty.groups.selecting import members_of, only
from loyalty.groups.service import Build, Written
from loyalty.members import dirty
from loyalty.members.dirty import Marks
from loyalty.members.models import Dirty, Member
from loyalty.purchases.models import Purchase
from loyalty.tags.building import BUILDER, build_all, build_later
from loyalty.tags.evaluating import BUILT_VERSION, Failure, RuleTag, evaluate_each, rule_tags
from loyalty.tags.models import Tag
from loyalty.tags.surroundings import surroundings

BACKLOG = 50_000
"""With more marks than that, after an import say, building all anew is quicker."""

_members = table_of(Member)
_purchases = table_of(Purchase)
_dirty = table_of(Dirty)
_tags = table_of(Tag)
_groups = table_of(Group)
_chunks = table_of(GroupChunk)


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What one round saw: of the marked `members` alone, who is in which group."""

    now: datetime
    marks: Marks
    members: BitMap
    standing: Mapping[int, BitMap]
    tags: Sequence[tuple[RuleTag, BitMap | Failure]]
    ahead: BitMap


@dataclass(frozen=True)
class _Change:
    """Who comes into a group and who leaves it; `group` is a row of `_hold`."""

    group: Row[Any]
    add: BitMap
    remove: BitMap


def drain(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Look at all who are marked, until nobody is or it is time to stop; how many marks.
    Opens its own transactions."""
    with read():
        waiting = dirty.count()
    if waiting > BACKLOG:
        return _catch_up()
    done = 0
    # Not until there are none: who bought something dated ahead stays marked until then.
    while done < waiting and not stopping():
        step = refresh_dirty(now=clock.now())
        if not step:
            break
        done += step
    return done


def refresh_dirty(*, now: datetime, limit: int = BATCH_ROWS) -> int:
    """One round: the members of the oldest marks, by all rules. How many marks it took away.

    A tag whose rule fails says so, and stops nobody. Opens its own transactions.
    """
    with alone(BUILDER):
        with read():
            marks = dirty.oldest(limit)
            if not marks.ids:
                return 0
            with by_index():
                seen = _look(marks, now=now)
        in_transaction(partial(_keep, seen))
    return len(marks.ids)


# -- looking -------------------------------------------------------------------


def _look(marks: Marks, *, now: datetime) -> _Seen:
    among = marks.member_ids
    around = surroundings(now)
    return _Seen(
        now=now,
        marks=marks,
        members=BitMap(among),
        standing=standing.find(as_of=now, among=among),
        # Of the others a whole build is due: until then they stay as they are.
        tags=evaluate_each([tag for tag in rule_tags() if tag.is_whole], around, among=among),
        ahead=members_of(_buyers_ahead(now, among=among)),
    )


def _buyers_ahead(now: datetime, *, among: Sequence[int]) -> Select[tuple[int]]:
    """Who has a purchase whose time has not come: it counts only then."""
    ahead = select(_purchases.c.member_id).where(_purchases.c.purchased_at >= now).distinct()
    return only(ahead, among, column=_purchases.c.member_id)


# -- keeping ---------------------------------------------------------------------


def _keep(seen: _Seen) -> None:
    gone = seen.members - members_of(standing.active(among=seen.marks.member_ids))
    found = {**seen.standing, **{tag.group_id: fit for tag, fit in seen.tags}}
    versions = {tag.group_id: tag.rule_version for tag, _ in seen.tags}
    changing = []
    for group in _hold({*found, *_groups_that_hold(gone)}):
        fit = found.get(group.id)
        if isinstance(fit, Failure):
            _fail(group, fit, now=seen.now)
        # A rule that was edited meanwhile is not the one that was followed here.
        is_followed = versions.get(group.id, group.rule_version) == group.rule_version
        if isinstance(fit, BitMap) and is_followed:
            changing.append(_Change(group, add=fit - gone, remove=seen.members - fit | gone))
        else:
            changing.append(_Change(group, add=NOBODY, remove=gone))
    _change(changing, among=seen.members, now=seen.now)
    dirty.mark(list(seen.ahead))
    dirty.unmark(seen.marks.ids)


def _hold(group_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Of the groups that are still there: id, `tag_id`, the `rule_version` of the tag and the
    `built_version`. Nobody deletes one of them before this transaction ends; who deletes one
    holds it before its chunks."""
    query: Select[Any] = (
        select(
            _groups.c.id,
            _tags.c.id.label("tag_id"),
            _tags.c.rule_version,
            BUILT_VERSION.label("built_version"),
        )
        .outerjoin(_tags, _tags.c.group_id == _groups.c.id)
        .where(_groups.c.id.in_(group_ids))
        .order_by(_groups.c.id)
        .with_for_update(read=True, key_share=True, of=_groups)
    )
    return connection().execute(query).all()


def _groups_that_hold(members: BitMap) -> set[int]:
    parts = split(members)
    rows = connection().execute(
        select(_chunks.c.group_id, _chunks.c.chunk, _chunks.c.bitmap)
        .where(_chunks.c.chunk.in_(list(parts)))
        .execution_options(yield_per=PAGE_ROWS)
    )
    return {row.group_id for row in rows if unpack(row.bitmap) & parts[row.chunk]}


def _fail(group: Row[Any], why: Failure, *, now: datetime) -> None:
    groups.fail(group.id, _build(group, now), error=why.error, about=why.about)
    build_later(group.tag_id, cause=Cause.DATA, now=now)


def _change(changing: Sequence[_Change], *, among: BitMap, now: datetime) -> None:
    """In the order of the groups' ids: whoever else changes several goes the same way."""
    left = BitMap()
    for start in range(0, len(changing), PAGE_ROWS):
        step = changing[start : start + PAGE_ROWS]
        present = _present([change.group.id for change in step], among)
        for change in step:
            members = present[change.group.id]
            # Most groups stay as they are: their chunks are not even locked.
            if change.remove & members or change.add - members:
                left |= _adjust(change, now=now).removed
    _forget_erased(left)


def _present(group_ids: Sequence[int], among: BitMap) -> dict[int, BitMap]:
    """Who of some members is in which group."""
    parts = split(among)
    return {
        group_id: join({at: part & parts[at] for at, part in chunks.items() if at in parts})
        for group_id, chunks in groups.read_chunks(group_ids).items()
    }


def _adjust(change: _Change, *, now: datetime) -> Written:
    build = _build(change.group, now)
    return groups.adjust(change.group.id, add=change.add, remove=change.remove, build=build)


def _build(group: Row[Any], now: datetime) -> Build:
    return Build(cause=Cause.DATA, as_of=now, rule_version=group.built_version)


def _forget_erased(members: BitMap) -> None:
    """An erasure takes its member out of every group. Whom a build put in again, that had
    looked before it, is forgotten here: a build has ended before a round begins."""
    given = select(_members.c.id).where(_members.c.erased_at.is_not(None))
    for member_id in members_of(only(given, members, column=_members.c.id)):
        forgetting.forget(member_id)


# -- catching up -------------------------------------------------------------------


def _catch_up() -> int:
    """Build everything anew, and then take exactly those marks away that were there before."""
    began = clock.now()
    with read():
        marked = array("q", connection().scalars(select(_dirty.c.id)))
    build_all(cause=Cause.DATA)
    in_transaction(partial(_settle, began))
    for start in range(0, len(marked), BATCH_ROWS):
        in_transaction(partial(dirty.unmark, marked[start : start + BATCH_ROWS]))
    return len(marked)


def _settle(began: datetime) -> None:
    """What a whole build leaves to do: it does not look at groups without a rule."""
    closed = members_of(select(_members.c.id).where(_members.c.closed_at.is_not(None)))
    holding = _hold(_groups_that_hold(closed))
    leaving = [_Change(group, add=NOBODY, remove=closed) for group in holding]
    _change(leaving, among=closed, now=began)
    ahead = select(_purchases.c.member_id).where(_purchases.c.purchased_at >= began).distinct()
    dirty.mark(list(members_of(ahead)))
