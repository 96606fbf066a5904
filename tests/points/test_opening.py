"""Opening balances: one a member, a lot of its own, debts first, and taken back whole."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from loyalty.core import clock
from loyalty.core.db import in_transaction, read, transaction
from loyalty.core.errors import Code, Problem
from loyalty.members import service as members
from loyalty.points import opening
from loyalty.points.opening import Opening
from loyalty.programme.policy import Expiry, ExpiryMode, Policy
from loyalty.programme.rules import Programme
from tests.core.rows import scalar
from tests.imports.files import written
from tests.points.spending import hold, release, spend
from tests.purchases.receipts import LOCAL, buy, phone, points_of, problem
from tests.tags.making import at_once, join

LATER = datetime(2031, 1, 1, tzinfo=UTC)


def bring(app, points, *, expires_at=LATER):
    """Opening balances {member id: points}; the entry of each who got one."""

    def act():
        locked = members.lock(list(points))
        openings = [
            Opening(member=locked[member_id], points=each, expires_at=expires_at)
            for member_id, each in points.items()
        ]
        return opening.open_balances(openings, now=clock.now(), reason="import")

    with app.app_context():
        return in_transaction(act)


def take_back(app, entries):
    """{member id: entry id}"""
    with app.app_context(), transaction():
        locked = members.lock(list(entries))
        opened = {entry: locked[member_id] for member_id, entry in entries.items()}
        opening.take_back(opened, now=clock.now(), reason="undo")


def known(app, *member_ids):
    with app.app_context(), read():
        return opening.balances_of(member_ids)


def verify(cli):
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


def in_debt(app, api, number=1):
    """The id of a member who owes 12 points: a purchase was voided after they were spent."""
    bought = buy(api, phone=phone(number), receipt_no=f"D-{number}")
    spend(app, bought["member"]["id"], 12)
    assert api.post(f"/purchases/{bought['purchase']['id']}/void", {}).status_code == 200
    return bought["member"]["id"]


def test_opening_balance_is_an_entry_with_a_lot_of_its_own(app, api, cli):
    ids = [join(api, number) for number in (1, 2, 3)]
    entries = bring(app, dict(zip(ids, (100, 250, 7), strict=True)))
    assert entries.keys() == set(ids)
    assert [points_of(api, member_id)["balance"] for member_id in ids] == [100, 250, 7]
    [entry] = api.get(f"/members/{ids[1]}/entries").get_json()["items"]
    assert (entry["kind"], entry["points"], entry["reason"]) == ("opening", 250, "import")
    lot = api.get(f"/entries/{entry['id']}").get_json()["why"]["lot"]
    assert (lot["points"], lot["remaining"], lot["expires_at"]) == (
        250,
        250,
        "2031-01-01T00:00:00Z",
    )
    verify(cli)


def test_second_opening_balance_is_not_written(app, api, cli):
    first, other = join(api, 1), join(api, 2)
    bring(app, {first: 100})
    assert bring(app, {first: 40, other: 60}).keys() == {other}
    assert known(app, first, other) == {first: 100, other: 60}
    assert points_of(api, first)["balance"] == 100
    verify(cli)


def test_member_twice_in_one_batch_keeps_the_first_that_never_lapses(app, api, cli):
    member_id = join(api)
    with app.app_context(), transaction():
        member = members.lock([member_id])[member_id]
        openings = [Opening(member=member, points=p, expires_at=None) for p in (30, 40)]
        opening.open_balances(openings, now=clock.now())
    standing = points_of(api, member_id)
    assert (standing["balance"], standing["expiring"]) == (30, [])
    verify(cli)


def test_two_imports_at_once_open_one_balance(app, api, cli):
    member_id = join(api)

    def act():
        member = members.lock([member_id])[member_id]
        one = Opening(member=member, points=100, expires_at=None)
        opening.open_balances([one], now=clock.now())

    assert at_once(app, act, act) == []
    assert points_of(api, member_id)["balance"] == 100
    verify(cli)


@pytest.mark.usefixtures("store")
def test_opening_balance_repays_debt_first(app, api, cli):
    member_id, spared = in_debt(app, api), join(api, 2)
    bring(app, {member_id: 20, spared: 20})
    standing = points_of(api, member_id)
    assert (standing["balance"], standing["debt"]) == (8, 0)
    assert points_of(api, spared)["balance"] == 20
    verify(cli)


# -- taken back --------------------------------------------------------------------


def test_taken_back_opening_is_gone_and_may_come_again(app, api, cli):
    ids = [join(api, number) for number in (1, 2)]
    take_back(app, bring(app, {ids[0]: 100, ids[1]: 50}))
    assert [points_of(api, member_id)["balance"] for member_id in ids] == [0, 0]
    assert known(app, *ids) == {}
    verify(cli)
    bring(app, {ids[0]: 70})
    assert points_of(api, ids[0])["balance"] == 70
    verify(cli)


@pytest.mark.usefixtures("store")
def test_debt_that_an_opening_repaid_is_there_again(app, api, cli):
    some, all_of_it = in_debt(app, api, 1), in_debt(app, api, 2)
    take_back(app, bring(app, {some: 20, all_of_it: 5}))
    for member_id in (some, all_of_it):
        standing = points_of(api, member_id)
        assert (standing["balance"], standing["debt"]) == (0, 12)
    verify(cli)


@pytest.mark.usefixtures("store")
def test_debt_that_an_opening_repaid_is_made_up_from_what_came_since(app, api, cli):
    """Of 12 points owed: nobody has a debt beside points to spend."""
    enough, too_few, held = (in_debt(app, api, number) for number in (1, 2, 3))
    entries = bring(app, {enough: 20, too_few: 20, held: 20})
    for number, amount in ((1, 300_000), (2, 50_000), (3, 300_000)):
        buy(api, phone=phone(number), receipt_no=f"since-{number}", amount=amount)
    what_came_since = hold(app, held, 30)
    take_back(app, entries)
    assert points_of(api, held)["debt"] == 12
    release(app, what_came_since)
    seen = [points_of(api, member_id) for member_id in (enough, too_few, held)]
    assert [(each["available"], each["debt"]) for each in seen] == [(18, 0), (0, 7), (18, 0)]
    verify(cli)


@pytest.mark.usefixtures("store")
def test_hold_that_is_over_makes_up_for_an_opening_that_is_taken_back(app, api, cli):
    """Released before: the opening is whole again, and what else it held repays the debt."""
    member_id = in_debt(app, api)
    entries = bring(app, {member_id: 20})
    buy(api, phone=phone(1), receipt_no="since", amount=300_000)
    assert api.post(f"/members/{member_id}/redemptions", {"points": 38}).status_code == 201
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        take_back(app, entries)
        seen = points_of(api, member_id)
    assert (seen["available"], seen["held"], seen["debt"]) == (18, 0, 0)
    verify(cli)


@pytest.mark.usefixtures("store")
def test_undone_import_leaves_no_points_beside_a_debt(app, api, cli, tmp_path):
    member_id = in_debt(app, api)
    file = written(tmp_path, f"phone,points\n{phone(1)},20\n", name="members.csv")
    told = cli.invoke(args=["members", "import", str(file), "--opening-points", "--json"])
    number = json.loads(told.stdout.splitlines()[-1])["import"]
    buy(api, phone=phone(1), receipt_no="since", amount=300_000)
    undone = cli.invoke(args=["members", "undo-import", str(number)])
    assert undone.exit_code == 0, undone.output
    seen = points_of(api, member_id)
    assert (seen["available"], seen["debt"]) == (18, 0)
    asked = {"points": 19}
    assert problem(api.post(f"/members/{member_id}/redemptions", asked), 409, "insufficient_points")
    verify(cli)


def test_opening_of_which_points_were_spent_is_not_taken_back(app, api, cli):
    whole, spent = join(api, 1), join(api, 2)
    entries = bring(app, {whole: 10, spent: 10})
    spend(app, spent, 1)
    with pytest.raises(Problem) as refused:
        take_back(app, entries)
    assert (refused.value.code, refused.value.extra) == (Code.BUILT_UPON, {"count": 1})
    assert points_of(api, whole)["balance"] == 10
    verify(cli)


# -- when they lapse ----------------------------------------------------------------


def expiry(months, now):
    terms = Programme(
        revision="",
        shop_name="",
        started_at=datetime(2020, 1, 1, tzinfo=UTC),
        policy=Policy(expiry=Expiry(months=months))
        if months
        else Policy(expiry=Expiry(mode=ExpiryMode.NEVER)),
        stores={},
        rules=(),
    )
    return opening.default_expiry(terms, now=now, zone=LOCAL)


IN_THE_EVENING = datetime(2030, 2, 27, 17, 30, tzinfo=UTC)
"""In the shop it is the 28th by then."""


@pytest.mark.parametrize(
    ("months", "last_day"),
    [(3, date(2031, 2, 28)), (12, date(2031, 2, 28)), (24, date(2032, 2, 28))],
)
def test_opening_lapses_twelve_months_on_or_with_what_is_earned_today(months, last_day):
    assert expiry(months, IN_THE_EVENING) == clock.end_of_day(last_day, LOCAL)


def test_opening_never_lapses_where_points_never_do():
    assert expiry(None, IN_THE_EVENING) is None


def test_lapsed_opening_is_not_in_the_balance_shown(app, api, cli):
    member_id = join(api)
    bring(app, {member_id: 9}, expires_at=clock.now() - timedelta(days=1))
    assert points_of(api, member_id)["balance"] == 0
    assert scalar(app, "SELECT points FROM members") == 9
    verify(cli)
