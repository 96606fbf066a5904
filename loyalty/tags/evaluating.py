"""Tags that follow a rule, and whom their rules find."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import select

from loyalty.core.db import connection, table_of
from loyalty.core.deadlines import within_seconds
from loyalty.core.errors import Code, Problem
from loyalty.core.logs import log
from loyalty.groups.models import Cause, Group, GroupBuild
from loyalty.groups.selecting import members_of
from loyalty.tags.compiling import each_where, members_where
from loyalty.tags.documents import from_document
from loyalty.tags.language import leaves
from loyalty.tags.models import Tag
from loyalty.tags.purchase_totals import Which, totals_wanted
from loyalty.tags.surroundings import Surroundings

RULES_AT_ONCE = 50
WINDOWS_AT_ONCE = 24
"""How many rules one statement holds at most, and how many windows of purchases."""

_tags = table_of(Tag)
_groups = table_of(Group)
_builds = table_of(GroupBuild)
BUILT_VERSION = (
    select(_builds.c.rule_version)
    .where(_builds.c.group_id == _groups.c.id, _builds.c.error.is_(None))
    .order_by(_builds.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
"""The version of the rule that a group follows: that of its last build which did not fail."""
_WITH_RULE = (
    select(
        _tags.c.id,
        _tags.c.slug,
        _tags.c.group_id,
        _tags.c.rule,
        _tags.c.rule_version,
        BUILT_VERSION.label("built_version"),
        _groups.c.built_at,
        _groups.c.error,
    )
    .join(_groups, _groups.c.id == _tags.c.group_id)
    .where(_tags.c.rule.is_not(None))
    .order_by(_tags.c.id)
)


@dataclass(frozen=True, kw_only=True)
class RuleTag:
    """A tag as its builder sees it. `built_version` is that of the rule which its group
    follows; None before the first build."""

    id: int
    slug: str
    group_id: int
    rule: Mapping[str, Any]
    rule_version: int
    built_version: int | None
    built_at: datetime | None
    error: str | None

    @property
    def is_whole(self) -> bool:
        """Whether its group follows the rule of today; else a whole build of it is due."""
        return self.built_version == self.rule_version and self.error is None

    def cause(self, otherwise: Cause) -> Cause:
        """Why it is built: the first time, for its rule, or as the caller says."""
        if self.built_version is None:
            return Cause.FIRST
        return otherwise if self.built_version == self.rule_version else Cause.RULE


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a rule found nobody: a refusal's code, and what it names."""

    error: Code
    about: str | None = None


def rule_tags() -> list[RuleTag]:
    """Every tag with a rule, oldest first."""
    return [RuleTag(**row) for row in connection().execute(_WITH_RULE).mappings()]


def rule_tag(tag_id: int) -> RuleTag | None:
    """One of them; None where it is gone, or set by hand."""
    row = connection().execute(_WITH_RULE.where(_tags.c.id == tag_id)).mappings().first()
    return None if row is None else RuleTag(**row)


def evaluate(
    tag: RuleTag,
    around: Surroundings,
    *,
    among: Sequence[int] | None = None,
    seconds: float | None = None,
) -> BitMap | Failure:
    """Whom the rule finds, with `among` of these members alone; within `seconds`, if given.

    Whatever goes wrong is this tag's alone. Of an error only the type is logged: its text may
    hold rows.
    """
    try:
        with within_seconds(seconds) if seconds else nullcontext():
            return members_of(members_where(from_document(tag.rule), around, among=among))
    except Problem as why:
        return Failure(error=why.code, about=why.extra.get("about"))
    except Exception as error:
        log.error("tags.failed", tag=tag.id, error=type(error).__name__)
        return Failure(error=Code.INTERNAL_ERROR)


def evaluate_each(
    tags: Sequence[RuleTag], around: Surroundings, *, among: Sequence[int]
) -> list[tuple[RuleTag, BitMap | Failure]]:
    """Whom of these few members each of the rules finds. Many rules go into one statement,
    which takes a fifth of the time; where one of them fails, each goes alone."""
    ended: list[tuple[RuleTag, BitMap | Failure]] = []
    for together in _batches(tags):
        try:
            ended += zip(together, _evaluate_at_once(together, around, among), strict=True)
        except Exception:
            ended += [(tag, evaluate(tag, around, among=among)) for tag in together]
    return ended


def _batches(tags: Sequence[RuleTag]) -> Iterator[list[RuleTag]]:
    """As many as one statement may join: SQLite takes 64 tables."""
    batch: list[RuleTag] = []
    windows: set[Which] = set()
    for tag in tags:
        wanted = _windows_of(tag)
        if len(batch) == RULES_AT_ONCE or len(windows.union(wanted)) > WINDOWS_AT_ONCE:
            yield batch
            batch, windows = [], set()
        batch.append(tag)
        windows.update(wanted)
    if batch:
        yield batch


def _windows_of(tag: RuleTag) -> Collection[Which]:
    try:
        return totals_wanted(leaves(from_document(tag.rule))).keys()
    except Exception:
        return ()  # It cannot be read: its evaluation says so.


def _evaluate_at_once(
    tags: Sequence[RuleTag], around: Surroundings, among: Sequence[int]
) -> list[BitMap]:
    rules = [from_document(tag.rule) for tag in tags]
    rows = connection().execute(each_where(rules, around, among=among)).all()
    return [BitMap(row[0] for row in rows if row[place]) for place in range(1, len(tags) + 1)]
