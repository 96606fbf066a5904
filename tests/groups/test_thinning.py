"""The log of groups stays small, and still says since when and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from sqlalchemy import update

from loyalty.core.db import connection, table_of
from loyalty.groups import history, thinning
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, GroupBuild, GroupChange, GroupKind
from loyalty.groups.rules import Change
from tests.groups.making import build, came_in, change, new_group, rows_of

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
"""In Ho Chi Minh City, where the shop is, 12:00."""
NIGHT = datetime(2026, 11, 22, 20, tzinfo=UTC)
"""Two nights later, 03:00 local."""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def thin(app):
    def run(now: datetime = NIGHT) -> int:
        with app.app_context():
            return thinning.thin_out(now)

    return run


def days_later(days: int) -> datetime:
    return NOON + timedelta(days=days)


def aged(days: int) -> None:
    """What was written so far ended so many days before NIGHT."""
    builds = table_of(GroupBuild)
    connection().execute(update(builds).values(ended_at=NIGHT - timedelta(days=days)))


def log_of(group_id: int) -> list[tuple[str, int | None, int | None]]:
    """(cause, added, removed), oldest first."""
    rows = history.builds_of(group_id, limit=10_000)
    return [(row.cause, row.added, row.removed) for row in reversed(rows)]


def net(group_id: int, since: int) -> tuple[set[int], set[int]]:
    whole = Change()
    for _, added, removed in history.changes_since(group_id, since):
        whole = whole.then(Change(added, removed))
    return set(whole.added), set(whole.removed)


# -- one build a day -------------------------------------------------------------


def test_the_rounds_of_one_day_become_one_build(inside, thin):
    def fill() -> int:
        group_id = new_group([1, 65_536])
        change(group_id, add=[2], as_of=NOON)
        change(group_id, add=[3, 65_537], remove=[1], as_of=NOON + MINUTE)
        change(group_id, remove=[2], as_of=NOON + 2 * MINUTE)
        return group_id

    group_id = inside(fill)
    assert thin() == 2

    def look():
        assert log_of(group_id) == [("first", 2, 0), ("data", 2, 1)]
        assert came_in(group_id, 65_537).as_of == NOON + 2 * MINUTE
        assert came_in(group_id, 65_536).cause == "first"
        assert groups.read_members(group_id) == BitMap([3, 65_536, 65_537])

    inside(look)


def test_a_second_time_changes_nothing(inside, thin):
    def fill() -> int:
        group_id = new_group([1])
        for member in (2, 3, 4):
            change(group_id, add=[member], as_of=NOON)
        return group_id

    group_id = inside(fill)
    assert (thin(), thin()) == (2, 0)
    assert inside(lambda: log_of(group_id)) == [("first", 1, 0), ("data", 3, 0)]


def test_what_came_and_went_within_a_day_leaves_no_change(inside, thin):
    def fill() -> int:
        group_id = new_group([1])
        change(group_id, add=[2], as_of=NOON)
        change(group_id, remove=[2], as_of=NOON)
        return group_id

    group_id = inside(fill)
    thin()
    assert inside(lambda: log_of(group_id)) == [("first", 1, 0), ("data", 0, 0)]
    assert inside(lambda: rows_of(GroupChange)) == 0


def test_days_are_those_of_the_shop(inside, thin):
    """23:59 and 00:01 in the shop's zone are one day in UTC, and two for the shop."""
    midnight = datetime(2026, 11, 19, 17, tzinfo=UTC)

    def fill() -> int:
        group_id = new_group([1])
        change(group_id, add=[2], as_of=midnight - MINUTE)
        change(group_id, add=[3], as_of=midnight + MINUTE)
        change(group_id, add=[4], as_of=NOON)
        return group_id

    group_id = inside(fill)
    assert thin() == 1
    assert inside(lambda: log_of(group_id)) == [("first", 1, 0), ("data", 1, 0), ("data", 2, 0)]


def test_the_last_day_stays_as_it_is(inside, thin):
    def fill() -> int:
        group_id = new_group([1])
        for member in (2, 3):
            change(group_id, add=[member], as_of=NIGHT - timedelta(hours=23))
        return group_id

    group_id = inside(fill)
    assert thin() == 0
    assert len(inside(lambda: log_of(group_id))) == 3


def test_only_neighbours_become_one(inside, thin):
    """What a person or the night did in between stays, and stays in order."""

    def fill() -> int:
        group_id = new_group([1])
        change(group_id, add=[2], as_of=NOON)
        change(group_id, remove=[2], as_of=NOON, cause=Cause.RULE)
        change(group_id, add=[2], as_of=NOON)
        change(group_id, add=[3], as_of=NOON)
        change(group_id, add=[4], as_of=NOON, cause=Cause.MANUAL)
        change(group_id, add=[5], as_of=NOON, cause=Cause.MANUAL)
        return group_id

    group_id = inside(fill)
    assert thin() == 1
    assert inside(lambda: log_of(group_id)) == [
        ("first", 1, 0),
        ("data", 1, 0),
        ("rule", 0, 1),
        ("data", 2, 0),
        ("manual", 1, 0),
        ("manual", 1, 0),
    ]


