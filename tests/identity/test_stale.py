"""Whoever looked at an account that was merged meanwhile does nothing to the one that carries
it on: number and merge are judged by the person who is shown."""

from __future__ import annotations

import pytest

from tests.core.rows import row_counts
from tests.identity.moving import id_of, merge, two, verify
from tests.purchases.receipts import OTHER_PHONE, PHONE, buy, points_of, problem

pytestmark = pytest.mark.usefixtures("store")

THIRD_PHONE = "0905 111 222"


@pytest.fixture
def merged(api):
    """Two members, of whom the first was merged into the second."""
    first, second = two(api)
    merge(api, first, second)
    return first, second


@pytest.mark.parametrize("named", [{}, {"phone": PHONE}, {"phone": OTHER_PHONE}])
def test_number_of_the_survivor_is_not_detached(api, cli, merged, named):
    first, second = merged
    answer = api.post(f"/members/{first}/phone/detach", {"reason": "recycled", **named})
    assert problem(answer, 409, "member_merged")["member"] == {"id": second}
    assert id_of(api, PHONE) == id_of(api, OTHER_PHONE) == second
    verify(cli)


def test_number_of_the_survivor_is_not_changed(api, merged):
    first, second = merged
    answer = api.put(f"/members/{first}/phone", {"phone": THIRD_PHONE})
    assert problem(answer, 409, "member_merged")["member"] == {"id": second}
    assert (id_of(api, OTHER_PHONE), id_of(api, THIRD_PHONE)) == (second, None)


def test_third_account_is_not_merged_unseen(app, api, cli, merged):
    first, second = merged
    third = buy(api, phone=THIRD_PHONE, receipt_no="C-1", amount=500_000)["member"]["id"]
    before = row_counts(app)
    for source, into in ((first, third), (third, first)):
        answer = api.post(f"/members/{source}/merge", {"into": into})
        assert problem(answer, 409, "member_merged")["member"] == {"id": second}
    assert row_counts(app) == before
    assert points_of(api, third)["balance"] == 50
    merge(api, second, third)
    verify(cli)


def test_what_is_one_already_stays_one(api, merged):
    first, second = merged
    third = buy(api, phone=THIRD_PHONE, receipt_no="C-1", amount=500_000)["member"]["id"]
    merge(api, second, third)
    for source, into in ((first, second), (second, first), (first, third), (third, first)):
        assert merge(api, source, into)["id"] == third
