"""Tags follow their rules: each is worked out whole, one after another, by one builder.

A builder is alone in the installation while it looks and then writes what it found. It looks
outside of the transaction that writes: nobody waits for the looking. What changes meanwhile is
marked as dirty, and no round (`rounds.py`) takes a mark away before the builder has written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pyroaring import BitMap
from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.errors import Code
from loyalty.core.turns import alone, takes_turn
from loyalty.groups import service as groups
from loyalty.groups import standing
from loyalty.groups.models import Cause
from loyalty.groups.service import Build
from loyalty.jobs import service as jobs
from loyalty.tags import cut_points
from loyalty.tags.evaluating import Failure, RuleTag, evaluate, rule_tag, rule_tags
from loyalty.tags.models import Tag
from loyalty.tags.surroundings import surroundings

BUILDER = "tags.building"
"""One builder at a time goes by this name."""
BUILD_ONE = "tags.build"
"""The job that builds what took too long for a request."""
AT_ONCE_SECONDS = 1
"""Whoever saves a rule waits so long to see whom it finds."""

_tags = table_of(Tag)


@dataclass(frozen=True, kw_only=True)
class Built:
    """How a build ended; after a `failure` the tag keeps the `members` that it had."""

    slug: str
    members: int
    failure: Failure | None = None


def build(tag_id: int, *, cause: Cause, as_of: datetime | None = None) -> Built | None:
    """Work one tag out whole, as of now if nothing else is said, and keep what was found.

    None where the tag is gone, or was edited meanwhile: the edit asked for a build itself.
    Opens its own transactions.
    """
    with alone(BUILDER):
        began = time.monotonic()
        # Read within the turn: a build must not be as of an earlier moment than a round
        # before it, which counted what was bought by then and took the mark away.
        as_of = as_of or clock.now()
        with read():
            tag = rule_tag(tag_id)
            if tag is None:
                return None
            found = evaluate(tag, surroundings(as_of))
        kept = _as_build(tag, cause, as_of=as_of, began=began)
        return in_transaction(partial(_keep, tag, found, kept))


def build_soon(tag_id: int, *, cause: Cause, now: datetime, at_once: bool = True) -> bool:
    """For whoever made or changed a tag, within that transaction: True where it is built by
    then. Where it takes too long, or another builds, a job does it: False."""
    if at_once and takes_turn(BUILDER) and _build_at_once(tag_id, cause):
        return True
    build_later(tag_id, cause=cause, now=now)
    return False


def build_later(tag_id: int, *, cause: Cause, now: datetime) -> None:
    """Leave it to a job, within the caller's transaction."""
    arguments = {"tag": tag_id, "cause": cause, "asked_at": now.isoformat()}
    jobs.enqueue(BUILD_ONE, arguments, now=now)


def build_all(
    *,
    as_of: datetime | None = None,
    cause: Cause = Cause.TIME,
    between: Callable[[int, int], object] = lambda done, of: None,
) -> list[Built]:
    """The standing groups, the cut points of the scores, then every tag with a rule; one that
    fails does not stop the rest. `between(done, of)` hears of each. Opens its own
    transactions."""
    _build_standing(cause=cause, as_of=as_of)
    with read():
        cuts = cut_points.work_out(as_of or clock.now())
    in_transaction(partial(cut_points.freeze, cuts))
    with read():
        tag_ids = [tag.id for tag in rule_tags()]
    ended = []
    for done, tag_id in enumerate(tag_ids, 1):
        built = build(tag_id, cause=cause, as_of=as_of)
        if built is not None:
            ended.append(built)
        between(done, len(tag_ids))
    return ended


def _build_standing(*, cause: Cause, as_of: datetime | None) -> None:
    with alone(BUILDER):
        as_of = as_of or clock.now()
        with read():
            found = standing.find(as_of=as_of)

        def keep() -> None:
            for group_id, members in found.items():
                groups.replace(group_id, members, Build(cause=cause, as_of=as_of))

        in_transaction(keep)


def _build_at_once(tag_id: int, cause: Cause) -> bool:
    began = time.monotonic()
    as_of = clock.now()
    tag = rule_tag(tag_id)
    if tag is None:
        return True
    found = evaluate(tag, surroundings(as_of), seconds=AT_ONCE_SECONDS)
    if found == Failure(error=Code.TOOK_TOO_LONG):
        return False
    _keep(tag, found, _as_build(tag, cause, as_of=as_of, began=began))
    return True


def _as_build(tag: RuleTag, cause: Cause, *, as_of: datetime, began: float) -> Build:
    return Build(
        cause=tag.cause(otherwise=cause),
        as_of=as_of,
        rule_version=tag.rule_version,
        took_ms=round((time.monotonic() - began) * 1000),
    )


def _keep(tag: RuleTag, found: BitMap | Failure, kept: Build) -> Built | None:
    """The tag's row is held from here on: it is edited and deleted before or after."""
    held = select(_tags.c.rule_version).where(_tags.c.id == tag.id).with_for_update(key_share=True)
    if connection().scalar(held) != tag.rule_version:
        return None
    if isinstance(found, Failure):
        groups.fail(tag.group_id, kept, error=found.error, about=found.about)
        members = groups.counts([tag.group_id])[tag.group_id]
        return Built(slug=tag.slug, members=members, failure=found)
    written = groups.replace(tag.group_id, found, kept)
    return Built(slug=tag.slug, members=written.members)
