"""Merges while others write: whatever is first, both are whole."""

from __future__ import annotations

import pytest

from tests.core.rows import column, scalar
from tests.identity.moving import id_of, two, verify
from tests.purchases.race import at_once
from tests.purchases.receipts import OTHER_PHONE, PHONE, points_of, receipt

pytestmark = pytest.mark.usefixtures("store")


def merging(source: int, into: int):
    return lambda caller: caller.post(f"/members/{source}/merge", {"into": into}).status_code


@pytest.mark.parametrize("attempt", range(2))
def test_a_into_b_and_b_into_a_at_once_is_one_merge(app, api, cli, api_key, attempt):
    first, second = two(api)
    acts = [merging(first, second), merging(second, first)] * 2
    assert at_once(app, api_key("manager"), acts) == [200] * 4
    assert sorted(column(app, "SELECT merged_into IS NULL FROM members")) == [False, True]
    assert scalar(app, "SELECT count(*) FROM point_entries WHERE kind = 'merge_in'") == 1
    survivor = id_of(api, PHONE)
    assert survivor is not None
    assert survivor == id_of(api, OTHER_PHONE)
    assert points_of(api, survivor)["balance"] == 300
    verify(cli)


@pytest.mark.parametrize("attempt", range(2))
def test_purchase_during_a_merge_is_the_survivors(app, api, cli, api_key, attempt):
    first, second = two(api)

    def buying(phone, number):
        body = receipt(phone=phone, receipt_no=f"R-{number}", amount=100_000)
        return lambda caller: caller.post("/purchases", body).status_code

    acts = [
        *(buying(PHONE, n) for n in range(3)),
        merging(first, second),
        *(buying(OTHER_PHONE, n) for n in range(3, 5)),
    ]
    assert sorted(at_once(app, api_key("manager"), acts)) == [200, 201, 201, 201, 201, 201]
    assert set(column(app, "SELECT member_id FROM purchases")) == {second}
    assert scalar(app, "SELECT count(*) FROM members") == 2
    assert points_of(api, second)["balance"] == 350
    verify(cli)


def test_void_during_a_merge_takes_the_points_once(app, api, cli, api_key):
    first, second = two(api)
    bought = scalar(app, "SELECT id FROM purchases WHERE member_id = :id", id=first)

    def void(caller):
        return caller.post(f"/purchases/{bought}/void", {}).status_code

    acts = [void, merging(first, second), void]
    assert at_once(app, api_key("manager"), acts) == [200] * 3
    assert points_of(api, second)["balance"] == 200
    verify(cli)


def test_same_number_given_to_two_members_at_once_is_one_members(app, api, api_key):
    first, second = two(api)

    def giving(member):
        body = {"phone": "0905 111 222"}
        return lambda caller: caller.put(f"/members/{member}/phone", body).status_code

    assert sorted(at_once(app, api_key("manager"), [giving(first), giving(second)])) == [200, 409]
    active = "SELECT count(*) FROM member_phones WHERE e164 = '+84905111222'"
    assert scalar(app, active) == 1


@pytest.mark.parametrize("attempt", range(2))
def test_erasure_during_a_merge_leaves_half_a_person_nowhere(app, api, cli, api_key, attempt):
    first, second = two(api)

    def erase(caller):
        body = {"reason": "asked"}
        return caller.post(f"/members/{second}/erasure", body).status_code

    statuses = at_once(app, api_key("manager"), [merging(first, second), erase])
    assert statuses in ([200, 200], [409, 200])
    erased = scalar(app, "SELECT count(*) FROM members WHERE erased_at IS NOT NULL")
    phones = scalar(app, "SELECT count(*) FROM member_phones")
    assert (erased, phones) == ((2, 0) if statuses[0] == 200 else (1, 1))
    verify(cli)
