"""The shop of the journeys: two stores, one of them without receipt numbers, and its people."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask

from loyalty.core.db import transaction
from loyalty.core.phone import PhoneNumber
from loyalty.jobs import worker
from loyalty.programme import service as programme
from loyalty.purchases import service as purchases
from loyalty.staff import service as staff
from loyalty.tags import rounds
from loyalty.tags import service as tags
from loyalty.tags.reading import read_rule
from tests.databases import running_app

PASSWORD = "a password of tests"
STORE = "Lê Văn Sỹ, Q.3"
MARKET = "Chợ Bến Thành"
REGULAR = "0912 345 678"
REGULAR_NAME = "Nguyễn Thị Thu Hằng"
REGULAR_POINTS = 125
REGULAR_TAG = "Mê đồ bếp"
OTHER_TAG = "Hay mua làm quà"
RULE_TAG = "Đã mua hàng"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Shop:
    """`url` has no slash at its end; `environ` is what its server was started with."""

    url: str
    environ: Mapping[str, str]

    def do_jobs(self) -> None:
        """What waits, as the scheduler would."""
        with running_app(self.environ) as app, app.app_context():
            rounds.drain()
            worker.run_waiting(worker="journey")


def new_phone() -> str:
    """A Vietnamese mobile that no other journey uses."""
    return f"0938 {100 + next(_numbers):03d} 204"


def new_receipt() -> str:
    return f"HD-{20_000 + next(_numbers)}"


def furnish(app: Flask) -> None:
    """Owner, a cashier in each store, one regular customer, and tags of every kind."""
    with app.app_context(), transaction():
        staff.create_owner(
            shop_name="An Nhiên",
            name="Bảo Trâm",
            login="tram",
            password=PASSWORD,
            first_store_name=STORE,
        )
        programme.create_store(code="CHO", name=MARKET, receipts="none")
        for login, name, store in (("han", "Ngọc Hân", "S01"), ("cuc", "Thị Cúc", "CHO")):
            staff.create_staff(
                login=login, name=name, password=PASSWORD, role="cashier", store_codes=[store]
            )
        recorded = purchases.record(
            {
                "phone": PhoneNumber.parse(REGULAR, "VN"),
                "store": "S01",
                "receipt_no": "HD-10233",
                "amount": 1_250_000,
                "member": {"name": REGULAR_NAME},
            }
        )
        _tag(recorded.member["id"])


def _tag(member_id: int) -> None:
    """One that the regular customer has, one to be given, one by a rule."""
    given = tags.create(name=REGULAR_TAG)
    tags.create(name=OTHER_TAG)
    tags.mark(member_id, given["slug"], on=True)
    ever_bought = read_rule({"field": "purchase_count", "op": "ge", "value": 1})
    tags.create(name=RULE_TAG, rule=ever_bought)
