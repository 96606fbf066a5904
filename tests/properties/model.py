"""What the shop should hold after each step, in a few lines of plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field

PER_POINT = 10_000


@dataclass
class Bought:
    id: int
    amount: int
    phone: str
    """The one it was recorded with."""
    moved_to: str | None = None

    @property
    def points(self) -> int:
        return self.amount // PER_POINT

    @property
    def holder(self) -> str:
        return self.moved_to or self.phone


@dataclass
class Person:
    """The account of a phone, as long as it is open."""

    balance: int = 0
    recorded: int = 0
    """Purchases it holds, void ones too."""
    touched: bool = False
    """Something but the purchases that moved away is in its ledger, or known of it."""


@dataclass
class Model:
    """Balances by phone, receipts by number; `debt` is what lots could not give back."""

    people: dict[str, Person] = field(default_factory=dict)
    receipts: dict[str, Bought] = field(default_factory=dict)
    voided: dict[int, Bought] = field(default_factory=dict)

    def verdict(self, number: str, phone: str, amount: int) -> str:
        known = self.receipts.get(number)
        if known is None:
            return "recorded"
        same = known.amount == amount and phone in (known.phone, known.moved_to)
        return "replayed" if same else "conflict"

    def record(self, number: str, phone: str, amount: int, purchase_id: int) -> None:
        bought = self.receipts[number] = Bought(id=purchase_id, amount=amount, phone=phone)
        person = self.people.setdefault(phone, Person())
        person.balance += bought.points
        person.recorded += 1

    def void(self, number: str) -> None:
        bought = self.receipts.pop(number)
        self.voided[bought.id] = bought
        self.people[bought.holder].balance -= bought.points

    def reassign(self, number: str, phone: str) -> None:
        bought = self.receipts[number]
        origin = bought.holder
        if origin == phone:
            return
        target = self.people.setdefault(phone, Person())
        target.balance += bought.points
        target.recorded += 1
        bought.moved_to = phone
        left = self.people[origin]
        left.balance -= bought.points
        left.recorded -= 1
        if left.recorded == 0 and not left.touched:
            del self.people[origin]
        elif bought.points:
            # Two entries of a purchase that is not the last one to leave.
            left.touched = True
