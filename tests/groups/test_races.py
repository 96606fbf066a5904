"""Several writers of one group at once, and readers beside them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from pyroaring import BitMap
from sqlalchemy import select

from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.groups import forgetting, history, thinning
from loyalty.groups import service as groups
from loyalty.groups.models import GroupChange
from loyalty.groups.rules import join, unpack
from tests.groups.making import build, change, new_group

SECONDS = 60
WRITERS = 6


def at_once(app: Flask, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Each in a thread and a transaction of its own; all start at the same moment."""
    line = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        with app.app_context():
            line.wait(SECONDS)
            return in_transaction(act)

    with ThreadPoolExecutor(len(acts)) as threads:
        return [future.result(SECONDS) for future in [threads.submit(run, act) for act in acts]]


def added_by(group_id: int, member_id: int) -> Callable[[], Any]:
    return lambda: change(group_id, add=[member_id])


def test_clicks_on_one_chunk_are_all_kept(app, inside):
    group_id = inside(new_group)
    at_once(app, [added_by(group_id, member) for member in range(1, WRITERS + 1)])

    def act():
        assert groups.read_members(group_id) == BitMap(range(1, WRITERS + 1))
        assert groups.counts([group_id]) == {group_id: WRITERS}
        assert len(history.builds_of(group_id)) == WRITERS

    inside(act)


def test_the_same_click_twice_is_one_change(app, inside):
    group_id = inside(new_group)
    written = at_once(app, [added_by(group_id, 7)] * 4)
    assert sorted(len(each.added) for each in written) == [0, 0, 0, 1]
    assert len(inside(lambda: history.builds_of(group_id))) == 1


def one_after_the_other(inside: Any, first: Callable[[], Any], second: Callable[[], Any]) -> None:
    """`second` begins when `first` has written, and has not committed yet."""
    has_written = threading.Event()

    def write_and_linger() -> None:
        first()
        has_written.set()
        time.sleep(0.3)

    def follow() -> None:
        has_written.wait(SECONDS)
        inside(second)

    with ThreadPoolExecutor(2) as threads:
        for future in [threads.submit(inside, write_and_linger), threads.submit(follow)]:
            future.result(SECONDS)


def test_two_whole_builds_leave_one_of_them_whole(inside):
    """Each makes chunks that the other one has not."""
    group_id = inside(lambda: new_group([1]))
    one, other = BitMap([2, 65_536]), BitMap([3, 131_072])
    one_after_the_other(
        inside,
        lambda: groups.replace(group_id, one, build()),
        lambda: groups.replace(group_id, other, build()),
    )
    assert inside(lambda: groups.read_members(group_id)) == other


def test_who_is_erased_while_the_log_is_thinned_is_nowhere_in_it(inside):
    def fill() -> list[int]:
        group_id = new_group([1])
        return [change(group_id, add=[member]).build_id or 0 for member in (2, 3)]

    run = inside(fill)
    one_after_the_other(inside, lambda: thinning._merge_step(run), lambda: forgetting.forget(2))
    rows = inside(lambda: connection().execute(select(table_of(GroupChange))).all())
    assert [(row.build_id, unpack(row.added)) for row in rows] == [(run[1], BitMap([3]))]


def test_a_click_on_another_chunk_does_not_wait_for_one(app, inside):
    """Both hold their chunk at the same time: neither ends before the other has begun."""
    group_id = inside(lambda: new_group([1, 65_537]))
    if app.extensions["settings"].is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    both_hold = threading.Barrier(2)

    def click(member_id: int) -> None:
        change(group_id, add=[member_id])
        both_hold.wait(SECONDS)

    at_once(app, [lambda: click(2), lambda: click(65_538)])
    assert inside(lambda: groups.counts([group_id])) == {group_id: 4}


def test_a_reader_sees_a_whole_build_or_none_of_it(app, inside):
    """Two groups that always change together, in several chunks each."""
    old, new = BitMap([1, 65_536, 131_072]), BitMap([2, 65_537, 131_073])
    pair = [inside(lambda: new_group(old)) for _ in range(2)]
    done = threading.Event()
    seen: list[tuple[BitMap, BitMap]] = []

    def look() -> None:
        with app.app_context():
            while not done.is_set():
                with read():
                    chunks = groups.read_chunks(pair)
                seen.append((join(chunks[pair[0]]), join(chunks[pair[1]])))

    reader = threading.Thread(target=look)
    reader.start()
    for turn in range(10):
        wanted = new if turn % 2 == 0 else old
        inside(lambda: [groups.replace(each, wanted, build()) for each in pair])  # noqa: B023
    done.set()
    reader.join(SECONDS)
    assert seen
    assert all(first == second for first, second in seen)
    assert {frozenset(first) for first, _ in seen} <= {frozenset(old), frozenset(new)}
