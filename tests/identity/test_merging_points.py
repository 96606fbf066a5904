"""What a merge makes of lots, holds and debt: nothing is lost, nothing is there twice, and it
makes no difference whether the job that expires lots has run."""

from __future__ import annotations

import pytest

from loyalty.core import clock
from loyalty.core.db import in_transaction
from loyalty.members import service as members
from loyalty.points import pending
from loyalty.points.pending import Pending
from tests.core.rows import change, column, scalar
from tests.identity.moving import merge, two, verify
from tests.points.lapsing import expire
from tests.points.spending import capture, hold, release, restore, spend, take_back
from tests.purchases.receipts import OTHER_PHONE, PHONE, buy, points_of

pytestmark = pytest.mark.usefixtures("store")

PAST = "2020-01-01 00:00:00+00:00"
OF_THE_FIRST = "entry_id = (SELECT min(id) FROM point_entries WHERE member_id = :id)"


def standing(api, member_id: int) -> tuple[int, int, int, int]:
    found = points_of(api, member_id)
    return tuple(found[name] for name in ("balance", "held", "available", "debt"))


def lapse(app, member_id: int) -> None:
    """The member's first lot is past its expiry, and no job has been there."""
    change(
        app, f"UPDATE point_lots SET expires_at = :at WHERE {OF_THE_FIRST}", at=PAST, id=member_id
    )


def owe(app, api, phone: str, points: int, no: str) -> int:
    """A member who owes so many points: they were spent, and the purchase was a mistake."""
    bought = buy(api, phone=phone, receipt_no=no, amount=points * 10_000)
    spend(app, bought["member"]["id"], points)
    take_back(app, bought, points)
    return bought["member"]["id"]


def test_lots_keep_their_expiry_and_are_spent_soonest_first(app, api, cli):
    first, second = two(api)
    late = "2089-01-01 00:00:00+00:00"
    change(app, f"UPDATE point_lots SET expires_at = :at WHERE {OF_THE_FIRST}", at=late, id=first)
    merge(api, first, second)
    redemption = hold(app, second, 250)
    # The source's lapse later: 50 of them are left.
    left = "SELECT remaining FROM point_lots ORDER BY expires_at DESC"
    assert column(app, left) == [50, 0]
    assert standing(api, second) == (300, 250, 50, 0)
    capture(app, redemption, 250)
    assert standing(api, second) == (50, 0, 50, 0)
    verify(cli)


def test_debt_of_the_source_is_repaid_from_the_survivors_lots(app, api, cli):
    first = owe(app, api, PHONE, 30, "A")
    second = buy(api, phone=OTHER_PHONE, receipt_no="B", amount=500_000)["member"]["id"]
    assert merge(api, first, second)["points"] == 20
    assert standing(api, second) == (20, 0, 20, 0)
    verify(cli)


def test_debt_of_the_survivor_is_repaid_from_the_sources_lots(app, api, cli):
    first = buy(api, phone=PHONE, receipt_no="A", amount=500_000)["member"]["id"]
    second = owe(app, api, OTHER_PHONE, 30, "B")
    assert merge(api, first, second)["points"] == 20
    verify(cli)


def test_debts_add_up_and_later_earning_repays_both(app, api, cli):
    first, second = owe(app, api, PHONE, 30, "A"), owe(app, api, OTHER_PHONE, 12, "B")
    merge(api, first, second)
    assert standing(api, second) == (0, 0, 0, 42)
    buy(api, phone=PHONE, receipt_no="C", amount=500_000)
    assert standing(api, second) == (8, 0, 8, 0)
    verify(cli)


def test_hold_goes_on_with_the_survivor(app, api, cli):
    first, second = two(api)
    redemption = hold(app, first, 60)
    merge(api, first, second)
    assert standing(api, second) == (300, 60, 240, 0)
    capture(app, redemption, 40)
    assert standing(api, second) == (260, 0, 260, 0)
    restore(app, redemption, 40)
    assert standing(api, second) == (300, 0, 300, 0)
    verify(cli)


def test_member_of_whom_everything_is_on_hold_is_merged(app, api, cli):
    first, second = two(api)
    redemption = hold(app, first, 100)
    merge(api, first, second)
    assert scalar(app, "SELECT count(*) FROM point_entries WHERE kind LIKE 'merge%'") == 0
    release(app, redemption)
    assert standing(api, second) == (300, 0, 300, 0)
    verify(cli)


def test_what_the_source_spent_comes_back_to_the_survivor(app, api, cli):
    first, second = two(api)
    redemption = spend(app, first, 100)
    merge(api, first, second)
    restore(app, redemption, 70)
    assert standing(api, second) == (270, 0, 270, 0)
    verify(cli)


@pytest.mark.parametrize("has_run", [False, True])
def test_lapsed_points_come_along_with_nobody(app, api, cli, has_run):
    first, second = two(api)
    buy(api, phone=PHONE, receipt_no="A-2", amount=500_000)
    lapse(app, first)
    lapse(app, second)
    if has_run:
        expire(app)
    assert merge(api, first, second)["points"] == 50
    assert standing(api, second) == (50, 0, 50, 0)
    expire(app)
    assert standing(api, second) == (50, 0, 50, 0)
    verify(cli)


