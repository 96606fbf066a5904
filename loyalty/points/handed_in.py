"""What the ledger needs of a slice that stands above it: handed in by `create_app`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from loyalty.members.service import LockedMember

HOLDS = "holds"
"""Name of the seam: rewards hands in what is known of holds."""


@dataclass(frozen=True, kw_only=True)
class Holds:
    """`over(member_id, now=)`: since when each of the member's holds (redemption ids) is over
    that nobody released yet. `release(member, now=)` releases them; the caller holds the
    member's lock."""

    over: Callable[..., Mapping[int, datetime]]
    release: Callable[..., object]


def holds() -> Holds:
    handed_in: Holds = current_app.extensions[HOLDS]
    return handed_in


def release_what_is_over(member: LockedMember, *, now: datetime) -> None:
    """What a hold held until before now counts as there: before points are taken by anything
    else, so that it makes no difference when the job comes that ends holds."""
    if member.held:
        holds().release(member, now=now)


def release_before_repaying(member: LockedMember, *, now: datetime) -> None:
    """The same before points come in: they repay what such holds leave of a debt."""
    if member.debt:
        release_what_is_over(member, now=now)
