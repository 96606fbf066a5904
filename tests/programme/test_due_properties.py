"""What is due on what is kept, of any receipt under any programme."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.earning import Buyer, Kept, Line, Sale, due_on, work_out
from loyalty.programme.rules import Programme
from tests.programme.programmes import GOLDEN, NOBODY, programme, promotion, sale

SKUS, CATEGORIES = ("A", "B", "C"), (None, "shoes", "postage")
POINTS = st.integers(1, 300)

conditions = st.fixed_dictionaries(
    {},
    optional={
        "skus": st.lists(st.sampled_from(SKUS), min_size=1, max_size=2),
        "categories": st.lists(st.sampled_from(CATEGORIES[1:]), min_size=1),
        "min_amount": st.integers(0, 60_000),
        "weekdays": st.lists(st.integers(1, 7), min_size=1),
    },
)
rules = st.fixed_dictionaries(
    {
        "per": st.sampled_from(["amount", "visit", "item"]),
        "points": POINTS,
        "per_amount": st.integers(1, 9_999),
        "when": conditions,
    }
)
terms = st.fixed_dictionaries(
    {"when": conditions},
    optional={"cap_receipt": st.integers(0, 50), "times_percent": st.integers(101, 500)},
)
flat = st.fixed_dictionaries({"when": conditions, "points": POINTS})
never = st.fixed_dictionaries(
    {},
    optional={"skus": st.lists(st.sampled_from(SKUS)), "categories": st.just(["postage"])},
)
lines = st.builds(
    Line,
    sku=st.sampled_from(SKUS),
    category=st.sampled_from(CATEGORIES),
    quantity=st.integers(0, 5),
    amount=st.integers(0, 50_000),
)


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    promotions = [
        promotion(number, **drawn)
        for number, drawn in enumerate(draw(st.lists(terms | flat, max_size=3)), start=1)
    ]
    return programme(
        *promotions,
        points=draw(st.integers(0, 20)),
        per_amount=draw(st.integers(1, 9_999)),
        rules=draw(st.lists(rules, max_size=3)),
        never=draw(never),
    )


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    sold = draw(st.lists(lines, max_size=4))
    return sale(None, *sold) if sold else sale(draw(st.integers(0, 100_000)))


def less(draw: Any, kept: Kept) -> Kept:
    """Some goods came back by name, and perhaps some money without."""
    left = [
        line._replace(
            quantity=draw(st.integers(0, line.quantity)), amount=draw(st.integers(0, line.amount))
        )
        for line in kept.lines
    ]
    named = sum(line.amount for line in kept.lines) - sum(line.amount for line in left)
    most = min(kept.amount - named, sum(line.amount for line in left) or kept.amount)
    return Kept(amount=max(0, draw(st.integers(0, max(0, most)))), lines=left)


buyers = st.sampled_from([NOBODY, GOLDEN])


def work(current: Programme, sold: Sale, buyer: Buyer, room: dict[int, int]) -> Any:
    return work_out(current, current.rule(1), sold, buyer, room=room)


@given(programmes(), sales(), buyers, st.dictionaries(st.integers(1, 3), st.integers(0, 40)))
def test_all_kept_is_what_was_earned_and_nothing_kept_is_nothing(
    current: Programme, sold: Sale, buyer: Buyer, room: dict[int, int]
):
    worked = work(current, sold, buyer, room)
    given_inputs = {"rule_version": 1, "inputs": worked.inputs}
    assert due_on(current, **given_inputs, kept=sold) == worked.points >= 0
    assert due_on(current, **given_inputs, kept=Kept(amount=0)) == 0
    gone = [line._replace(quantity=0, amount=0) for line in sold.lines]
    assert due_on(current, **given_inputs, kept=Kept(amount=0, lines=gone)) == 0
    assert due_on(current, **given_inputs, kept=Kept(amount=0, lines=sold.lines)) == 0


@given(st.data(), programmes(), sales(), buyers)
def test_less_kept_is_never_due_more(
    data: st.DataObject, current: Programme, sold: Sale, buyer: Buyer
):
    worked = work(current, sold, buyer, {})
    due, kept = worked.points, Kept(amount=sold.amount, lines=sold.lines)
    for _ in range(3):
        kept = less(data.draw, kept)
        now_due = due_on(current, rule_version=1, inputs=worked.inputs, kept=kept)
        assert 0 <= now_due <= due
        assert type(now_due) is int, "no float residue"
        due = now_due


@given(programmes(), sales(), buyers, st.dictionaries(st.integers(1, 3), st.integers(0, 40)))
def test_promotions_bring_what_they_are_said_to_and_no_more_than_there_is_room(
    current: Programme, sold: Sale, buyer: Buyer, room: dict[int, int]
):
    worked = work(current, sold, buyer, room)
    without = work(current, sold, buyer, dict.fromkeys(range(1, 4), 0))
    assert worked.points == without.points + sum(worked.uses.values())
    assert all(points <= room.get(number, points) for number, points in worked.uses.items())
