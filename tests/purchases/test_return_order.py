"""Any order or split of returns ends where one full return ends."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty.core.errors import Problem
from loyalty.purchases.left import Sold, SoldLine
from loyalty.purchases.return_rules import GivenLine, Goods, take_from
from tests.purchases.goods import (
    bring_back,
    decide,
    line,
    look,
    pay_with_points,
    verify,
)
from tests.purchases.receipts import buy, phone, points_of

SKUS = ("TEA", "CUP", "POT")
lines_sold = st.lists(
    st.builds(
        SoldLine,
        sku=st.sampled_from(SKUS),
        name=st.none(),
        category=st.none(),
        quantity=st.integers(0, 7),
        amount=st.integers(0, 1_000),
    ),
    max_size=5,
)
a_line = st.builds(
    GivenLine,
    sku=st.sampled_from(SKUS),
    quantity=st.integers(0, 4),
    amount=st.none() | st.integers(0, 500),
)
a_return = st.one_of(
    st.builds(Goods, amount=st.integers(0, 700)),
    st.builds(Goods, lines=st.lists(a_line, min_size=1, max_size=3)),
)


def new(lines: Sequence[SoldLine]) -> Sold:
    amount = sum(each.amount for each in lines) if lines else 1_000
    return Sold(id=1, purchased_at=datetime(2026, 1, 1, tzinfo=UTC), amount=amount, lines=lines)


def after(sold: Sold, goods: Goods) -> Sold:
    """A return that is refused leaves nothing behind."""
    then = deepcopy(sold)
    try:
        take_from(then, goods)
    except Problem:
        return sold
    return then


def check(sold: Sold) -> None:
    """What is kept is never less than nothing, nor its lines less than its amount."""
    kept = sold.kept()
    assert 0 <= kept.amount == sold.amount - sold.amount_returned
    assert all(each.quantity >= 0 and each.amount >= 0 for each in kept.lines)
    assert not sold.lines or sum(each.amount for each in kept.lines) >= kept.amount
    assert all(left.quantity >= 0 and left.amount >= 0 for left in sold.left().lines)


@given(lines_sold, st.lists(a_return, max_size=6))
def test_after_any_returns_the_rest_ends_with_the_whole(lines, returns):
    sold = new(lines)
    assume(not sold.is_of_nothing())
    for goods in returns:
        sold = after(sold, goods)
        check(sold)
    rest = [GivenLine(each.sku, each.quantity, None) for each in sold.left().lines]
    if rest:
        take_from(sold, Goods(lines=rest))
    take_from(sold, Goods(amount=sold.left().amount))
    check(sold)
    assert sold.came_back_whole()


@given(lines_sold, st.data())
def test_goods_one_by_one_or_together_are_worth_the_same(lines, data):
    """Of a SKU, unit by unit in any split."""
    one_by_one, together = new(lines), new(lines)
    for each in one_by_one.left().lines:
        whole = data.draw(st.integers(0, each.quantity))
        first = data.draw(st.integers(0, whole))
        for part in (first, whole - first):
            take_from(one_by_one, Goods(lines=[GivenLine(each.sku, part, None)]))
        take_from(together, Goods(lines=[GivenLine(each.sku, whole, None)]))
    assert one_by_one.kept() == together.kept()


@given(lines_sold, st.lists(a_return, max_size=4), st.randoms(use_true_random=False))
def test_what_came_back_in_another_order_leaves_the_same(lines, returns, chance):
    """The same amounts: what was recorded once is so much in any order."""
    sold, parts = new(lines), []
    for goods in returns:
        then = deepcopy(sold)
        try:
            parts += take_from(then, goods)
        except Problem:
            continue
        sold = then
    chance.shuffle(parts)
    other = new(lines)
    for part in parts:
        other.take(part)
    assert other.kept() == sold.kept()
    assert other.left() == sold.left()


@pytest.mark.usefixtures("store")
def test_points_end_the_same_in_any_order(app, api):
    """Points earned, points spent on it and a bonus: by three returns in every order, and by
    one."""
    decide(app, bonuses={"first_purchase": 7})
    tea, cup = line("TEA", 3, 100_000), line("CUP", 2, 50_000)
    three: tuple[dict[str, Any], ...] = (
        {"amount": 33_333},
        {"lines": [line("CUP", 1)]},
        {"lines": [line("TEA", 1, 40_001)]},
    )
    ends = []
    for number, order in enumerate([*permutations(three), None]):
        written = phone(number)
        member = buy(api, phone=written, receipt_no=f"A{number}", amount=500_000)["member"]
        bought = pay_with_points(
            *(api, member["id"], 31),
            phone=written,
            receipt_no=f"B{number}",
            lines=[tea, cup],
            amount=150_000,
        )
        purchase_id = bought["purchase"]["id"]
        if order is None:
            bring_back(api, purchase_id, f"R{number}", amount=33_333 + 25_000 + 40_001)
        for place, goods in enumerate(order or ()):
            bring_back(api, purchase_id, f"R{number}-{place}", **goods)
        purchase = look(api, purchase_id)
        ends.append((points_of(api, member["id"])["available"], purchase["points_reversed"]))
        assert purchase["left"]["amount"] == 150_000 - 98_334
    assert len(set(ends)) == 1
    verify(app)
