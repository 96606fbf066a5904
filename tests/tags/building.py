"""A builder in the middle of its work: it has looked and not written, while others go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from loyalty.core import clock
from loyalty.core.db import read
from loyalty.groups import service as groups
from loyalty.groups.models import Cause
from loyalty.jobs import worker
from loyalty.tags import building, evaluating, rounds
from loyalty.tags.building import Built
from tests.core.rows import scalar

SECONDS = 60


def tag_id(app: Flask, slug: str) -> int:
    return int(scalar(app, "SELECT id FROM tags WHERE slug = :slug", slug=slug))


def build(app: Flask, slug: str) -> Built | None:
    which = tag_id(app, slug)
    with app.app_context():
        return building.build(which, cause=Cause.TIME)


def drain(app: Flask) -> int:
    with app.app_context():
        return rounds.drain()


def one_round(app: Flask) -> int:
    with app.app_context():
        return rounds.refresh_dirty(now=clock.now())


def do_jobs(app: Flask) -> int:
    with app.app_context():
        return worker.run_waiting(worker="test")


def members_of(app: Flask, slug: str) -> set[int]:
    """Who stands in the tag's group."""
    group_id = scalar(app, "SELECT group_id FROM tags WHERE slug = :slug", slug=slug)
    with app.app_context(), read():
        return set(groups.read_members(group_id))


@contextmanager
def in_the_middle(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any], *, of: Any = building
) -> Iterator[Future[Any]]:
    """`act` runs in a thread of its own and stops where a builder (`building`, or `rounds`)
    has seen whom a rule finds; at the end of the block it goes on, to the end."""
    looked, go_on = threading.Event(), threading.Event()
    name = "evaluate" if of is building else "evaluate_each"
    look = getattr(evaluating, name)

    def look_and_wait(*args: Any, **named: Any) -> Any:
        found = look(*args, **named)
        looked.set()
        assert go_on.wait(SECONDS)
        return found

    with ThreadPoolExecutor(1) as threads:
        with monkeypatch.context() as patch:
            patch.setattr(of, name, look_and_wait)
            acting = threads.submit(act)
            assert looked.wait(SECONDS)
        try:
            yield acting
        finally:
            go_on.set()
        acting.result(SECONDS)
