"""Use cases of rewards: offer them, hold and spend points for them, give back, look, report."""

from __future__ import annotations

from loyalty.rewards.catalogue import change, create, every, look, needs_tier
from loyalty.rewards.lapsing import end_holds, lapse_due
from loyalty.rewards.looking import find_by_code, get, of_member
from loyalty.rewards.offers import Offer, vouchers_of, within_reach
from loyalty.rewards.redeeming import capture, hold, redeem_now, reverse, undo, void
from loyalty.rewards.report import of_year

__all__ = [
    "Offer",
    "capture",
    "change",
    "create",
    "end_holds",
    "every",
    "find_by_code",
    "get",
    "hold",
    "lapse_due",
    "look",
    "needs_tier",
    "of_member",
    "of_year",
    "redeem_now",
    "reverse",
    "undo",
    "void",
    "vouchers_of",
    "within_reach",
]
