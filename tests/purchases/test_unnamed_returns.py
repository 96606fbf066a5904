"""Goods that come back without their receipt: which purchase they are taken to be of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

import pytest
import time_machine

from loyalty.core import clock
from loyalty.core.limits import POINTS
from loyalty.core.money import MAX_AMOUNT
from loyalty.purchases import sold
from tests.core.rows import column, row_counts, scalar
from tests.imports import files
from tests.purchases.goods import bring_unnamed, buy_goods, line, look, verify
from tests.purchases.receipts import (
    OTHER_PHONE,
    PHONE,
    balance,
    buy,
    phone,
    points_of,
    problem,
)

pytestmark = pytest.mark.usefixtures("store")

OLDER, NEWER = "2025-11-01T10:00:00+07:00", "2025-11-08T10:00:00+07:00"
PAST_NEWER = "2025-11-09T10:00:00+07:00"


def two_purchases(api):
    """Ids of an older one with 5 teas, and a newer one with 2 of them and a cup."""
    older = buy_goods(api, line("TEA", 5, 100_000), purchased_at=OLDER)
    newer = buy_goods(
        *(api, line("TEA", 2, 50_000), line("CUP", 1, 30_000)),
        receipt_no="HD-2",
        purchased_at=NEWER,
    )
    return older["purchase"]["id"], newer["purchase"]["id"]


def places(answer):
    return [each["purchase_id"] for each in answer["return"]["lines"]]


def test_newest_purchase_with_enough_left_is_taken_line_by_line(app, api):
    older, newer = two_purchases(api)
    lines = [line("TEA", 2), line("TEA", 1), line("CUP", 1)]
    answer = bring_unnamed(api, phone=PHONE, lines=lines)
    assert places(answer) == [newer, older, newer]
    assert [each["amount"] for each in answer["return"]["lines"]] == [50_000, 20_000, 30_000]
    assert answer["return"]["purchase_id"] is None
    assert answer["return"]["points_reversed"] == 8 + 2
    assert look(api, newer)["left"] == {"amount": 0, "lines": []}
    assert (look(api, older)["amount_returned"], balance(api, PHONE)) == (20_000, 8)
    verify(app)


def test_too_many_for_the_newer_are_of_the_older(api):
    older, _ = two_purchases(api)
    assert places(bring_unnamed(api, phone=PHONE, lines=[line("TEA", 3)])) == [older]


def test_paid_back_dearer_than_it_was_sold(app, api):
    """What the goods cost is of their purchase, the rest of none."""
    _, newer = two_purchases(api)
    answer = bring_unnamed(api, phone=PHONE, lines=[line("TEA", 1, 61_000)])
    assert answer["return"]["lines"] == [
        {"purchase_id": newer, "sku": "TEA", "quantity": 1, "amount": 50_000},
        {"purchase_id": None, "sku": "TEA", "quantity": 0, "amount": 11_000},
    ]
    assert answer["return"]["points_reversed"] == 5 + 1
    assert look(api, newer)["left"]["amount"] == 30_000
    verify(app)


def test_purchase_of_a_later_time_is_not_taken(api):
    older, newer = two_purchases(api)
    answer = bring_unnamed(
        api, phone=PHONE, returned_at=NEWER, lines=[line("TEA", 1), line("CUP", 1, 30_000)]
    )
    assert places(answer) == [older, None]
    assert look(api, newer)["amount_returned"] == 0


def test_void_purchases_and_those_of_others_are_not_taken(api):
    older, newer = two_purchases(api)
    api.post(f"/purchases/{newer}/void", {})
    buy_goods(api, line("CUP", 1, 30_000), phone=OTHER_PHONE, receipt_no="HD-3")
    answer = bring_unnamed(api, phone=PHONE, lines=[line("TEA", 1), line("CUP", 1, 30_000)])
    assert places(answer) == [older, None]


@pytest.mark.parametrize(
    "given", [{"amount": 105_000}, {"lines": [line("POT", 1, 65_000), line("POT", 1, 40_000)]}]
)
def test_what_is_of_no_purchase_goes_at_the_basic_rate(app, api, given):
    member_id = buy(api)["member"]["id"]
    answer = bring_unnamed(api, phone=PHONE, **given)
    assert (answer["return"]["points_reversed"], answer["member"]["points"]) == (10, 5)
    assert column(app, "SELECT purchase_id FROM point_entries WHERE points < 0") == [None]
    assert points_of(api, member_id)["debt"] == 0
    verify(app)


def test_slips_of_no_purchase_end_where_one_ends(app, api):
    """Each is worth less than a point."""
    buy(api)
    slips = [9_999] * 10 + [10]
    back = [bring_unnamed(api, f"TH-{n}", phone=PHONE, amount=part) for n, part in enumerate(slips)]
    assert sum(each["return"]["points_reversed"] for each in back) == 10
    assert balance(api, PHONE) == 5
    verify(app)


def test_slips_of_history_are_in_no_sum_of_points(app, api, cli, tmp_path):
    """Not one point more than the slip itself can bring is taken for what never earned."""
    text = "phone,receipt_no,purchased_at,sku,quantity,unit_price,kind\n"
    text += "0912345678,C1,2025-11-18,TEA,-1,1000000,return\n"
    files.imported(cli, files.written(tmp_path, text), "--without-points")
    assert bring_unnamed(api, phone=PHONE, amount=9_999)["return"]["points_reversed"] == 0
    verify(app)


def test_rate_of_no_purchase_has_an_end(app, api):
    """As what a sale brings: more a ledger could not add up."""
    rate = api.post("/earning-rules", {"points": 1_000_000, "per_amount": 1})
    assert rate.status_code == 201, rate.json
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        answer = bring_unnamed(api, phone=PHONE, amount=MAX_AMOUNT)
    assert answer["return"]["points_reversed"] == POINTS
    verify(app)


def test_member_who_is_not_known_yet_begins_with_a_debt(app, api):
    answer = bring_unnamed(api, phone=phone(7), amount=30_000)
    standing = points_of(api, answer["member"]["id"])
    assert (standing["balance"], standing["debt"]) == (0, 3)
    assert buy(api, phone=phone(7))["member"]["points"] == 12
    verify(app)


def test_goods_of_no_purchase_need_an_amount(app, api):
    before = row_counts(app)
    refused = api.post(
        "/returns", {"phone": PHONE, "store": "S01", "return_no": "1", "lines": [line("POT", 1)]}
    )
    assert list(problem(refused, 422, "invalid_request")["errors"]["lines"]) == ["0"]
    assert row_counts(app) == before


def test_receipt_is_found_by_its_number(api):
    older, _ = two_purchases(api)
    given: dict[str, Any] = {"phone": PHONE, "receipt_no": "HD-1", "lines": [line("TEA", 1)]}
    answer = bring_unnamed(api, **given)
    assert (answer["return"]["purchase_id"], places(answer)) == (older, [older])
    again = api.post("/returns", {"store": "S01", "return_no": "TH-1", **given})
    assert (again.status_code, again.get_json()["return"]) == (200, answer["return"])


def test_receipt_of_another_member_is_not_named(app, api):
    two_purchases(api)
    before = row_counts(app)
    for written in (OTHER_PHONE, phone(9)):
        given = {"phone": written, "store": "S01", "return_no": "1", "receipt_no": "HD-1"}
        problem(api.post("/returns", {**given, "amount": 1}), 404, "unknown_purchase")
    assert row_counts(app) == before


class TestNumbersThatStartAgain:
    """Receipt 7 of 18 and of 19 November, of one member and store."""

    GIVEN: ClassVar[dict[str, Any]] = {
        "phone": PHONE,
        "store": "D01",
        "receipt_no": "7",
        "amount": 100_000,
        "returned_at": "2025-11-18T12:00:00+07:00",
    }

    @pytest.fixture(autouse=True)
    def opened(self, cli):
        opened = ["stores", "create", "D01", "--name", "Day", "--receipt-period", "day"]
        assert cli.invoke(args=opened).exit_code == 0

    def buy_on(self, api, day):
        at = f"2025-11-{day}T10:00:00+07:00"
        return buy(api, store="D01", receipt_no="7", purchased_at=at)["purchase"]["id"]

    def test_return_is_of_the_receipt_that_was_there_then(self, app, api):
        first, last = (self.buy_on(api, day) for day in (18, 19))
        assert bring_unnamed(api, **self.GIVEN)["return"]["purchase_id"] == first
        later = {**self.GIVEN, "returned_at": "2025-12-02T12:00:00+07:00"}
        assert bring_unnamed(api, "TH-2", **later)["return"]["purchase_id"] == last
        verify(app)

    def test_same_return_again_is_of_the_same_receipt(self, api):
        first = self.buy_on(api, 18)
        given = {**self.GIVEN, "returned_at": "2025-11-20T12:00:00+07:00"}
        answer = bring_unnamed(api, **given)
        assert answer["return"]["purchase_id"] == first
        self.buy_on(api, 19)
        again = api.post("/returns", {"return_no": "TH-1", **given})
        assert (again.status_code, again.get_json()["return"]) == (200, answer["return"])


def test_goods_are_looked_for_among_the_newest_purchases(api, monkeypatch):
    """However many there are: of those, one that sold the goods."""
    _, newer = two_purchases(api)
    buy_goods(api, line("POT", 1, 65_000), receipt_no="HD-3", purchased_at=PAST_NEWER)
    for limit, place in ((1, None), (2, newer)):
        monkeypatch.setattr(sold, "MATCHED_PURCHASES", limit)
        answer = bring_unnamed(api, f"TH-{limit}", phone=PHONE, lines=[line("TEA", 1, 10_000)])
        assert places(answer) == [place]


def test_same_return_again_is_a_replay_for_the_same_phone(app, api):
    two_purchases(api)
    given = {"store": "S01", "return_no": "TH-1", "lines": [line("TEA", 1)]}
    first = api.post("/returns", {**given, "phone": PHONE}).get_json()
    again = api.post("/returns", {**given, "phone": "+84 912 345 678"})
    assert (again.status_code, again.get_json()["return"]) == (200, first["return"])
    buy(api, phone=OTHER_PHONE, receipt_no="HD-9")
    problem(api.post("/returns", {**given, "phone": OTHER_PHONE}), 409, "receipt_conflict")
    problem(api.post("/returns", {**given, "phone": PHONE, "amount": 1}), 409, "receipt_conflict")
    assert scalar(app, "SELECT count(*) FROM returns") == 1
