"""Builds of audiences: who is in at a moment, kept, so that it can be told what changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Row, select

from loyalty.audiences import composition, counting, service
from loyalty.audiences.language import Leaf, from_document
from loyalty.audiences.models import Audience
from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.logs import log
from loyalty.groups import history
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, GroupBuild, GroupKind
from loyalty.groups.rules import join
from loyalty.groups.service import ACTIVE, Build, Written

_audiences = table_of(Audience)
_builds = table_of(GroupBuild)


def build(slug: str, *, cause: Cause = Cause.DATA) -> Written:
    """Keep who is in now as the newest build.

    `cause` is why it is built where it is not the first build, nor the first of an expression.
    Raises `unknown_audience`.
    """
    began, as_of = time.monotonic(), clock.now()
    row = service.hold(slug)
    expression = from_document(row.expression)
    made_of = composition.compose([Leaf(GroupKind.AUDIENCE, slug)])
    tags = [group_id for leaf, group_id in made_of.groups.items() if leaf.kind == GroupKind.TAG]
    # Asked first: a change that comes in between is then told of once more, not lost.
    based_on = dict.fromkeys([ACTIVE, *tags], 0) | history.newest_builds([ACTIVE, *tags])
    members = join(counting.standing(made_of).of(expression))
    found = Build(
        cause=_cause(row, otherwise=cause),
        as_of=as_of,
        rule_version=row.expression_version,
        took_ms=round((time.monotonic() - began) * 1000),
        based_on=based_on,
    )
    return groups.replace(row.group_id, members, found)


def _cause(row: Row[Any], *, otherwise: Cause) -> Cause:
    last = last_build(row.group_id)
    if last is None:
        return Cause.FIRST
    return otherwise if last.rule_version == row.expression_version else Cause.RULE


def last_build(group_id: int) -> Row[Any] | None:
    """The newest one, and not a round since that took out whom the shop closed."""
    whole = select(_builds).where(_builds.c.group_id == group_id, _builds.c.based_on.is_not(None))
    return connection().execute(whole.order_by(_builds.c.id.desc()).limit(1)).first()


def build_all_audiences(*, between: Callable[[int], object] = lambda done: None) -> int:
    """A build of every audience, each in a transaction of its own; how many came to an end.
    One that fails keeps its last build, says why, and stops no other. `between` is told after
    each how many are done."""
    with read():
        slugs = connection().scalars(select(_audiences.c.slug).order_by(_audiences.c.id)).all()
    built = 0
    for done, slug in enumerate(slugs, start=1):
        built += _build_apart(slug)
        between(done)
    return built


def _build_apart(slug: str) -> bool:
    try:
        in_transaction(lambda: build(slug, cause=Cause.TIME))
    except Exception as error:
        code = error.code if isinstance(error, Problem) else Code.INTERNAL_ERROR
        if code != Code.UNKNOWN_AUDIENCE:
            log.error("audience.build", code=str(code), error=type(error).__name__)
            in_transaction(lambda: _fail(slug, code))
        return False
    return True


def _fail(slug: str, code: Code) -> None:
    """Of one that was deleted in the meantime there is nothing to say."""
    with suppress(Problem):
        group_id = service.hold(slug).group_id
        groups.fail(group_id, Build(cause=Cause.TIME, as_of=clock.now()), error=str(code))