def test_debt_is_not_repaid_from_what_has_lapsed(app, api, cli):
    first = owe(app, api, PHONE, 30, "A")
    second = buy(api, phone=OTHER_PHONE, receipt_no="B", amount=500_000)["member"]["id"]
    lapse(app, second)
    merge(api, first, second)
    assert standing(api, second) == (0, 0, 0, 30)
    verify(cli)


@pytest.mark.parametrize("side", [0, 1])
def test_hold_that_is_over_counts_as_released(app, api, cli, side):
    """Whoever holds the points, and whether or not the job was there: they repay the debt."""
    phones = (PHONE, OTHER_PHONE) if side == 0 else (OTHER_PHONE, PHONE)
    bought = buy(api, phone=phones[0], receipt_no="A", amount=1_000_000)
    holder = bought["member"]["id"]
    hold(app, holder, 100)
    change(app, "UPDATE redemptions SET expires_at = :at", at=PAST)
    debtor = owe(app, api, phones[1], 30, "B")
    source, into = (holder, debtor) if side == 0 else (debtor, holder)
    merge(api, source, into)
    # In the ledger, not only to whoever looks.
    assert scalar(app, "SELECT debt + held FROM members WHERE id = :id", id=into) == 0
    assert standing(api, into) == (70, 0, 70, 0)
    verify(cli)


def test_pending_points_wait_with_the_survivor(app, api, cli):
    first, second = two(api)
    with app.app_context():
        in_transaction(lambda: _wait(first, 25))
    merge(api, first, second)
    assert points_of(api, second)["balance"] == 300
    with app.app_context():
        in_transaction(
            lambda: pending.activate_all(members.lock([second])[second], now=clock.now())
        )
    assert points_of(api, second)["balance"] == 325
    verify(cli)


def _wait(member_id: int, points: int) -> None:
    now = clock.now()
    waiting = Pending(
        member=members.lock([member_id])[member_id],
        points=points,
        purchase_id=None,
        rule_version=None,
        inputs=None,
        occurred_at=now,
        expires_at=None,
        ends_at=None,
    )
    pending.add([waiting], now=now)


def test_three_accounts_with_holds_and_debts_become_one(app, api, cli):
    first, second = two(api)
    spent = spend(app, first, 20)
    merge(api, first, second)
    kept = hold(app, second, 30)
    third = owe(app, api, "0905 111 222", 10, "C")
    merge(api, second, third)
    restore(app, spent, 20)
    capture(app, kept, 30)
    assert standing(api, third) == (260, 0, 260, 0)
    expire(app)
    verify(cli)


def test_bonuses_and_what_promotions_gave_count_for_both(app, api, cli):
    first, second = two(api)
    change(
        app,
        "INSERT INTO promotions (id, name, terms, starts_at, ends_at, given, created_by,"
        " created_at) VALUES (1, 'x', '{}', :at, :end, 0, 'system:0', :at),"
        " (2, 'y', '{}', :at, :end, 0, 'system:0', :at)",
        at=PAST,
        end="2021-01-01 00:00:00+00:00",
    )
    for promotion, member, points in ((1, first, 5), (1, second, 7), (2, first, 3)):
        change(
            app,
            "INSERT INTO promotion_uses (promotion_id, member_id, points) VALUES (:p, :m, :n)",
            p=promotion,
            m=member,
            n=points,
        )
    for member, kind, year in (
        (first, "birthday", 2026),
        (first, "sign_up", 0),
        (second, "sign_up", 0),
    ):
        change(
            app,
            "INSERT INTO bonuses_given (member_id, kind, year, given_at) VALUES (:m, :k, :y, :at)",
            m=member,
            k=kind,
            y=year,
            at=PAST,
        )
    merge(api, first, second)
    uses = "SELECT points FROM promotion_uses WHERE member_id = :id ORDER BY promotion_id"
    assert column(app, uses, id=second) == [12, 3]
    kinds = "SELECT kind FROM bonuses_given WHERE member_id = :id ORDER BY kind"
    assert column(app, kinds, id=second) == ["birthday", "sign_up"]
    for table in ("promotion_uses", "bonuses_given"):
        assert scalar(app, f"SELECT count(*) FROM {table} WHERE member_id = :id", id=first) == 0


def test_same_balances_file_again_opens_no_second_balance(app, api, cli, tmp_path):
    first, second = two(api)
    file = tmp_path / "balances.csv"
    file.write_text("phone,points\n0912345678,40\n", encoding="utf-8")
    assert cli.invoke(args=["balances", "import", str(file)]).exit_code == 0
    merge(api, first, second)
    assert points_of(api, second)["balance"] == 340
    cli.invoke(args=["balances", "import", str(file)])
    assert points_of(api, second)["balance"] == 340
    verify(cli)
