"""Redemptions as people and programs see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from loyalty.programme import service as programme
from loyalty.rewards.rules import PAYMENT, state_at


def view(row: Mapping[Any, Any], *, now: datetime) -> dict[str, Any]:
    """A row of `redemptions.WITH_REWARD` as `RedemptionSchema` shows it."""
    store_id = row["store_id"]
    store = None if store_id is None else programme.snapshot().store_by_id(store_id).code
    state = state_at(now, state=row["state"], expires_at=row["expires_at"])
    kind = row["reward_kind"] or PAYMENT
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "kind": str(kind),
        "state": str(state),
        "reward": _reward(row),
        "store": store,
    }


_AS_THEY_ARE = (
    *("id", "member_id", "code", "points", "captured", "restored", "worth", "expires_at"),
    *("voucher_until", "used_at", "purchase_id", "created_at", "created_by", "captured_at"),
    *("captured_by", "ended_at", "ended_by"),
)


def _reward(row: Mapping[Any, Any]) -> dict[str, Any] | None:
    if row["reward_id"] is None:
        return None
    return {
        "id": row["reward_id"],
        "name": row["reward_name"],
        "kind": str(row["reward_kind"]),
        "worth": row["worth"],
    }
