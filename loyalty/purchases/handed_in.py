"""What receipts need of slices that stand above them: handed in by `create_app`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from flask import current_app

REDEMPTIONS = "redemptions"
"""Name of the seam: rewards hands in what a receipt does with points that pay for it."""
IN_TAG = "in_tag"
"""Name of the seam: tags hands in who of some members is in a tag."""


@dataclass(frozen=True, kw_only=True)
class Redemptions:
    """`capture(member, ids, purchase_id=, store_id=, now=)` spends what the receipt names:
    holds, and vouchers that were got before; raises the problem of the first that cannot be.

    `give_back(member, purchase_id, returned=, amount=, now=, reason=)` brings what the receipt
    spent to where `returned` of `amount` (minor units, or pieces where it was over nothing) have
    come back in all; returns the points that came back this time. `undo(member, purchase_id,
    now=, reason=)`: the receipt was a mistake, and what it spent is as before.
    `are_used_by(purchase_id)`: whether it spent any. `would_give_back(purchase_id, returned=,
    amount=)`: what `give_back` would return."""

    capture: Callable[..., None]
    give_back: Callable[..., int]
    undo: Callable[..., None]
    are_used_by: Callable[[int], bool]
    would_give_back: Callable[..., int]


def redemptions() -> Redemptions:
    handed_in: Redemptions = current_app.extensions[REDEMPTIONS]
    return handed_in


def in_tag(slug: str, member_ids: Collection[int]) -> set[int]:
    """Those of the members who are in the tag; nobody is in one that there is not."""
    who: Callable[[str, Collection[int]], Any] = current_app.extensions[IN_TAG]
    return set(who(slug, member_ids))