def test_of_builds_that_failed_alike_one_is_kept(inside, thin):
    def fill() -> int:
        group_id = new_group([1])
        for _ in range(3):
            groups.fail(group_id, build(Cause.DATA, NOON), error="unknown_store")
        groups.fail(group_id, build(Cause.DATA, NOON), error="unknown_attribute")
        change(group_id, add=[2], as_of=NOON)
        return group_id

    group_id = inside(fill)
    assert thin() == 2
    rows = inside(lambda: history.builds_of(group_id))
    assert [row.error for row in rows] == [None, "unknown_attribute", "unknown_store", None]
    assert rows[2].added is None


def test_groups_are_thinned_apart(inside, thin):
    def fill() -> tuple[int, int]:
        one, other = new_group([1]), new_group([1])
        for member in (2, 3):
            change(one, add=[member], as_of=NOON)
            change(other, add=[member + 10], as_of=NOON)
        return one, other

    one, other = inside(fill)
    assert thin() == 2

    def look():
        assert came_in(one, 3).cause == "data"
        assert came_in(other, 13).cause == "data"
        assert log_of(one) == log_of(other) == [("first", 1, 0), ("data", 2, 0)]

    inside(look)


def test_long_runs_are_merged_step_by_step(inside, thin, monkeypatch):
    monkeypatch.setattr(thinning, "STEP", 3)

    def fill() -> int:
        group_id = new_group([1])
        for member in range(2, 13):
            change(group_id, add=[member], remove=[member - 1], as_of=NOON)
        return group_id

    group_id = inside(fill)
    assert thin() == 10
    assert inside(lambda: log_of(group_id)) == [("first", 1, 0), ("data", 1, 1)]


def test_a_step_that_broke_off_is_taken_up(inside, thin, monkeypatch):
    monkeypatch.setattr(thinning, "STEP", 2)

    def fill() -> int:
        group_id = new_group([1])
        for member in range(2, 9):
            change(group_id, add=[member], as_of=NOON)
        return group_id

    group_id = inside(fill)
    merge, calls = thinning._merge_step, []

    def breaks(ids):
        calls.append(ids)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return merge(ids)

    monkeypatch.setattr(thinning, "_merge_step", breaks)
    with pytest.raises(RuntimeError):
        thin()
    thin()
    assert inside(lambda: log_of(group_id)) == [("first", 1, 0), ("data", 7, 0)]


def test_a_group_deleted_meanwhile_is_passed_over(inside, app):
    def fill() -> tuple[int, list[int]]:
        group_id = new_group([1])
        for member in (2, 3):
            change(group_id, add=[member], as_of=NOON)
        return group_id, [row.id for row in reversed(history.builds_of(group_id))][1:]

    group_id, run = inside(fill)
    inside(lambda: groups.delete_group(group_id))
    assert inside(lambda: thinning._merge_step(run)) == 0
    assert inside(lambda: thinning._forget(group_id, run)) == 0


# -- audiences -------------------------------------------------------------------


def built_on(group_id: int) -> int:
    """An audience whose last build stood where the group stands now."""
    audience = groups.create(GroupKind.AUDIENCE)
    based_on = history.newest_builds([group_id])
    groups.replace(audience, BitMap([1]), build(Cause.FIRST, based_on=based_on))
    return based_on[group_id]


def test_what_an_audience_has_yet_to_hear_of_is_not_mixed_with_what_it_has_heard(inside, thin):
    def fill() -> tuple[int, int]:
        group_id = new_group([1])
        change(group_id, add=[2], as_of=NOON)
        change(group_id, add=[3], as_of=NOON)
        seen = built_on(group_id)
        change(group_id, add=[4], remove=[2], as_of=NOON)
        change(group_id, add=[5], as_of=NOON)
        return group_id, seen

    group_id, seen = inside(fill)
    assert thin() == 2

    def look():
        assert net(group_id, seen) == ({4, 5}, {2})
        assert log_of(group_id) == [("first", 1, 0), ("data", 2, 0), ("data", 2, 1)]

    inside(look)


def test_what_an_audience_has_yet_to_hear_of_is_not_forgotten(inside, thin):
    def fill() -> tuple[int, int]:
        group_id = new_group([1])
        change(group_id, add=[2])
        seen = built_on(group_id)
        change(group_id, remove=[2], cause=Cause.TIME)
        change(group_id, add=[3], cause=Cause.TIME)
        aged(500)
        return group_id, seen

    group_id, seen = inside(fill)
    thin()
    assert inside(lambda: net(group_id, seen)) == ({3}, {2})


