"""What is left of a receipt, and what of it is worth how much (semantics, Returns). No database
here.

A return names goods by SKU, and a receipt may hold a SKU on several lines: the first line comes
back first. A line without an amount is worth its share of what was paid, counted through from
the first unit on, so that any split ends with the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from loyalty.programme.earning import Kept, Line


class SoldLine(NamedTuple):
    """A line of a receipt; the amount in minor units."""

    sku: str
    name: str | None
    category: str | None
    quantity: int
    amount: int


class BackLine(NamedTuple):
    """What came back of a purchase, or (`purchase_id` None) of none that is known; `sku` None: an
    amount without goods named."""

    purchase_id: int | None
    sku: str | None
    category: str | None
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class LeftLine:
    """What is left of a SKU: at most so many, for at most so much."""

    sku: str
    name: str | None
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class Left:
    """What of a purchase did not come back yet."""

    amount: int
    lines: list[LeftLine]

    def as_document(self) -> dict[str, Any]:
        lines = [
            {"sku": line.sku, "name": line.name, "quantity": line.quantity, "amount": line.amount}
            for line in self.lines
        ]
        return {"amount": self.amount, "lines": lines}


class TooMuch(Exception):
    """More comes back than is left; its text is `amount` or `lines`, where it was said."""


@dataclass(slots=True)
class Gone:
    """What came back of one SKU so far."""

    quantity: int = 0
    amount: int = 0


@dataclass(kw_only=True)
class Sold:
    """A receipt and what came back of it so far; `lines` in its order, none where it named no
    goods."""

    id: int
    purchased_at: datetime
    amount: int
    lines: Sequence[SoldLine]
    points_earned: int = 0
    points_reversed: int = 0
    amount_returned: int = 0
    gone: dict[str, Gone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_sku: dict[str, list[SoldLine]] = {}
        for line in self.lines:
            self._by_sku.setdefault(line.sku, []).append(line)

    def of_sku(self, sku: str) -> Sequence[SoldLine]:
        return self._by_sku.get(sku, ())

    def left_of(self, sku: str) -> LeftLine:
        lines, gone = self.of_sku(sku), self.gone.get(sku, Gone())
        return LeftLine(
            sku=sku,
            name=lines[0].name if lines else None,
            quantity=sum(line.quantity for line in lines) - gone.quantity,
            amount=min(
                sum(line.amount for line in lines) - gone.amount,
                self.amount - self.amount_returned,
            ),
        )

    def left(self) -> Left:
        lines = map(self.left_of, self._by_sku)
        return Left(
            amount=self.amount - self.amount_returned,
            lines=[line for line in lines if line.quantity or line.amount],
        )

    def came_back(self) -> tuple[int, int]:
        """How much of how much: money, and pieces of a receipt over nothing."""
        if self.amount:
            return self.amount_returned, self.amount
        return sum(gone.quantity for gone in self.gone.values()), max(self._pieces, 1)

    @property
    def _pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    def is_of_nothing(self) -> bool:
        """Over nothing, and without goods: no return can say how much of it came back."""
        return not self.amount and not self._pieces

    def came_back_whole(self) -> bool:
        returned, whole = self.came_back()
        return returned == whole

    def take(self, line: BackLine) -> BackLine:
        """Note that it came back; raises `TooMuch`."""
        if line.amount > self.amount - self.amount_returned:
            raise TooMuch("amount")
        if line.sku is not None:
            left = self.left_of(line.sku)
            is_more = line.quantity > left.quantity or line.amount > left.amount
            if self.lines and (is_more or not self.of_sku(line.sku)):
                raise TooMuch("lines")
            gone = self.gone.setdefault(line.sku, Gone())
            gone.quantity += line.quantity
            gone.amount += line.amount
        self.amount_returned += line.amount
        return line

    def share(self, sku: str, quantity: int) -> int:
        """What so many more of a SKU are worth, at most what is left of it."""
        gone = self.gone.get(sku, Gone())
        worth = _worth(self.of_sku(sku), gone.quantity + quantity) - gone.amount
        return max(0, min(worth, self.left_of(sku).amount))

    def kept(self) -> Kept:
        """What is kept of it, line by line."""
        quantities = {sku: gone.quantity for sku, gone in self.gone.items()}
        amounts = {sku: gone.amount for sku, gone in self.gone.items()}
        lines = []
        for line in self.lines:
            quantity = min(line.quantity, quantities.get(line.sku, 0))
            amount = min(line.amount, amounts.get(line.sku, 0))
            if line.sku in self.gone:
                quantities[line.sku] -= quantity
                amounts[line.sku] -= amount
            kept = (line.quantity - quantity, line.amount - amount)
            lines.append(Line(line.sku, line.category, *kept))
        return Kept(amount=self.amount - self.amount_returned, lines=lines)


def _worth(lines: Sequence[SoldLine], quantity: int) -> int:
    """What the first `quantity` units of these lines cost."""
    amount = 0
    for line in lines:
        if quantity < line.quantity:
            return amount + line.amount * quantity // line.quantity
        amount += line.amount
        quantity -= line.quantity
    return amount
