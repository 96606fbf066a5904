"""Groups are read as they were written, and tell how they came to be so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from loyalty.core.db import connection, table_of
from loyalty.groups import history
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, Group, GroupChange, GroupChunk, GroupKind
from tests.groups.making import AS_OF, EDGES, build, came_in, change, new_group, rows_of

LATER = AS_OF + timedelta(hours=1)


def group_row(group_id):
    table = table_of(Group)
    return connection().execute(select(table).where(table.c.id == group_id)).one()


# -- who is in -------------------------------------------------------------------


def test_a_group_is_read_as_it_was_written(inside):
    def act():
        group_id = new_group(EDGES)
        assert groups.read_members(group_id) == BitMap(EDGES)
        assert groups.counts([group_id]) == {group_id: len(EDGES)}
        assert sorted(groups.read_chunks([group_id])[group_id]) == [0, 1, 2, 32_767]

    inside(act)


def test_a_new_group_has_nobody(inside):
    def act():
        group_id = new_group()
        assert groups.read_chunks([group_id]) == {group_id: {}}
        assert groups.read_members(group_id) == BitMap()
        assert groups.counts([group_id]) == {group_id: 0}
        assert groups.read_chunks([]) == {}
        assert groups.counts([]) == {}
        assert history.newest_builds([]) == {}

    inside(act)


def test_several_groups_are_read_at_once(inside):
    def act():
        one, other = new_group([1, 70_000]), new_group([2])
        chunks = groups.read_chunks([other, one])
        assert chunks == {one: {0: BitMap([1]), 1: BitMap([4_464])}, other: {0: BitMap([2])}}

    inside(act)


def test_a_whole_chunk_and_none_of_it(inside):
    def act():
        group_id = new_group(range(65_536))
        assert groups.counts([group_id]) == {group_id: 65_536}
        written = groups.replace(group_id, BitMap(), build())
        assert (written.members, len(written.removed)) == (0, 65_536)
        assert rows_of(GroupChunk) == 0

    inside(act)


def test_only_chunks_that_changed_are_written(inside):
    def act():
        group_id = new_group([1, 70_000, 140_000])
        written = groups.replace(group_id, BitMap([1, 70_001, 140_000]), build())
        assert (written.added, written.removed) == (BitMap([70_001]), BitMap([70_000]))
        changed = connection().execute(select(table_of(GroupChange).c.chunk)).scalars().all()
        assert changed == [1]

    inside(act)


def test_groups_of_a_member_by_kind(inside):
    def act():
        tag, other = new_group([65_536]), new_group([65_535])
        audience = new_group([65_536], kind=GroupKind.AUDIENCE)
        assert groups.groups_of(65_536, kind=GroupKind.TAG) == [tag]
        assert groups.groups_of(65_535, kind=GroupKind.TAG) == [other]
        assert groups.groups_of(65_536, kind=GroupKind.AUDIENCE) == [audience]
        assert groups.groups_of(131_072, kind=GroupKind.TAG) == []

    inside(act)


# -- changed ---------------------------------------------------------------------


def test_adjust_tells_only_what_changed(inside):
    def act():
        group_id = new_group([1, 2])
        written = change(group_id, add=[2, 3, 65_536], remove=[1, 9])
        assert (written.added, written.removed) == (BitMap([3, 65_536]), BitMap([1]))
        assert written.members == 3
        assert groups.read_members(group_id) == BitMap([2, 3, 65_536])

    inside(act)


def test_of_who_is_put_in_and_taken_out_out(inside):
    def act():
        group_id = new_group([1])
        change(group_id, add=[1, 2], remove=[1, 2])
        assert groups.read_members(group_id) == BitMap()
        assert rows_of(GroupChunk) == 0

    inside(act)


def test_an_adjustment_that_changes_nothing_is_not_kept(inside):
    def act():
        group_id = new_group([1])
        before = history.newest_builds([group_id])
        assert change(group_id, add=[1], remove=[7]).build_id is None
        assert history.newest_builds([group_id]) == before

    inside(act)


def test_a_whole_build_that_changes_nothing_is_kept(inside):
    def act():
        group_id = new_group([1])
        written = groups.replace(group_id, BitMap([1]), build(Cause.TIME, LATER))
        assert written.build_id == history.newest_builds([group_id])[group_id]
        assert group_row(group_id).built_at == LATER
        newest = history.builds_of(group_id)[0]
        assert (newest.added, newest.removed, newest.members) == (0, 0, 1)

    inside(act)


def test_a_failed_build_leaves_the_set_and_says_why(inside):
    def act():
        group_id = new_group([1, 2])
        groups.fail(group_id, build(Cause.TIME, LATER), error="unknown_store", about="S9")
        assert groups.read_members(group_id) == BitMap([1, 2])
        row = group_row(group_id)
        assert (row.built_at, row.failed_at) == (AS_OF, LATER)
        assert (row.error, row.error_about) == ("unknown_store", "S9")
        newest = history.builds_of(group_id)[0]
        assert (newest.error, newest.members) == ("unknown_store", None)

        groups.replace(group_id, BitMap([1]), build(Cause.DATA, LATER))
        row = group_row(group_id)
        assert (row.error, row.error_about, row.failed_at) == (None, None, None)

    inside(act)


def test_what_a_failure_is_about_is_cut(inside):
    def act():
        group_id = new_group()
        groups.fail(group_id, build(), error="e" * 90, about="a" * 300)
        row = group_row(group_id)
        assert (len(row.error), len(row.error_about)) == (64, 100)

    inside(act)


def test_a_deleted_group_takes_all_of_it_along(inside):
    def act():
        group_id = new_group([1, 65_536])
        change(group_id, add=[2])
        groups.delete_group(group_id)
        assert (rows_of(GroupChunk), rows_of(GroupChange)) == (0, 0)
        assert history.builds_of(group_id) == []

    inside(act)


@pytest.mark.parametrize("group_id", [0, 999_999])
def test_a_group_that_is_not_there_takes_nobody(inside, group_id):
    with pytest.raises(IntegrityError):
        inside(lambda: change(group_id, add=[1]))


# -- how it came to be so ----------------------------------------------------------


def test_builds_are_paged_newest_first(inside):
    def act():
        group_id = new_group([1])
        for member in (2, 3, 4):
            change(group_id, add=[member])
        first_page = history.builds_of(group_id, limit=2)
        second_page = history.builds_of(group_id, before=first_page[-1].id, limit=2)
        assert [row.members for row in first_page + second_page] == [4, 3, 2, 1]
        assert [row.cause for row in second_page] == ["data", "first"]

    inside(act)


def test_a_build_keeps_who_made_it_and_what_it_was_based_on(inside):
    def act():
        group_id = new_group()
        kept = build(Cause.RULE, rule_version=3, took_ms=12, based_on={7: 8})
        groups.replace(group_id, BitMap([1]), kept)
        [row] = history.builds_of(group_id)
        assert (row.rule_version, row.duration_ms, row.based_on) == (3, 12, {"7": 8})
        assert row.actor

    inside(act)


def test_since_when_a_member_is_in(inside):
    def act():
        group_id = new_group([1, 65_536])
        change(group_id, add=[2], as_of=LATER)
        change(group_id, remove=[1], as_of=LATER + timedelta(hours=1))
        change(group_id, add=[1], as_of=LATER + timedelta(hours=2), cause=Cause.MANUAL)
        assert came_in(group_id, 65_536).cause == "first"
        assert came_in(group_id, 2).as_of == LATER
        back = came_in(group_id, 1)
        assert (back.cause, back.as_of) == ("manual", LATER + timedelta(hours=2))

    inside(act)


def test_a_history_that_does_not_reach_back_says_nothing(inside):
    def act():
        group_id = new_group()
        change(group_id, add=[1], cause=Cause.MANUAL)
        assert history.came_in(group_id, 2) is None

    inside(act)


def test_what_changed_since_a_build_oldest_first(inside):
    def act():
        group_id = new_group([1])
        seen = history.newest_builds([group_id])[group_id]
        change(group_id, add=[2, 65_536])
        change(group_id, remove=[1], cause=Cause.MANUAL)
        assert history.changes_since(group_id, seen) == [
            (Cause.DATA, BitMap([2]), BitMap()),
            (Cause.DATA, BitMap([65_536]), BitMap()),
            (Cause.MANUAL, BitMap(), BitMap([1])),
        ]
        newest = history.newest_builds([group_id])[group_id]
        assert history.changes_since(group_id, newest) == []

    inside(act)


def test_the_first_build_writes_no_changes(inside):
    def act():
        new_group(range(1_000))
        assert rows_of(GroupChange) == 0

    inside(act)
