"""Today in the demo shop: every till is open, and here and there is something to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from loyalty.core import clock
from loyalty.core.access import acting_as
from loyalty.core.db import in_transaction
from loyalty.core.phone import PhoneNumber
from loyalty.demo.history import (
    Past,
    day_of_cashier,
    if_possible,
    record_one,
    sell,
    take_back,
)
from loyalty.demo.past import living_at
from loyalty.purchases import service as purchases
from loyalty.purchases.writing import Recorded
from loyalty.rewards import service as rewards

MANY = 5
VOIDS = 3
LATE = 4
LATE_DAYS = 6
HELD = 60


def live(past: Past, *, members: int, labels: Mapping[str, str], own_phone: PhoneNumber) -> None:
    """`labels` of the cashiers by login; `own_phone` is `vy`'s. A shop in which nobody bought
    lately has nothing to look at."""
    customers = past.customers(members)
    for store, cashiers in past.cashiers.items():
        for who in cashiers:
            sell(past, who, day_of_cashier(past, store, past.today, customers, members=members))
    if not customers:
        return
    day = _Day(past, customers)
    day.own_number(labels["vy"], own_phone)
    day.one_number_again_and_again(labels["bao"])
    day.cancelled_in_a_row(labels["lan"])
    day.entered_late(labels["duc"])
    day.brought_back(labels["han"])
    day.on_hold(labels["han"])


class _Day:
    def __init__(self, past: Past, customers: Sequence[PhoneNumber]) -> None:
        self._past = past
        self._customers = customers
        self._opened = clock.start_of_day(past.today, past.zone)

    def _at(self, share: float) -> datetime:
        """When so much of the day up to now was over."""
        return self._opened + (self._past.now - self._opened) * share

    def _customer(self) -> PhoneNumber:
        return self._past.chance.choice(self._customers)

    def own_number(self, who: str, phone: PhoneNumber) -> None:
        whole: dict[str, object] = {"amount": 2_300_000, "quantity": None, "lines": []}
        record_one(self._past, who, self._past.row("S03", phone, self._at(0.8), **whole))

    def one_number_again_and_again(self, who: str) -> None:
        phone = self._customers[0]
        for number in range(MANY):
            self._typed(who, "S02", phone, self._at(0.6 + 0.05 * number))

    def cancelled_in_a_row(self, who: str) -> None:
        begun = self._at(0.7)
        apart = min(timedelta(minutes=19), (self._past.now - begun) / (VOIDS + 1))
        for number in range(VOIDS):
            moment = begun + apart * number
            bought = self._typed(who, "S01", self._customer(), moment)
            self._do(who, moment + apart / 2, partial(_cancel, bought.row["id"]))

    def entered_late(self, who: str) -> None:
        bought = self._opened - timedelta(days=LATE_DAYS) + timedelta(hours=15)
        rows = [
            self._past.row("S03", self._customer(), bought + timedelta(minutes=7 * number))
            for number in range(LATE)
        ]
        self._do(who, self._at(0.5), partial(purchases.record_many, rows, source="demo"))

    def brought_back(self, who: str) -> None:
        bought = self._typed(who, "S01", self._customer(), self._at(0.75))
        with acting_as(who), living_at(self._at(0.9)):
            take_back(self._past, bought)

    def on_hold(self, who: str) -> None:
        """Somebody stands at the till this very moment."""
        bought = self._typed(who, "S01", self._customers[0], self._at(0.98))
        with acting_as(who):
            if_possible(lambda: rewards.hold(bought.member.id, points=HELD))

    def _typed(self, who: str, store: str, phone: PhoneNumber, moment: datetime) -> Recorded:
        return record_one(self._past, who, self._past.row(store, phone, moment))

    def _do(self, who: str, moment: datetime, act: Callable[[], object]) -> None:
        with acting_as(who), living_at(moment):
            in_transaction(act)


def _cancel(purchase_id: int) -> object:
    return purchases.void(purchase_id, reason="Gõ nhầm")
