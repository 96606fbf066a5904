"""Rounds through the dirty: what happens after an import, ahead of time, to who is closed."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import time_machine

from loyalty import scheduler
from loyalty.tags import building, evaluating, rounds
from tests.core.rows import change, column, scalar
from tests.purchases.goods import bring_unnamed
from tests.purchases.receipts import local, phone
from tests.tags.building import SECONDS, drain, members_of
from tests.tags.making import WOMEN, builds, buys, fill, join, make

pytestmark = pytest.mark.usefixtures("store")
BUYERS = {"field": "purchase_count", "op": "ge", "value": 1}


def marks(app) -> int:
    return int(scalar(app, "SELECT count(*) FROM dirty"))


def test_round_without_marks_writes_nothing(app, api):
    make(api, "Buyers", rule=BUYERS)
    join(api, 1)
    drain(app)
    before = column(app, "SELECT id FROM group_builds")
    join(api, 2)
    drain(app)
    assert drain(app) == 0
    told = column(app, "SELECT group_id FROM group_builds WHERE id > :last", last=max(before))
    assert told == [1], "only who is active changed"


def test_purchase_dated_ahead_counts_when_its_time_has_come(app, api):
    make(api, "Buyers", rule=BUYERS)
    now = local("2026-11-20 10:00")
    with time_machine.travel(now, tick=False):
        member_id = buys(api, 1, purchased_at=(now + timedelta(minutes=4)).isoformat())
        drain(app)
        assert members_of(app, "buyers") == set()
        assert column(app, "SELECT DISTINCT member_id FROM dirty") == [member_id]
    with time_machine.travel(now + timedelta(minutes=5), tick=False):
        drain(app)
    assert members_of(app, "buyers") == {member_id}
    assert marks(app) == 0


def test_goods_of_no_purchase_mark_who_brought_them_back(app, api):
    """Also where they are worth no point."""
    make(api, "Spent", rule={"field": "lifetime_spend", "op": "ge", "value": 10_000})
    with time_machine.travel(local("2026-11-20 10:00"), tick=False) as travel:
        member_id = buys(api, 1, amount=10_000)
        travel.shift(timedelta(minutes=1))
        drain(app)
        assert members_of(app, "spent") == {member_id}
        bring_unnamed(api, phone=phone(1), amount=1)
        travel.shift(timedelta(minutes=1))
        drain(app)
    assert members_of(app, "spent") == set()


def test_after_an_import_all_is_built_anew(app, api, monkeypatch):
    make(api, "Women", rule=WOMEN)
    make(api, "Buyers", rule=BUYERS)
    women = {join(api, number, gender="female") for number in range(1, 5)}
    monkeypatch.setattr(rounds, "BACKLOG", 3)
    evaluate = evaluating.evaluate
    late: list[int] = []

    def mark_meanwhile(tag, *args, **named):
        if not late:
            late.append(scalar(app, "SELECT max(id) FROM dirty"))
            change(app, "INSERT INTO dirty (member_id) VALUES (1)")
        return evaluate(tag, *args, **named)

    monkeypatch.setattr(building, "evaluate", mark_meanwhile)
    drain(app)
    assert members_of(app, "women") == women
    assert builds(api, "women")[0]["cause"] == "data"
    assert column(app, "SELECT id FROM dirty") == [late[0] + 1], "marked during the build"


def test_scheduler_goes_through_who_changed_within_seconds(app, api, monkeypatch):
    monkeypatch.setattr(scheduler, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(scheduler, "RENEW_SECONDS", 0.5)
    make(api, "Buyers", rule=BUYERS)
    stop = threading.Event()

    def schedule() -> None:
        with app.app_context():
            scheduler.Runner(app, stop).run()

    runner = threading.Thread(target=schedule)
    runner.start()
    try:
        member_id = buys(api, 1)
        end = time.monotonic() + SECONDS
        while members_of(app, "buyers") != {member_id} and time.monotonic() < end:
            stop.wait(0.05)
    finally:
        stop.set()
        runner.join(SECONDS)
    assert members_of(app, "buyers") == {member_id}
    assert not runner.is_alive()


@pytest.mark.parametrize("backlog", [0, rounds.BACKLOG], ids=["all anew", "by a round"])
def test_who_is_not_active_any_more_leaves_groups_without_a_rule_too(
    app, api, monkeypatch, backlog
):
    gone, stays = join(api, 1, gender="female"), join(api, 2, gender="female")
    make(api, "Women", rule=WOMEN)
    make(api, "By hand")
    fill(api, "by-hand", add=["0912000001", "0912000002"])
    drain(app)
    monkeypatch.setattr(rounds, "BACKLOG", backlog)
    change(app, "UPDATE members SET closed_at = joined_at WHERE id = :id", id=gone)
    drain(app)
    assert members_of(app, "by-hand") == members_of(app, "women") == {stays}
    assert marks(app) == 0
