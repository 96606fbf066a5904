"""`flask points verify` finds every invariant that somebody broke by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from loyalty.core import clock
from loyalty.core.db import db, read
from loyalty.jobs import worker
from loyalty.points import invariants as of_points
from loyalty.points import pending
from loyalty.points.invariants import broken
from loyalty.points.pending import Pending
from loyalty.purchases import invariants as of_purchases
from loyalty.rewards import invariants as of_rewards
from tests.core.rows import change
from tests.points.spending import capture, hold, locked, restore
from tests.purchases.receipts import OTHER_PHONE, buy, phone
from tests.purchases.tiering import set_policy, set_tiers

BUYER, OTHER, SPARE, MERGED, PROMISED = 1, 2, 3, 4, 5
"""Members: one who earned 15 points, spent 5 of them, got 2 back and holds 3; one with lines, of
whom half came back; one without anything; one that was merged into the second; and one who got
bonuses and points of a promotion, where there are tiers."""
SPENT, HELD = 1, 2
"""Redemptions."""

_ENTRY = (
    "INSERT INTO point_entries (member_id, kind, points, purchase_id, redemption_id, actor,"
    " occurred_at, recorded_at) SELECT {0}, 'system:0', occurred_at, recorded_at"
    " FROM point_entries WHERE id = 1"
)
_LAST = "(SELECT MAX(id) FROM point_entries)"
_FIRST_OF = "(SELECT MIN(id) FROM point_entries WHERE kind = '{}')"


def entry(member_id, kind, points, *, purchase="NULL", redemption="NULL"):
    return _ENTRY.format(f"{member_id}, '{kind}', {points}, {purchase}, {redemption}")


def lot(entry_id, member_id, points):
    return (
        "INSERT INTO point_lots (entry_id, member_id, points, remaining)"
        f" VALUES ({entry_id}, {member_id}, {points}, {points})"
    )


def taken(entry_id, lot_id, points):
    return (
        "INSERT INTO lot_allocations (entry_id, lot_id, points)"
        f" VALUES ({entry_id}, {lot_id}, {points})"
    )


def close(member_id):
    return f"UPDATE members SET closed_at = joined_at WHERE id = {member_id}"


def no_phone(member_id):
    return f"UPDATE member_phones SET active_until = active_from WHERE member_id = {member_id}"


BROKEN_BY: dict[str, list[list[str]]] = {
    "a member's balance is the sum of the member's entries": [
        [f"UPDATE members SET points = points + 1 WHERE id = {BUYER}"],
        [f"UPDATE members SET points = 3 WHERE id = {SPARE}"],
        [entry(SPARE, "adjust", -4)],
    ],
    "a balance is what lots have left minus debt": [
        [f"UPDATE members SET debt = 2 WHERE id = {SPARE}"],
        ["UPDATE point_lots SET remaining = remaining - 1 WHERE entry_id = 1"],
    ],
    "whoever has a debt has no points to spend": [
        [f"UPDATE members SET debt = 2 WHERE id = {BUYER}"],
    ],
    "what is held is what holds took and did not release": [
        [f"UPDATE members SET held = held + 1 WHERE id = {BUYER}"],
        [entry(SPARE, "hold", -4, redemption=HELD)],
    ],
    "a member has at most one opening balance": [
        [entry(SPARE, "opening", 4), entry(SPARE, "opening", 4)],
    ],
    "a lot has left what was not taken from it": [
        ["UPDATE point_lots SET remaining = remaining + 1 WHERE entry_id = 1"],
        [taken(_LAST, 1, 1)],
    ],
    "an entry that brings points has a lot of its points and member": [
        ["DELETE FROM point_lots WHERE entry_id = (SELECT MAX(entry_id) FROM point_lots)"],
        [entry(SPARE, "opening", 4)],
        [entry(SPARE, "bonus", 4)],
        ["UPDATE point_lots SET points = points + 1 WHERE entry_id = 1"],
        [f"UPDATE point_lots SET member_id = {SPARE} WHERE entry_id = 1"],
    ],
    "a lot was brought by an entry that brings points": [
        [lot(_FIRST_OF.format("redeem"), BUYER, 4)],
    ],
    "an entry takes from lots, or puts back, what its kind does": [
        [taken(_FIRST_OF.format("redeem"), "(SELECT MAX(entry_id) FROM point_lots)", 1)],
        [entry(SPARE, "redeem", -4, redemption=SPENT)],
        [entry(SPARE, "expire", -4)],
        [entry(SPARE, "adjust", -4)],
        [entry(SPARE, "release", 4, redemption=HELD), taken(_LAST, 1, -5)],
        [entry(SPARE, "reverse_earn", -4), taken(_LAST, 1, 5)],
        [entry(SPARE, "merge_out", -4), taken(_LAST, 1, 4)],
    ],
    "points are put back by what gives points back alone": [
        [entry(BUYER, "redeem", -4, redemption=SPENT), taken(_LAST, 1, -1)],
    ],
    "an entry takes from lots of its own member": [
        [entry(SPARE, "redeem", -4, redemption=SPENT), taken(_LAST, 1, 4)],
    ],
    "a debt is repaid from an entry's own lot": [
        [entry(BUYER, "adjust", 4), lot(_LAST, BUYER, 4), taken(_LAST, 1, 1)],
    ],
    "a redemption is held once, released whole and spends no more": [
        [entry(BUYER, "hold", -4, redemption=HELD)],
        [entry(BUYER, "release", 2, redemption=HELD)],
        [entry(BUYER, "redeem", -1, redemption=HELD)],
        [entry(BUYER, "redeem", -9, redemption=SPENT)],
        [entry(BUYER, "restore", 9, redemption=SPENT)],
        [entry(BUYER, "redeem", -1, redemption=77)],
    ],
    "what is held or spent names its redemption": [
        [entry(SPARE, "redeem", -4)],
        [entry(SPARE, "hold", -4)],
    ],
    "a closed member has no points and no phone": [
        [close(SPARE)],
        [close(BUYER), no_phone(BUYER)],
        [close(SPARE), no_phone(SPARE), f"UPDATE members SET debt = 1 WHERE id = {SPARE}"],
    ],
    "a closed member has nothing pending": [[close(BUYER)]],
    "a merged member is closed, and one step from who carries the account on": [
        [f"UPDATE members SET closed_at = NULL WHERE id = {MERGED}"],
        [f"UPDATE members SET merged_into = {MERGED} WHERE id = {SPARE}"],
        [f"UPDATE members SET merged_into = {MERGED} WHERE id = {MERGED}"],
    ],
    "what a merge takes from one account it brings to another": [
        [entry(OTHER, "merge_in", 4)],
        [entry(MERGED, "merge_out", -4)],
    ],
    "a purchase's entries add up to what it earned less what went back": [
        ["UPDATE purchases SET points_earned = points_earned + 1 WHERE id = 1"],
        ["UPDATE purchases SET points_reversed = 1 WHERE id = 1"],
        ["UPDATE pending_points SET points = points + 1"],
        [entry(BUYER, "earn", 4, purchase=1)],
    ],
    "a purchase earned points for its own member alone": [
        [f"UPDATE purchases SET member_id = {SPARE} WHERE id = 1"],
        [entry(SPARE, "earn", 4, purchase=1)],
        [entry(SPARE, "bonus", 4, purchase=1)],
    ],
    "an entry's purchase exists": [[entry(BUYER, "earn", 4, purchase=999)]],
    "pending points are those of their purchase's member": [
        [f"UPDATE pending_points SET member_id = {SPARE}"],
        ["UPDATE pending_points SET purchase_id = 999"],
    ],
    "a void purchase has given all its points back": [
        ["UPDATE purchases SET voided_at = recorded_at WHERE id = 1"],
        [
            "UPDATE purchases SET voided_at = recorded_at WHERE amount = 0",
            entry(SPARE, "bonus", 4, purchase="(SELECT id FROM purchases WHERE amount = 0)"),
        ],
    ],
    "a purchase earned no more than was brought or waits": [
        ["UPDATE purchases SET points_earned = points_earned + 9, points_reversed = 9"],
    ],
    "no more counts towards a tier than the member's bound": [
        [f"UPDATE members SET tier_spend = tier_spend - 1 WHERE id = {PROMISED}"],
    ],
    "what a promotion brought a member counts against its cap": [
        [f"UPDATE promotion_uses SET points = points - 1 WHERE member_id = {PROMISED}"],
        ["DELETE FROM promotion_uses"],
    ],
    "a bonus that was given is marked": [
        ["DELETE FROM bonuses_given WHERE kind = 'sign_up'"],
    ],
    "the bonus of a first purchase is marked": [
        ["DELETE FROM bonuses_given WHERE kind = 'first_purchase'"],
    ],
    "a return took back no less than its entries say": [
        ["UPDATE returns SET points_reversed = 0"],
    ],
    "what is given of a promotion's budget is what it brought its members": [
        [
            "INSERT INTO promotions (name, terms, starts_at, ends_at, budget, given, created_by,"
            " created_at) SELECT 'P', '{}', joined_at, '2199-01-01', 9, 5, 'system:0', joined_at"
            f" FROM members WHERE id = {SPARE}"
        ],
    ],
    "lines add up to the amount": [
        ["UPDATE purchase_lines SET amount = amount - 1 WHERE position = 1"],
        ["UPDATE purchases SET lines_hash = NULL WHERE id = 2"],
    ],
    "what came back of a purchase is what its returns say": [
        ["UPDATE purchases SET amount_returned = amount_returned - 1 WHERE id = 2"],
        ["UPDATE purchases SET amount_returned = 1 WHERE id = 1"],
    ],
    "a return's lines add up to its amount": [["UPDATE returns SET amount = amount + 1"]],
    "no more of an article came back than was sold": [
        ["UPDATE return_lines SET quantity = quantity + 7"],
        ["UPDATE purchase_lines SET amount = 1"],
    ],
    "nothing came back of a void purchase": [
        ["UPDATE purchases SET voided_at = recorded_at WHERE id = 2"],
    ],
    "a redemption holds, spent and gave back what its entries say": [
        [f"UPDATE redemptions SET points = points + 1 WHERE id = {HELD}"],
        [f"UPDATE redemptions SET state = 'voided' WHERE id = {HELD}"],
        [f"UPDATE redemptions SET captured = captured - 1 WHERE id = {SPENT}"],
        [f"UPDATE redemptions SET restored = restored - 1 WHERE id = {SPENT}"],
    ],
    "an entry's redemption exists": [[entry(BUYER, "redeem", -1, redemption=77)]],
    "a member's points on hold are those of the member's open redemptions": [
        [f"UPDATE redemptions SET member_id = {SPARE} WHERE id = {HELD}"],
        [f"UPDATE members SET held = held + 1 WHERE id = {SPARE}"],
    ],
}


@pytest.fixture
def ledger(app, api, store, cli):
    bought = buy(api)
    lines = [{"sku": "A-1", "quantity": 2, "amount": 20_000}]
    buy(api, receipt_no="HD-2", phone=OTHER_PHONE, amount=20_000, lines=lines)
    buy(api, receipt_no="HD-3", phone=phone(3), amount=0)
    merged = buy(api, receipt_no="HD-4", phone=phone(4))["member"]["id"]
    capture(app, hold(app, BUYER, 5), 5)
    restore(app, SPENT, 2)
    hold(app, BUYER, 3)
    keep_waiting(app, bought)
    returned = {"return_no": "T-1", "lines": [{"sku": "A-1", "quantity": 1}]}
    assert api.post("/purchases/2/returns", returned).status_code == 201
    assert api.post(f"/members/{merged}/merge", {"into": OTHER}).status_code == 200
    promise(app, api)
    result = cli.invoke(args=["points", "verify"])
    assert (result.exit_code, result.output) == (0, "The ledger adds up.\n")


def promise(app, api):
    """A receipt that brings all there is, after a review put everybody into the new tier."""
    set_policy(api, bonuses={"sign_up": 3, "first_purchase": 4})
    set_tiers(api)
    given = {"name": "Five", "terms": {"points": 5}, "ends_at": "2199-01-01T00:00:00Z"}
    assert api.post("/promotions", given).status_code == 201
    with app.app_context():
        worker.run_waiting(worker="test")
    assert buy(api, receipt_no="HD-5", phone=phone(5))["member"]["points"] == 15 + 5 + 3 + 4


def keep_waiting(app, bought):
    """4 more points of the purchase, which do not count yet."""
    purchase_id, now = bought["purchase"]["id"], clock.now()
    change(app, f"UPDATE purchases SET points_earned = 19 WHERE id = {purchase_id}")

    def act(member):
        row = Pending(
            member=member,
            points=4,
            purchase_id=purchase_id,
            rule_version=1,
            inputs=None,
            occurred_at=now,
            expires_at=None,
            ends_at=now + timedelta(days=7),
        )
        pending.add([row], now=now)

    locked(app, BUYER, act)


EVERY = (of_points.invariants, of_purchases.invariants, of_rewards.invariants)


def test_every_invariant_is_broken_by_some_case(app, ledger):
    with app.app_context(), read():
        assert BROKEN_BY.keys() == {name for invariants in EVERY for name in invariants()}


def test_each_broken_invariant_is_named(app, ledger):
    unnoticed = [
        (invariant, statements)
        for invariant, cases in BROKEN_BY.items()
        for statements in cases
        if invariant not in found_after(app, statements)
    ]
    assert unnoticed == []


def found_after(app, statements):
    """What is broken by them; they are undone."""
    with app.app_context(), read() as session:
        session.rollback()
        session.connection(execution_options={"writes": True})
        for statement in statements:
            session.execute(text(statement))
        names = {each.invariant for each in broken()}
        db.session.rollback()
        return names


def test_every_broken_invariant_has_its_line_with_ids_and_fails(app, cli, ledger):
    change(app, "UPDATE members SET points = points + 1 WHERE merged_into IS NULL")
    change(app, "UPDATE purchases SET amount_returned = 1 WHERE id = 1")
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "BROKEN a member's balance is the sum of the member's entries: 1, 2, 3, 5",
        "BROKEN a balance is what lots have left minus debt: 1, 2, 3, 5",
        "BROKEN what came back of a purchase is what its returns say: 1",
    ]


def test_verify_needs_no_members(cli):
    assert cli.invoke(args=["points", "verify"]).exit_code == 0
