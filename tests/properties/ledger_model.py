"""What accounts, lots, holds and receipts should come to, in plain Python and without any job:
time alone decides what has lapsed (semantics, Receipts to Identity)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from loyalty.core import clock
from tests.purchases.receipts import LOCAL

PER_POINT = 10_000
EXPIRY_MONTHS = 1
HELD_FOR = timedelta(minutes=15)
CHANGEABLE = timedelta(days=45)

Parts = list[tuple["Lot", int]]


@dataclass(eq=False)
class Lot:
    number: int
    left: int
    expires: datetime


@dataclass(eq=False)
class Account:
    id: int
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0

    def live(self, now: datetime) -> list[Lot]:
        open_lots = (lot for lot in self.lots if lot.left and lot.expires > now)
        return sorted(open_lots, key=lambda lot: (lot.expires, lot.number))

    def available(self, now: datetime) -> int:
        return sum(lot.left for lot in self.live(now))


@dataclass(eq=False)
class Hold:
    id: int
    account: Account
    parts: Parts
    expires: datetime
    state: str = "held"
    spent: Parts = field(default_factory=list)
    restored: int = 0
    receipt: Receipt | None = None

    @property
    def points(self) -> int:
        return sum(points for _, points in self.parts)

    @property
    def captured(self) -> int:
        return sum(points for _, points in self.spent)


@dataclass(eq=False)
class Receipt:
    id: int
    number: str
    account: Account
    phone: str
    amount: int
    lines: dict[str, tuple[int, int]]
    """sku -> (quantity, amount)"""
    bought_at: datetime
    lots: list[Lot] = field(default_factory=list)
    reversed: int = 0
    returned: int = 0
    back: dict[str, tuple[int, int]] = field(default_factory=dict)
    returns: int = 0
    voided: bool = False
    paid_by: list[Hold] = field(default_factory=list)

    @property
    def earned(self) -> int:
        return self.amount // PER_POINT

    def left_of(self, sku: str) -> tuple[int, int]:
        quantity, amount = self.lines[sku]
        gone, sum_gone = self.back.get(sku, (0, 0))
        return quantity - gone, amount - sum_gone


@dataclass
class Model:
    now: datetime
    started: datetime
    accounts: dict[str, Account] = field(default_factory=dict)
    """By phone: an account that was merged is reached by both."""
    receipts: dict[str, Receipt] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    lots: int = 0

    # -- time ------------------------------------------------------------------

    def lapses_at(self, bought_at: datetime) -> datetime:
        grace = self.started.astimezone(LOCAL).date() + timedelta(days=60)
        day = clock.add_months(bought_at.astimezone(LOCAL).date(), EXPIRY_MONTHS)
        return clock.end_of_day(max(day, grace), LOCAL)

    def pass_time(self, by: timedelta) -> None:
        self.now += by
        for hold in self.open_holds():
            if hold.expires <= self.now:
                self.put_back(hold.account, _by_age(hold.parts), at=hold.expires)
                hold.state = "lapsed"

    # -- points come and go ----------------------------------------------------

    def credit(self, account: Account, points: int, expires: datetime) -> Lot:
        repaid = min(points, account.debt)
        account.debt -= repaid
        self.lots += 1
        lot = Lot(self.lots, points - repaid, expires)
        account.lots.append(lot)
        return lot

    def take_live(self, account: Account, points: int) -> tuple[Parts, int]:
        return _take(account.live(self.now), points)

    def take_back(self, account: Account, receipt: Receipt, points: int) -> None:
        """Its own lots first, lapsed or not; then live ones; the rest is debt."""
        own = [lot for lot in receipt.lots if lot in account.lots]
        _, points = _take(own, points)
        _, points = self.take_live(account, points)
        account.debt += points

    def put_back(self, account: Account, parts: Parts, *, at: datetime | None = None) -> None:
        """`at`: when it came back, if not now."""
        for lot, points in parts:
            repaid = min(points, account.debt) if lot.expires > (at or self.now) else 0
            account.debt -= repaid
            lot.left += points - repaid

    # -- receipts --------------------------------------------------------------

    def buy(self, receipt: Receipt) -> None:
        self.receipts[receipt.number] = receipt
        if receipt.earned:
            lot = self.credit(receipt.account, receipt.earned, self.lapses_at(self.now))
            receipt.lots.append(lot)

    def void(self, receipt: Receipt) -> None:
        self.give_back(receipt, whole=True)
        self.take_back(receipt.account, receipt, receipt.earned)
        receipt.reversed = receipt.earned
        receipt.voided = True
        del self.receipts[receipt.number]

    def reassign(self, receipt: Receipt, target: Account) -> None:
        if receipt.account is target:
            return
        self.take_back(receipt.account, receipt, receipt.earned)
        receipt.account = target
        if receipt.earned:
            lapses = self.lapses_at(receipt.bought_at)
            receipt.lots.append(self.credit(target, receipt.earned, lapses))

    def may_change(self, receipt: Receipt) -> bool:
        return self.now - receipt.bought_at <= CHANGEABLE

    def bring_back(self, receipt: Receipt, amount: int, sku: str | None, quantity: int) -> None:
        receipt.returned += amount
        receipt.returns += 1
        if sku is not None:
            gone, sum_gone = receipt.back.get(sku, (0, 0))
            receipt.back[sku] = (gone + quantity, sum_gone + amount)
        self.give_back(receipt, whole=False)
        due = (receipt.amount - receipt.returned) // PER_POINT
        points = receipt.earned - due - receipt.reversed
        receipt.reversed += points
        self.take_back(receipt.account, receipt, points)

    def give_back(self, receipt: Receipt, *, whole: bool) -> None:
        for hold in receipt.paid_by:
            all_of_it = whole or receipt.returned == receipt.amount
            share = hold.captured * receipt.returned // max(receipt.amount, 1)
            self.restore(hold, (hold.captured if all_of_it else share) - hold.restored)

    # -- spending --------------------------------------------------------------

    def open_holds(self) -> list[Hold]:
        return [hold for hold in self.holds if hold.state == "held"]

    def hold(self, account: Account, points: int, hold_id: int) -> Hold:
        parts, missing = self.take_live(account, points)
        assert not missing
        made = Hold(hold_id, account, parts, self.now + HELD_FOR)
        self.holds.append(made)
        return made

    def capture(self, hold: Hold, points: int) -> None:
        hold.spent, _ = _share(_by_age(hold.parts), points)
        spent = dict(hold.spent)
        rest = [(lot, part - spent.get(lot, 0)) for lot, part in _by_age(hold.parts)]
        self.put_back(hold.account, rest)
        hold.state = "captured"

    def release(self, hold: Hold) -> None:
        self.put_back(hold.account, _by_age(hold.parts))
        hold.state = "voided"

    def restore(self, hold: Hold, points: int) -> None:
        if points:
            newest_first = list(reversed(_by_age(hold.spent)))
            before = dict(_share(newest_first, hold.restored)[0])
            left = [(lot, part - before.get(lot, 0)) for lot, part in newest_first]
            self.put_back(hold.account, _share(left, points)[0])
            hold.restored += points
            if hold.restored == hold.captured:
                hold.state = "reversed"

    # -- people ----------------------------------------------------------------

    def merge(self, source: Account, survivor: Account) -> None:
        survivor.lots += source.lots
        survivor.debt += source.debt
        _, survivor.debt = self.take_live(survivor, survivor.debt)
        source.lots, source.debt = [], 0
        for phone, account in self.accounts.items():
            if account is source:
                self.accounts[phone] = survivor
        for hold in self.holds:
            hold.account = survivor if hold.account is source else hold.account
        for receipt in self.receipts.values():
            receipt.account = survivor if receipt.account is source else receipt.account

    def held_by(self, account: Account) -> int:
        return sum(hold.points for hold in self.open_holds() if hold.account is account)


def _take(lots: Iterable[Lot], points: int) -> tuple[Parts, int]:
    taken = []
    for lot in lots:
        part = min(lot.left, points)
        if part:
            lot.left -= part
            points -= part
            taken.append((lot, part))
    return taken, points


def _share(parts: Parts, points: int) -> tuple[Parts, int]:
    """The first `points` of what stands in parts."""
    shared = []
    for lot, part in parts:
        part = min(part, points)
        if part:
            shared.append((lot, part))
            points -= part
    return shared, points


def _by_age(parts: Parts) -> Parts:
    return sorted(parts, key=lambda part: part[0].number)