def test_an_audiences_own_builds_stay_apart(inside, thin):
    """A round takes a closed member out of it: that is no whole build."""

    def fill() -> tuple[int, int]:
        audience = new_group([1, 2, 3], kind=GroupKind.AUDIENCE)
        change(audience, remove=[1], as_of=NOON)
        change(audience, remove=[2], as_of=NOON)
        groups.replace(audience, BitMap([3, 4]), build(Cause.DATA, NOON, based_on={1: 1}))
        whole = history.newest_builds([audience])[audience]
        change(audience, remove=[3], as_of=NOON)
        change(audience, remove=[4], as_of=NOON)
        return audience, whole

    audience, whole = inside(fill)
    assert thin() == 2
    builds = inside(lambda: history.builds_of(audience))
    assert [(row.added, row.removed) for row in builds] == [(0, 2), (1, 0), (0, 2), (3, 0)]
    assert builds[1].id == whole

    inside(lambda: aged(500))
    thin()
    assert whole in [row.id for row in inside(lambda: history.builds_of(audience))]


# -- what is old -----------------------------------------------------------------


def test_what_is_old_is_forgotten_but_for_since_when_members_are_in(inside, thin):
    def fill() -> int:
        group_id = new_group([1, 65_536])
        change(group_id, add=[2, 3], as_of=NOON, cause=Cause.TIME)
        change(group_id, remove=[3], as_of=days_later(1), cause=Cause.TIME)
        change(group_id, add=[4], as_of=days_later(1), cause=Cause.MANUAL)
        change(group_id, remove=[4], as_of=days_later(1), cause=Cause.MANUAL)
        aged(401)
        change(group_id, add=[5], as_of=days_later(2), cause=Cause.TIME)
        return group_id

    group_id = inside(fill)
    assert thin() == 3
    assert thin() == 0

    def look():
        assert [cause for cause, _, _ in log_of(group_id)] == ["first", "time", "time"]
        assert came_in(group_id, 65_536).cause == "first"
        assert came_in(group_id, 2).as_of == NOON
        assert came_in(group_id, 5).as_of == days_later(2)
        assert rows_of(GroupChange) == 2

    inside(look)


def test_nothing_is_forgotten_before_400_days(inside, thin):
    def fill() -> int:
        group_id = new_group([1])
        change(group_id, add=[2], cause=Cause.TIME)
        change(group_id, remove=[2], cause=Cause.TIME)
        change(group_id, add=[3], cause=Cause.TIME)
        aged(399)
        return group_id

    group_id = inside(fill)
    assert thin() == 0
    assert len(inside(lambda: log_of(group_id))) == 4


def test_the_first_and_the_newest_build_stay_however_old(inside, thin):
    def fill() -> int:
        group_id = new_group([1])
        change(group_id, add=[2], cause=Cause.TIME)
        change(group_id, remove=[2], cause=Cause.TIME)
        aged(2_000)
        return group_id

    group_id = inside(fill)
    newest = inside(lambda: history.newest_builds([group_id]))
    assert thin() == 1
    assert inside(lambda: log_of(group_id)) == [("first", 1, 0), ("time", 0, 1)]
    assert inside(lambda: history.newest_builds([group_id])) == newest


def test_old_builds_are_forgotten_in_steps(inside, thin, monkeypatch):
    monkeypatch.setattr(thinning, "STEP", 2)

    def fill() -> int:
        group_id = new_group([1])
        for _ in range(3):
            change(group_id, add=[2], cause=Cause.TIME)
            change(group_id, remove=[2], cause=Cause.TIME)
        aged(500)
        return group_id

    group_id = inside(fill)
    assert thin() == 5
    assert inside(lambda: len(log_of(group_id))) == 2


# -- whatever happened -------------------------------------------------------------

events = st.lists(
    st.tuples(
        st.sampled_from([Cause.DATA, Cause.DATA, Cause.DATA, Cause.TIME, Cause.MANUAL]),
        st.sets(st.integers(1, 5)),
        st.sets(st.integers(1, 5)),
        st.integers(0, 2),
    ),
    max_size=12,
)


@settings(
    max_examples=12,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=events, seen_after=st.integers(0, 12))
def test_thinning_changes_no_answer(inside, thin, events, seen_after):
    def fill() -> tuple[int, int | None]:
        group_id, seen, day = new_group([1, 2]), None, 0
        for place, (cause, add, remove, wait) in enumerate(events):
            day += wait
            as_of = days_later(day - 40) + place * MINUTE
            change(group_id, add=add, remove=remove, as_of=as_of, cause=cause)
            if place == seen_after:
                seen = built_on(group_id)
        return group_id, seen

    # Who went and came back within a day was in all the time, says the log of that day.
    been_away = set().union(*(remove for cause, _, remove, _ in events if cause == Cause.DATA))
    group_id, seen = inside(fill)
    before = inside(lambda: _answers(group_id, seen, besides=been_away))
    thin()
    assert inside(lambda: _answers(group_id, seen, besides=been_away)) == before


def _answers(group_id: int, seen: int | None, *, besides: set[int]) -> Any:
    """Who is in, since what day and why, and what an audience hears of."""
    members = groups.read_members(group_id)
    builds = {member: came_in(group_id, member) for member in members if member not in besides}
    since = {member: (row.cause, row.as_of.date()) for member, row in builds.items()}
    return members, since, seen and net(group_id, seen)
