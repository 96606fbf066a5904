"""What the people of the demo shop bought: a few come often, most now and then, some have
stayed away for long."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from loyalty.demo.people import People

STORES = (("S01", "Lê Văn Sỹ, Q.3"), ("S02", "Nguyễn Trãi, Q.5"), ("S03", "Thảo Điền"))
_GOODS = (
    ("CF-01", "Cà phê sữa đá", "Cà phê", 29_000),
    ("CF-02", "Bạc xỉu", "Cà phê", 35_000),
    ("CF-09", "Cà phê hạt 500 g", "Cà phê", 189_000),
    ("TR-01", "Trà sen vàng", "Trà", 45_000),
    ("TR-05", "Hộp trà ô long", "Trà", 250_000),
    ("BN-01", "Bánh croissant", "Bánh", 39_000),
    ("BN-04", "Bánh kem nhỏ", "Bánh", 320_000),
    ("QT-01", "Ly sứ", "Quà tặng", 150_000),
    ("QT-02", "Giỏ quà Tết", "Quà tặng", 690_000),
)
_CHANNELS = ("store",) * 8 + ("online", "self_service")
_AWAY_DAYS = (0, 0, 0, 0, 0, 0, 0, 120, 200, 400)
"""For how long somebody has not come: most still do."""
ONE_NEW_IN = 12
"""One person in so many came first in the last week."""
_KNOWN_DAYS = (365, 365, 365, 730)
"""Since when the shop has known somebody."""

Row = dict[str, Any]


def receipts(people: People, chance: random.Random, *, buyers: int, now: datetime) -> Iterator[Row]:
    """Receipts of so many people, as `PurchaseSchema` loads them."""
    numbers = count(1)
    for person in range(buyers):
        phone, profile = people.make(person)
        for moment in _visits(chance, now, is_new=person % ONE_NEW_IN == 1):
            yield {
                "phone": phone,
                "member": profile,
                "receipt_no": f"HD-{next(numbers):06d}",
                "purchased_at": moment,
                **basket(chance),
            }


def _visits(chance: random.Random, now: datetime, *, is_new: bool) -> list[datetime]:
    if is_new:
        return [now - timedelta(minutes=chance.randint(60, 7 * 24 * 60))]
    visits = min(40, int(chance.paretovariate(0.9)))
    away = chance.choice(_AWAY_DAYS)
    known = max(chance.choice(_KNOWN_DAYS), away + 30)
    ago = (chance.randint(away * 24 * 60 + 60, known * 24 * 60) for _ in range(visits))
    return sorted(now - timedelta(minutes=minutes) for minutes in ago)


def basket(chance: random.Random) -> Row:
    """What a receipt holds beside whose it is, its number and its time."""
    lines = [_line(chance, *goods) for goods in chance.sample(_GOODS, chance.choice((1, 1, 2, 3)))]
    return {
        "store": chance.choice(STORES)[0],
        "channel": chance.choice(_CHANNELS),
        "lines": lines,
        "amount": sum(line["amount"] for line in lines),
        "quantity": sum(line["quantity"] for line in lines),
    }


def _line(chance: random.Random, sku: str, name: str, category: str, price: int) -> Row:
    quantity = chance.choice((1, 1, 1, 2, 3))
    return {
        "sku": sku,
        "name": name,
        "category": category,
        "quantity": quantity,
        "amount": quantity * price,
    }
