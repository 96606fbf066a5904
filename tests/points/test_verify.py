"""`flask points verify` finds every invariant that somebody broke by hand."""

from __future__ import annotations

import pytest

from loyalty.points import invariants as of_points
from loyalty.purchases import invariants as of_purchases
from tests.core.rows import change
from tests.points.spending import spend
from tests.purchases.receipts import OTHER_PHONE, buy

COPY_ENTRY = (
    "INSERT INTO point_entries (member_id, kind, points, purchase_id, rule_version, actor,"
    " occurred_at, recorded_at) SELECT {0}, rule_version, actor, occurred_at, recorded_at"
    " FROM point_entries WHERE id = 1"
)
CLOSE = "UPDATE members SET closed_at = joined_at WHERE id = :spare"
"""The member without points or purchases."""

BROKEN_BY: dict[str, list[str]] = {
    "a member's balance is the sum of the member's entries": [
        "UPDATE members SET points = points + 1 WHERE id = 1",
        "UPDATE members SET points = 3 WHERE id = :spare",
        COPY_ENTRY.format(":spare, 'redeem', -4, NULL"),
    ],
    "a balance is what lots have left minus debt": [
        "UPDATE members SET debt = 2 WHERE id = 1",
        "UPDATE point_lots SET remaining = remaining - 1 WHERE entry_id = 1",
    ],
    "a lot has left what was not taken from it": [
        "UPDATE point_lots SET remaining = remaining + 1 WHERE entry_id = 1",
        "INSERT INTO lot_allocations (entry_id, lot_id, points) VALUES (1, 2, 1)",
    ],
    "an entry that brings points has a lot of its points and member": [
        "DELETE FROM point_lots WHERE entry_id = 2",
        COPY_ENTRY.format(":spare, 'opening', 4, NULL"),
        "UPDATE point_lots SET points = points + 1 WHERE entry_id = 1",
        "UPDATE point_lots SET member_id = :spare WHERE entry_id = 1",
    ],
    "a member has at most one opening balance": [
        COPY_ENTRY.format(":spare, 'opening', 4, NULL")
        + "; "
        + COPY_ENTRY.format(":spare, 'opening', 4, NULL"),
    ],
    "a debit takes no more from lots than its points": [
        "INSERT INTO lot_allocations (entry_id, lot_id, points) VALUES (3, 2, 1)",
    ],
    "a closed member has no points and no phone": [
        CLOSE,
        "UPDATE members SET closed_at = joined_at WHERE id = 1",
        CLOSE + "; UPDATE member_phones SET active_until = active_from WHERE member_id = :spare;"
        " UPDATE members SET points = 1 WHERE id = :spare",
    ],
    "a purchase's entries add up to what it earned less what went back": [
        "UPDATE purchases SET points_earned = points_earned + 1 WHERE id = 1",
        "UPDATE purchases SET points_reversed = 1 WHERE id = 1",
        COPY_ENTRY.format("1, 'earn', 4, 1"),
    ],
    "a purchase earned points for its own member alone": [
        "UPDATE purchases SET member_id = :spare WHERE id = 1",
        COPY_ENTRY.format(":spare, 'earn', 4, 1"),
    ],
    "an entry's purchase exists": [COPY_ENTRY.format("1, 'earn', 4, 999")],
    "a void purchase has given all its points back": [
        "UPDATE purchases SET voided_at = recorded_at WHERE id = 1",
    ],
    "lines add up to the amount": [
        "UPDATE purchase_lines SET amount = amount - 1 WHERE position = 1",
        "UPDATE purchases SET lines_hash = NULL WHERE id = 2",
    ],
}


@pytest.fixture
def ledger(app, api, store, cli):
    """Two purchases, one of them with lines, one redemption (entry 3) and a spare member."""
    buy(api)
    lines = [{"sku": "A-1", "quantity": 1, "amount": 20_000}]
    buy(api, receipt_no="HD-2", phone=OTHER_PHONE, amount=20_000, lines=lines)
    spend(app, 1, 5)
    spare = buy(api, receipt_no="HD-3", phone="0903 111 222", amount=0)["member"]["id"]
    result = cli.invoke(args=["points", "verify"])
    assert (result.exit_code, result.output) == (0, "The ledger adds up.\n")
    return spare


def test_every_invariant_is_broken_by_some_case():
    assert BROKEN_BY.keys() == {**of_points.invariants(), **of_purchases.invariants()}.keys()


CASES = [(name, statements) for name, cases in BROKEN_BY.items() for statements in cases]


@pytest.mark.parametrize(("invariant", "statements"), CASES)
def test_broken_invariant_is_named_and_fails(app, cli, ledger, invariant, statements):
    for statement in statements.split(";"):
        change(app, statement, **({"spare": ledger} if ":spare" in statement else {}))
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 1
    named = [line.partition(":")[0] for line in result.output.splitlines()]
    assert f"BROKEN {invariant}" in named, result.output


def test_every_broken_invariant_has_its_line_with_ids(app, cli, ledger):
    change(app, "UPDATE members SET points = points + 1")
    change(app, "UPDATE purchases SET voided_at = recorded_at WHERE id = 2")
    lines = cli.invoke(args=["points", "verify"]).output.splitlines()
    assert lines == [
        f"BROKEN a member's balance is the sum of the member's entries: 1, 2, {ledger}",
        f"BROKEN a balance is what lots have left minus debt: 1, 2, {ledger}",
        "BROKEN a void purchase has given all its points back: 2",
    ]


def test_verify_needs_no_members(cli):
    assert cli.invoke(args=["points", "verify"]).exit_code == 0
