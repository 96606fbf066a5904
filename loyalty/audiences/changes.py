"""What changed in an audience since its last build, and why: which tag, and through what.

The groups are taken back to where they stood at that build, and then forward again one tag and
one cause at a time; whom a step lets in or puts out is told of that step. So the steps add up
to the whole change, however much of the history is still kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Row

from loyalty.audiences import composition, counting, service
from loyalty.audiences.building import last_build
from loyalty.audiences.language import Leaf, from_document
from loyalty.audiences.rules import Standing
from loyalty.groups import history
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, GroupKind
from loyalty.groups.rules import join, split
from loyalty.groups.service import ACTIVE

EXPRESSION = "expression"
"""The cause of what an edit of the expression changed, or of one within it."""


@dataclass(frozen=True)
class Why:
    """`tag` is None where it is no tag, as for members who are new or closed."""

    cause: str
    tag: str | None = None


@dataclass(frozen=True)
class Step:
    """Who of a group changed through one cause."""

    why: Why
    group_id: int
    changed: BitMap


class Told:
    """The whole change as steps tell it: whom a later step takes back, none has changed."""

    def __init__(self, before: BitMap) -> None:
        self.by_why: dict[Why, tuple[BitMap, BitMap]] = {}
        """added, removed"""
        self._before = self._now = before

    def step(self, why: Why, members: BitMap) -> None:
        """`members`: who is in after it."""
        came, went = members - self._now, self._now - members
        for added, removed in self.by_why.values():
            added -= went
            removed -= came
        added, removed = self.by_why.setdefault(why, (BitMap(), BitMap()))
        added |= came - self._before
        removed |= went & self._before
        self._now = members


def since_last_build(slug: str) -> dict[str, Any]:
    """`{since, added, removed, causes: [{cause, tag, added, removed}]}`: `cause` is expression,
    rule, data, time or manual. `since` is None, and nothing changed, without a build.

    Raises `unknown_audience`.
    """
    row = service.look(slug)
    last = last_build(row.group_id)
    told = _tell(row, last).by_why if last else {}
    causes = [
        {"cause": why.cause, "tag": why.tag, "added": len(added), "removed": len(removed)}
        for why, (added, removed) in told.items()
        if added or removed
    ]
    return {
        "since": last.as_of if last else None,
        "added": sum(cause["added"] for cause in causes),
        "removed": sum(cause["removed"] for cause in causes),
        "causes": sorted(causes, key=lambda cause: -cause["added"] - cause["removed"]),
    }


def _tell(row: Row[Any], last: Row[Any]) -> Told:
    expression = from_document(row.expression)
    now = counting.standing(composition.compose([Leaf(GroupKind.AUDIENCE, row.slug)]))
    based_on = {int(group_id): build_id for group_id, build_id in (last.based_on or {}).items()}
    steps = list(_steps(now, based_on))
    moment = now
    for step in steps:
        moment = _through(moment, step)
    built, _ = _since(last.id, row.group_id, groups.read_members(row.group_id))
    told = Told(built)
    was_edited = last.rule_version != row.expression_version
    told.step(Why(EXPRESSION if was_edited else Cause.DATA), join(moment.of(expression)))
    for step in steps:
        moment = _through(moment, step)
        told.step(step.why, join(moment.of(expression)))
    return told


def _steps(now: Standing, based_on: Mapping[int, int]) -> Iterator[Step]:
    """What changed in the active members and in each tag that the build was based on."""
    if build_id := based_on.get(ACTIVE):
        everybody = join(now.active)
        before, _ = _since(build_id, ACTIVE, everybody)
        yield Step(Why(Cause.DATA), ACTIVE, before ^ everybody)
    for leaf, group_id in sorted(now.made_of.groups.items(), key=lambda item: item[1]):
        if leaf.kind == GroupKind.TAG and group_id in based_on:
            members = join(now.by_group[group_id])
            before, touched = _since(based_on[group_id], group_id, members)
            for cause, those in touched.items():
                yield Step(Why(cause, leaf.slug), group_id, those & (before ^ members))


def _since(build_id: int, group_id: int, members: BitMap) -> tuple[BitMap, dict[Cause, BitMap]]:
    """Of a group that holds `members` now: who was in at that build (0: before the first
    one), and whom each cause touched last since."""
    before, touched = members, dict[Cause, BitMap]()
    for cause, added, removed in reversed(history.changes_since(group_id, build_id)):
        before = (before - added) | removed
        later = BitMap.union(BitMap(), *touched.values())
        touched[cause] = touched.get(cause, BitMap()) | ((added | removed) - later)
    return before, touched


def _through(moment: Standing, step: Step) -> Standing:
    """The step done, or undone: the same members change either way."""
    if step.group_id == ACTIVE:
        return replace(moment, active=split(join(moment.active) ^ step.changed))
    members = join(moment.by_group[step.group_id]) ^ step.changed
    return replace(moment, by_group={**moment.by_group, step.group_id: split(members)})
