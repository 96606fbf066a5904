"""What happened in the demo shop before today: purchases, gifts and returns, in the order of time.

What is old came by the POS of each store, what is of the last weeks was typed by its cashiers.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count, groupby
from zoneinfo import ZoneInfo

from loyalty.core import clock
from loyalty.core.access import acting_as
from loyalty.core.db import in_transaction
from loyalty.core.errors import Problem
from loyalty.core.phone import PhoneNumber
from loyalty.demo.past import living_at
from loyalty.demo.receipts import Row, basket
from loyalty.purchases import returns
from loyalty.purchases import service as purchases
from loyalty.purchases.writing import Recorded
from loyalty.rewards import service as rewards

TYPED_DAYS = 35
"""Before them a POS sent the receipts."""
LATER = timedelta(minutes=2)
GIFT_SHARE = 0.12
"""So many of those who buy get a gift or pay with points, where they have enough."""
RETURN_SHARE = 0.02
CASHIERS_DAY = 6
"""So many receipts a cashier types a day, in a shop of `USUAL` members."""
STORES_MONTH = 150
"""So many a POS sent a month."""
USUAL = 400
MONTHS = 11


@dataclass(kw_only=True)
class Past:
    """`pos` and `cashiers` are labels by store code; `regulars` those who come again and again."""

    chance: random.Random
    zone: ZoneInfo
    now: datetime
    pos: Mapping[str, str]
    cashiers: Mapping[str, Sequence[str]]
    regulars: Counter[PhoneNumber] = field(default_factory=Counter)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def local_day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    @property
    def today(self) -> date:
        return self.local_day(self.now)

    @property
    def typed_since(self) -> date:
        return self.today - timedelta(days=TYPED_DAYS)

    def customers(self, members: int) -> list[PhoneNumber]:
        """Those who come most, the most faithful first."""
        return [phone for phone, _ in self.regulars.most_common(max(20, members // 4))]

    def row(self, store: str, phone: PhoneNumber, moment: datetime, **changes: object) -> Row:
        """A receipt as `PurchaseSchema` loads it."""
        return {
            "phone": phone,
            "receipt_no": f"HD-{900_000 + next(self.numbers)}",
            "purchased_at": moment,
            **basket(self.chance),
            "store": store,
            **changes,
        }


def live_through(past: Past, rows: Iterable[Row], *, members: int) -> None:
    """Record receipts as `receipts.receipts` tells them, and more of those who come often."""
    rows = list(rows)
    lately = past.today - timedelta(days=120)
    past.regulars.update(
        row["phone"] for row in rows if past.local_day(row["purchased_at"]) >= lately
    )
    rows += _by_pos(past, members=members)
    portion = partial(_portion, past)
    in_order = sorted(rows, key=lambda row: (*portion(row), row["purchased_at"]))
    for (day, store), its_rows in groupby(in_order, key=portion):
        who = past.pos[store]
        if day >= past.typed_since:
            who = past.chance.choice(past.cashiers[store])
        sell(past, who, list(its_rows))


def _by_pos(past: Past, *, members: int) -> Iterator[Row]:
    """What regulars bought in the months before cashiers typed."""
    customers = past.customers(members)
    many = STORES_MONTH * members // USUAL
    ends = clock.start_of_day(past.typed_since, past.zone)
    begins = ends - timedelta(days=30 * MONTHS)
    for store in past.pos:
        for _ in range(many * MONTHS):
            moment = begins + (ends - begins) * past.chance.random()
            yield past.row(store, past.chance.choice(customers), moment)


def _portion(past: Past, row: Row) -> tuple[date, str]:
    """What is recorded at once: a store's month long ago, its day lately."""
    day = past.local_day(row["purchased_at"])
    return (day if day >= past.typed_since else day.replace(day=1)), row["store"]


def busy_days(past: Past, *, members: int) -> None:
    """The last weeks up to yesterday: regulars at every till."""
    customers = past.customers(members)
    for ago in range(TYPED_DAYS, 0, -1):
        day = past.today - timedelta(days=ago)
        for store, cashiers in past.cashiers.items():
            for who in cashiers:
                sell(past, who, day_of_cashier(past, store, day, customers, members=members))


def day_of_cashier(
    past: Past, store: str, day: date, customers: Sequence[PhoneNumber], *, members: int
) -> list[Row]:
    """Receipts between eight and half past nine in the evening, or until now."""
    opens = clock.start_of_day(day, past.zone) + timedelta(hours=8)
    closes = opens + timedelta(hours=13, minutes=30)
    until = min(closes, past.now - LATER)
    if until <= opens:
        return []
    usual = CASHIERS_DAY * members / USUAL * past.chance.uniform(0.7, 1.3)
    many = max(1, round(usual * ((until - opens) / (closes - opens))))
    rows = [
        past.row(store, phone, opens + (until - opens) * past.chance.random())
        for phone in past.chance.sample(customers, min(many, len(customers)))
    ]
    return sorted(rows, key=lambda row: row["purchased_at"])


def sell(past: Past, who: str, rows: Sequence[Row]) -> None:
    """Receipts of one store by one hand, and what some of the customers do beside."""
    if not rows:
        return
    with acting_as(who), living_at(_recorded_at(past, rows)):
        for bought in _written(rows):
            if past.chance.random() < GIFT_SHARE:
                get_gift(past, bought)
            if past.chance.random() < RETURN_SHARE:
                take_back(past, bought)


def record_one(past: Past, who: str, row: Row) -> Recorded:
    """A receipt, and nothing beside."""
    with acting_as(who), living_at(_recorded_at(past, [row])):
        [bought] = _written([row])
    return bought


def _recorded_at(past: Past, rows: Sequence[Row]) -> datetime:
    return min(rows[-1]["purchased_at"] + LATER, past.now)


def _written(rows: Sequence[Row]) -> list[Recorded]:
    done = in_transaction(partial(purchases.record_many, rows, source="demo"))
    return [outcome for outcome in done if isinstance(outcome, Recorded)]


def get_gift(past: Past, bought: Recorded) -> None:
    """One of the gifts that the points pay for, or a payment with points."""
    member_id, store_id = bought.member.id, bought.receipt.store.id
    wish, pays = past.chance.random(), past.chance.random() < 0.3

    def redeem() -> None:
        if pays:
            rewards.redeem_now(member_id, points=100, store_id=store_id)
            return
        within = [o.reward.id for o in rewards.within_reach(member_id) if o.is_within_reach]
        dearest = within[-3:]
        if dearest:
            chosen = dearest[int(wish * len(dearest))]
            rewards.redeem_now(member_id, reward_id=chosen, store_id=store_id)

    if_possible(redeem)


def take_back(past: Past, bought: Recorded) -> None:
    """One piece of the receipt comes back."""
    line = past.chance.choice(list(bought.receipt.lines))
    given = {
        "return_no": f"TH-{next(past.numbers):05d}",
        "lines": [{"sku": line["sku"], "quantity": 1}],
    }
    if_possible(lambda: returns.record(bought.row["id"], given))


def if_possible(act: Callable[[], object]) -> None:
    """A shop has customers whose wish cannot be met."""
    try:
        in_transaction(act)
    except Problem:
        return
