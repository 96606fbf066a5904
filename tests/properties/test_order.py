"""Under one rule, neither order nor splitting nor repetition of receipts changes a balance."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.shop import FAIL_FAST, broken_invariants, new_shop
from tests.purchases.receipts import WAYS_TO_WRITE, balance

PHONES = ["0912345678", "0987654321", "0903111222", "+66812345678"]
WRITTEN = {PHONES[0]: WAYS_TO_WRITE, **{phone: [phone] for phone in PHONES[1:]}}
PER_POINT = 10_000

receipts = st.lists(
    st.tuples(
        st.integers(0, 14),  # which receipt number
        st.sampled_from(PHONES),
        st.sampled_from([0, 1, 9_999, 10_000, 10_001, 19_999, 123_456, 10**9]),
    ),
    max_size=14,
    unique_by=lambda each: each[0],
)


@st.composite
def deliveries(draw: st.DrawFn, given_receipts: Any) -> list[list[dict[str, Any]]]:
    """The same receipts in any order, some again, in singles and batches."""
    rows = [
        {
            "phone": draw(st.sampled_from(WRITTEN[phone])),
            "store": "S01",
            "receipt_no": f"HD-{number}",
            "amount": amount,
        }
        for number, phone, amount in given_receipts
    ]
    again = draw(st.lists(st.sampled_from(rows), max_size=8)) if rows else []
    rows = draw(st.permutations([*rows, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=5)))
    parts = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    return [part for part in parts if part]


def deliver(api, parts):
    for part in parts:
        if len(part) == 1:
            assert api.post("/purchases", part[0]).status_code in (200, 201)
        else:
            answer = api.post("/purchases/batch", {"purchases": part})
            assert answer.get_json()["rejected"] == []


def due(given_receipts) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for _, phone, amount in given_receipts:
        sums[phone] += amount // PER_POINT
    return dict(sums)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_any_delivery_ends_in_the_same_balances(request, tmp_path_factory, kind):
    databases = request.getfixturevalue(f"{kind}_databases")
    folder = tmp_path_factory.mktemp("order")

    @settings(FAIL_FAST, max_examples=25)
    @given(data=st.data(), given_receipts=receipts)
    def run(data, given_receipts):
        with new_shop(databases, folder) as (app, api):
            deliver(api, data.draw(deliveries(given_receipts)))
            expected = due(given_receipts)
            assert {p: balance(api, p) for p in expected} == expected
            assert all(balance(api, p) is None for p in PHONES if p not in expected)
            assert broken_invariants(app) == ""

    run()
