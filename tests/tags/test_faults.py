"""What happens while a tag is built: the group seen is always a whole one, and nobody waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from loyalty.groups.rules import place_of, unpack
from loyalty.tags import building, evaluating, rounds
from loyalty.tags.building import Built
from loyalty.tags.compiling import members_where
from loyalty.tags.documents import from_document
from tests.api import Api
from tests.core.rows import change, column, scalar
from tests.members.attributes import declare
from tests.purchases.receipts import phone
from tests.tags.building import (
    SECONDS,
    build,
    do_jobs,
    drain,
    in_the_middle,
    members_of,
    one_round,
)
from tests.tags.making import MEN, WOMEN, builds, buys, fill, join, make, see

pytestmark = pytest.mark.usefixtures("store")
BOUGHT = {"field": "purchase_count", "op": "ge", "value": 1}
NOT_BOUGHT = {"not": BOUGHT}


@pytest.fixture
def women(app, api) -> tuple[int, int]:
    """Two of them, in a tag, and a man; nobody is marked."""
    hoa, mai = join(api, 1, gender="female"), join(api, 2, gender="female")
    join(api, 3, gender="male")
    make(api, "Women", rule=WOMEN)
    drain(app)
    return hoa, mai


def history_tells_of(app, member_id: int) -> bool:
    """Whether any build says that it put this member in or took it out."""
    chunk, position = place_of(member_id)
    stored = [
        *column(app, "SELECT added FROM group_changes WHERE chunk = :chunk", chunk=chunk),
        *column(app, "SELECT removed FROM group_changes WHERE chunk = :chunk", chunk=chunk),
    ]
    return any(bitmap and position in unpack(bitmap) for bitmap in stored)


def test_two_builders_take_turns(app, api, women, monkeypatch):
    at_work, most = 0, 0
    evaluate, guard = evaluating.evaluate, threading.Lock()

    def count(*args, **named):
        nonlocal at_work, most
        with guard:
            at_work += 1
            most = max(most, at_work)
        found = evaluate(*args, **named)
        threading.Event().wait(0.05)
        with guard:
            at_work -= 1
        return found

    monkeypatch.setattr(building, "evaluate", count)
    with ThreadPoolExecutor(4) as threads:
        ended = [threads.submit(build, app, "women") for _ in range(4)]
        assert [each.result(SECONDS) for each in ended] == [Built(slug="women", members=2)] * 4
    assert most == 1
    assert members_of(app, "women") == set(women)


def test_edit_does_not_wait_for_a_build_and_wins(app, api, women, monkeypatch):
    with in_the_middle(monkeypatch, lambda: build(app, "women")) as building_old:
        answer = api.patch("/tags/women", {"rule": MEN})
        assert answer.status_code == 200, answer.json
        assert not building_old.done()
    assert building_old.result() is None
    do_jobs(app)
    seen = see(api, "women")
    assert (seen["rule_version"], seen["count"], seen["failing"]) == (2, 1, None)
    assert members_of(app, "women").isdisjoint(women)
    assert builds(api, "women")[0]["cause"] == "rule"


def test_round_leaves_a_tag_that_was_edited_meanwhile(app, api, women, monkeypatch):
    buys(api, 1)
    with in_the_middle(monkeypatch, lambda: one_round(app), of=rounds):
        api.patch("/tags/women", {"rule": MEN})
    do_jobs(app)
    assert members_of(app, "women").isdisjoint(women)


def test_delete_does_not_wait_for_a_build_and_leaves_nothing(app, api, women, monkeypatch):
    with in_the_middle(monkeypatch, lambda: build(app, "women")) as building_it:
        assert api.delete("/tags/women").status_code == 204
    assert building_it.result() is None
    assert api.get("/tags/women").status_code == 404
    assert scalar(app, "SELECT count(*) FROM groups WHERE kind = 'tag'") == 0


def test_tag_deleted_during_a_round_stops_nobody(app, api, women, monkeypatch):
    make(api, "Buyers", rule=BOUGHT)
    buys(api, 1)
    with in_the_middle(monkeypatch, lambda: one_round(app), of=rounds):
        assert api.delete("/tags/women").status_code == 204
    assert members_of(app, "buyers") == {women[0]}
    assert drain(app) == 0


def test_purchase_during_a_build_is_in_after_the_next_round(app, api, women, monkeypatch):
    make(api, "Buyers", rule=BOUGHT)
    with in_the_middle(monkeypatch, lambda: build(app, "buyers")) as building_it:
        buys(api, 1)
        assert not building_it.done()
    assert members_of(app, "buyers") == set()
    drain(app)
    assert members_of(app, "buyers") == {women[0]}


def test_change_during_a_round_is_looked_at_by_the_next(app, api, women, monkeypatch):
    make(api, "Buyers", rule=BOUGHT)
    buys(api, 1)
    with in_the_middle(monkeypatch, lambda: one_round(app), of=rounds):
        buys(api, 2)
    assert members_of(app, "buyers") == {women[0]}
    assert drain(app) > 0
    assert members_of(app, "buyers") == set(women)


def test_round_waits_for_the_build_that_looked_before(app, api, women, monkeypatch):
    """Else it would take the mark away, and the build write what was before."""
    make(api, "Buyers", rule=BOUGHT)
    with ThreadPoolExecutor(1) as threads:
        with in_the_middle(monkeypatch, lambda: build(app, "buyers")):
            buys(api, 1)
            rounding = threads.submit(drain, app)
            threading.Event().wait(0.2)
            assert not rounding.done()
        rounding.result(SECONDS)
    assert members_of(app, "buyers") == {women[0]}


def test_round_waits_for_a_rule_that_is_being_saved(app, api, women, monkeypatch, database_url):
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    other = Api(app.test_client(), api.key)
    with ThreadPoolExecutor(1) as threads:
        with in_the_middle(monkeypatch, lambda: make(other, "Buyers", rule=BOUGHT)):
            buys(api, 1)
            rounding = threads.submit(drain, app)
            threading.Event().wait(0.2)
            assert not rounding.done()
        rounding.result(SECONDS)
    assert members_of(app, "buyers") == {women[0]}


def test_member_closed_during_a_build_leaves_every_group(app, api, women, monkeypatch):
    hoa, mai = women
    make(api, "By hand")
    fill(api, "by-hand", add=[phone(1), phone(2)])
    with in_the_middle(monkeypatch, lambda: build(app, "women")):
        change(app, "UPDATE members SET closed_at = joined_at WHERE id = :id", id=hoa)
    drain(app)
    assert members_of(app, "women") == members_of(app, "by-hand") == {mai}
    assert see(api, "women")["failing"] is None


def test_member_erased_during_a_build_is_in_no_group_and_no_history(app, api, women, monkeypatch):
    """The build saw her, and writes that it put her in after the erasure took her out."""
    hoa, _ = women
    make(api, "Men", rule=MEN)
    assert api.patch(f"/members/{hoa}", {"gender": "male"}).status_code == 200
    with in_the_middle(monkeypatch, lambda: build(app, "men")):
        erased = api.post(f"/members/{hoa}/erasure", {"reason": "asked"})
        assert erased.status_code == 200, erased.json
    assert history_tells_of(app, hoa)
    drain(app)
    assert not history_tells_of(app, hoa)
    assert hoa not in members_of(app, "men") | members_of(app, "women")


def test_failed_tag_keeps_its_members_says_why_and_stops_no_other(app, api, cli, women):
    assert (
        api.post("/attributes", {"name": "car", "label": "Car", "kind": "text"}).status_code == 201
    )
    rule = {"any": [WOMEN, {"field": "attributes.car", "op": "eq", "value": "VF3"}]}
    make(api, "Drivers", rule=rule)
    make(api, "Zz later", rule=WOMEN)
    assert api.delete("/attributes/car").status_code in (200, 204)

    refreshed = cli.invoke(args=["tags", "refresh"])
    assert refreshed.exit_code == 1
    assert refreshed.output.splitlines()[0] == "women: 2"
    assert "drivers: 2 as before, failed:" in refreshed.output
    seen = see(api, "drivers")
    assert (seen["count"], seen["failing"]["code"]) == (2, "unknown_attribute")
    assert seen["failing"]["about"] == "car"

    newcomer = join(api, 4, gender="female")
    drain(app)
    assert newcomer in members_of(app, "women") & members_of(app, "zz-later")
    assert newcomer not in members_of(app, "drivers")

    declare(api, "car", "text")
    assert cli.invoke(args=["tags", "refresh", "drivers"]).exit_code == 0
    assert see(api, "drivers")["failing"] is None
    assert newcomer in members_of(app, "drivers")


def test_rule_that_fails_in_a_round_is_tried_again_by_a_job(app, api, women, monkeypatch):
    make(api, "Zz later", rule={"not": MEN})
    newcomer = join(api, 4, gender="female")

    def fail(rules, *args, **named):
        raise RuntimeError("no rows here")

    def fail_for_women(rule, *args, **named):
        return fail(rule) if rule == from_document(WOMEN) else members_where(rule, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(evaluating, "each_where", fail)
        patch.setattr(evaluating, "members_where", fail_for_women)
        drain(app)
    assert newcomer not in members_of(app, "women")
    assert newcomer in members_of(app, "zz-later")
    assert see(api, "women")["failing"]["code"] == "internal_error"
    do_jobs(app)
    assert newcomer in members_of(app, "women")
    assert see(api, "women")["failing"] is None
