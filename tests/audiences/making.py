"""Groups for tests: members by their ids, tags that hold whom a test says, audiences of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from flask import Flask
from pyroaring import BitMap
from sqlalchemy import insert, text

from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, is_postgresql, table_of
from loyalty.groups import service as groups
from loyalty.groups.models import Cause
from loyalty.groups.service import ACTIVE, Build
from loyalty.members.models import Member
from loyalty.tags import finding
from loyalty.tags import service as tags
from tests.api import Api


def enrol(app: Flask, ids: Collection[int], *, drained: bool = True) -> None:
    """Members of these ids; `drained`: the standing group has them already."""
    row = {"points": 0, "debt": 0, "source": "test", "joined_at": clock.now()}
    rows = [{"id": member_id, **row} for member_id in ids]

    def act() -> None:
        connection().execute(insert(table_of(Member)), rows)
        if is_postgresql():
            newest = "SELECT setval('members_id_seq', (SELECT max(id) FROM members))"
            connection().execute(text(newest))
        if drained:
            put_in_group(ACTIVE, ids)
            connection().execute(text("DELETE FROM dirty"))

    with app.app_context():
        in_transaction(act)


def close(app: Flask, ids: Iterable[int]) -> None:
    """Closed, and not yet taken out of any group."""

    def act() -> None:
        for member_id in ids:
            closed = "UPDATE members SET closed_at = CURRENT_TIMESTAMP WHERE id = :id"
            connection().execute(text(closed), {"id": member_id})

    with app.app_context():
        in_transaction(act)


def make_tag(app: Flask, slug: str, members: Collection[int] = ()) -> None:
    with app.app_context():
        in_transaction(lambda: tags.create(name=slug, slug=slug))
    put_in(app, slug, members)


def put_in(app: Flask, slug: str, members: Collection[int], *, cause: Cause = Cause.MANUAL) -> None:
    with app.app_context():
        in_transaction(lambda: put_in_group(finding.look(slug).group_id, members, cause=cause))


def take_out(
    app: Flask, slug: str, members: Collection[int], *, cause: Cause = Cause.MANUAL
) -> None:
    with app.app_context():
        in_transaction(
            lambda: groups.adjust(
                finding.look(slug).group_id,
                add=BitMap(),
                remove=BitMap(members),
                build=Build(cause=cause, as_of=clock.now()),
            )
        )


def put_in_group(group_id: int, members: Collection[int], *, cause: Cause = Cause.MANUAL) -> None:
    build = Build(cause=cause, as_of=clock.now())
    groups.adjust(group_id, add=BitMap(members), remove=BitMap(), build=build)


# -- over the API ------------------------------------------------------------------


def make(api: Api, slug: str, expression: Any, **body: Any) -> dict[str, Any]:
    """The view of a new audience."""
    answer = api.post("/audiences", {"name": slug, "slug": slug, "expression": expression, **body})
    assert answer.status_code == 201, answer.json
    return answer.get_json()


def preview(api: Api, expression: Any, **body: Any) -> dict[str, Any]:
    answer = api.post("/audiences/preview", {"expression": expression, **body})
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def deep(levels: int) -> dict[str, Any]:
    """`{"not": {"not": ... {"tag": "a"}}}`"""
    document: dict[str, Any] = {"tag": "a"}
    for _ in range(levels - 1):
        document = {"not": document}
    return document
