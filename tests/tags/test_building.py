"""Tags follow their rules: at once, by a job, every day, and by command."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import Integer, literal, select

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.core.turns import alone
from loyalty.groups.models import Cause
from loyalty.scheduler import queue_daily_build, thin_out_groups
from loyalty.tags import building, evaluating
from tests.core.rows import change, column
from tests.purchases.receipts import local
from tests.tags.building import SECONDS, build, do_jobs, drain, members_of
from tests.tags.making import MEN, WOMEN, builds, buys, join, make, see

pytestmark = pytest.mark.usefixtures("store")
BOUGHT_LATELY = {
    "purchases": {
        "agg": "count",
        "op": "ge",
        "value": 1,
        "within": {"last": 30, "unit": "day"},
    }
}


def waiting_jobs(app) -> list[str]:
    return column(app, "SELECT kind FROM jobs WHERE state = 'queued' ORDER BY id")


def never_ending(*_, **__):
    """A rule that takes minutes."""
    numbers = select(literal(1, Integer()).label("n")).cte(recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < 1_000_000_000))
    return select(numbers.c.n).where(numbers.c.n < 0)


# -- at once, or soon ----------------------------------------------------------------


def test_rule_that_takes_long_is_built_by_a_job(app, api, monkeypatch):
    women = join(api, 1, gender="female")
    monkeypatch.setattr(building, "AT_ONCE_SECONDS", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(evaluating, "members_where", never_ending)
        made = make(api, "Women", rule=WOMEN)
    assert (made["count"], made["built_at"], made["failing"]) == (0, None, None)
    assert waiting_jobs(app) == ["tags.build"]
    drain(app)
    assert members_of(app, "women") == set()
    assert do_jobs(app) == 1
    assert members_of(app, "women") == {women}
    assert [each["cause"] for each in builds(api, "women")] == ["first"]


def test_nobody_who_saves_a_rule_waits_for_a_builder(app, api):
    women = join(api, 1, gender="female")
    with app.app_context(), alone(building.BUILDER):
        make(api, "Women", rule=WOMEN)
    do_jobs(app)
    assert members_of(app, "women") == {women}


def test_build_asked_for_twice_is_done_once(app, api):
    make(api, "Women", rule=WOMEN)
    for _ in range(3):
        with app.app_context(), transaction():
            building.build_later(1, cause=Cause.TIME, now=clock.now())
    assert do_jobs(app) == 3
    assert [each["cause"] for each in builds(api, "women")] == ["time", "first"]


def test_cause_says_why_members_changed(app, api):
    join(api, 1, gender="female")
    with time_machine.travel(local("2026-11-01 12:00"), tick=True):
        make(api, "Lately", rule=BOUGHT_LATELY)
        buys(api, 1)
        drain(app)
    with time_machine.travel(local("2026-12-15 12:00"), tick=False):
        build(app, "lately")
        api.patch("/tags/lately", {"rule": WOMEN})
    kept = [(each["cause"], each["added"], each["removed"]) for each in builds(api, "lately")]
    assert kept == [("rule", 1, 0), ("time", 0, 1), ("data", 1, 0), ("first", 0, 0)]


# -- by the clock ----------------------------------------------------------------------


def test_everything_is_built_once_a_day_even_if_the_night_was_missed(app, api):
    with app.app_context():
        with time_machine.travel(local("2026-11-01 23:50"), tick=False):
            join(api, 1, birth_date="2000-11-02")
            make(api, "Today", rule={"field": "birth_date", "op": "birthday_within", "value": 0})
            assert queue_daily_build()
            assert not queue_daily_build()
            do_jobs(app)
            assert not queue_daily_build()
            assert see(api, "today")["count"] == 0
        with time_machine.travel(local("2026-11-02 09:00"), tick=False):
            assert queue_daily_build()
            assert waiting_jobs(app) == ["tags.build_all", "audiences.build_all"]
            do_jobs(app)
            assert see(api, "today")["count"] == 1
            assert not queue_daily_build()
            change(app, "UPDATE jobs SET state = 'failed' WHERE kind = 'tags.build_all'")
            assert queue_daily_build(), "one that failed is tried again"
            assert thin_out_groups() >= 0


def test_who_changes_during_the_daily_build_does_not_wait_for_its_end(app, api, monkeypatch):
    make(api, "Aa women", rule=WOMEN)
    make(api, "Bb men", rule=MEN)
    evaluate = evaluating.evaluate
    seen: list[set[int]] = []

    def change_meanwhile(tag, *args, **named):
        # In threads: a request has an app context of its own.
        if tag.slug == "aa-women":
            threads.submit(join, api, 1, gender="female").result(SECONDS)
            threads.submit(drain, app)
            threading.Event().wait(0.3)
        else:
            seen.append(members_of(app, "aa-women"))
        return evaluate(tag, *args, **named)

    monkeypatch.setattr(building, "evaluate", change_meanwhile)
    with ThreadPoolExecutor(2) as threads:
        with app.app_context():
            queue_daily_build()
        do_jobs(app)
    assert seen == [{1}]


# -- by command ------------------------------------------------------------------------


def test_command_tells_a_line_per_tag(api, cli):
    join(api, 1, gender="female")
    join(api, 2, gender="female")
    make(api, "Women", rule=WOMEN)
    make(api, "Men", rule=MEN)
    make(api, "By hand")
    refreshed = cli.invoke(args=["tags", "refresh"])
    assert (refreshed.exit_code, refreshed.output) == (0, "women: 2\nmen: 0\n")
    one = cli.invoke(args=["tags", "refresh", "men"])
    assert (one.exit_code, one.output) == (0, "men: 0\n")


def test_command_builds_as_of_the_beginning_of_a_day(app, api, cli):
    at = local("2026-10-31 23:59")
    with time_machine.travel(at + timedelta(days=2), tick=False):
        buys(api, 1, purchased_at=at.isoformat())
        make(api, "Lately", rule=BOUGHT_LATELY)
    for day, count in (("2026-10-31", 0), ("2026-11-01", 1), ("2026-11-30", 1), ("2026-12-01", 0)):
        refreshed = cli.invoke(args=["tags", "refresh", "--as-of", day])
        assert refreshed.output == f"lately: {count}\n", day


@pytest.mark.parametrize(
    ("given", "exit_code", "says"),
    [
        (["nowhere"], 1, "unknown_tag"),
        (["by-hand"], 1, "tag_is_manual"),
        (["--as-of", "2026-02-30"], 2, "A date such as"),
        (["--as-of", "0001-01-01"], 2, "A year from"),
    ],
)
def test_command_refuses_in_one_line(api, cli, given, exit_code, says):
    make(api, "By hand")
    refused = cli.invoke(args=["tags", "refresh", *given])
    assert refused.exit_code == exit_code
    assert says in refused.output
    assert "Traceback" not in refused.output
