"""What a cashier is asked once before a purchase is recorded. No database here."""

from __future__ import annotations

from datetime import timedelta

from loyalty.programme.rules import default_earning

SAME_AGAIN = timedelta(minutes=5)
"""Without receipt numbers, the same phone and amount within this time may be a second press."""

AMOUNT = "amount"
AGAIN = "again"

_TENTHS = 10
_MANY = 5_000


def usual_amounts(currency: str) -> tuple[int, int]:
    """The smallest and largest amount (minor units) that nobody is asked about.

    A tenth of what earns a point by default, and 5,000 times it: 1,000 and
    50,000,000 in VND.
    """
    _, per_amount = default_earning(currency)
    return per_amount // _TENTHS, per_amount * _MANY


def is_unusual(amount: int, currency: str) -> bool:
    smallest, largest = usual_amounts(currency)
    return not smallest <= amount <= largest


def again_after(redemption_id: int) -> str:
    """Yes to this is a yes to one gift more than that one, not to any later."""
    return f"{AGAIN}:{redemption_id}"


def answered(confirmed: str) -> frozenset[str]:
    """The questions that this cashier said yes to, from the form's hidden field."""
    return frozenset(confirmed.split()) & {AMOUNT, AGAIN}
