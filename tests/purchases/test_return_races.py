"""Two tills that take the same goods back: once, and never more than was bought."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api import Api
from tests.core.rows import scalar
from tests.purchases.goods import send_back, verify
from tests.purchases.race import at_once
from tests.purchases.receipts import buy, phone

pytestmark = pytest.mark.usefixtures("store")

TILLS = 4
ROUNDS = 5


def cancel(api: Api, purchase_id: int) -> TestResponse:
    return api.post(f"/purchases/{purchase_id}/void", {})


def statuses(answers) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_same_goods_at_several_tills_come_back_once(app, api):
    for turn in range(ROUNDS):
        purchase_id = buy(api, phone=phone(turn), receipt_no=f"HD-{turn}")["purchase"]["id"]
        acts = [
            partial(send_back, purchase_id=purchase_id, return_no=f"{turn}-{till}", amount=90_000)
            for till in range(TILLS)
        ]
        assert statuses(at_once(app, api.key, acts)) == {201: 1, 422: TILLS - 1}
    assert scalar(app, "SELECT sum(amount_returned) FROM purchases") == ROUNDS * 90_000
    verify(app)


def test_same_return_sent_several_times_is_one(app, api):
    for turn in range(ROUNDS):
        purchase_id = buy(api, phone=phone(turn), receipt_no=f"HD-{turn}")["purchase"]["id"]
        act = partial(send_back, purchase_id=purchase_id, return_no=str(turn), amount=60_000)
        assert statuses(at_once(app, api.key, [act] * TILLS)) == {201: 1, 200: TILLS - 1}
    assert scalar(app, "SELECT count(*) FROM returns") == ROUNDS
    verify(app)


def test_void_and_return_at_once_are_never_both(app, api):
    for turn in range(ROUNDS):
        purchase_id = buy(api, phone=phone(turn), receipt_no=f"HD-{turn}")["purchase"]["id"]
        acts: list[Any] = [
            partial(cancel, purchase_id=purchase_id),
            partial(send_back, purchase_id=purchase_id, return_no=str(turn), amount=60_000),
        ]
        void, back = at_once(app, api.key, acts)
        codes = (void.status_code, back.status_code)
        assert codes in ((200, 409), (409, 201))
    verify(app)
