"""Purchases and their members as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalty.members import service as members
from loyalty.points import pending
from loyalty.programme import service as programme


@dataclass(frozen=True, kw_only=True)
class Result:
    """One purchase and its member, as the API shows them."""

    purchase: dict[str, Any]
    member: dict[str, Any]
    replayed: bool = False

    def as_answer(self) -> dict[str, Any]:
        return {"purchase": self.purchase, "member": self.member}


def view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A purchase as `PurchaseViewSchema` shows it."""
    store = programme.snapshot().store_by_id(row["store_id"])
    return {
        "id": row["id"],
        "store": store.code,
        "register": row["register"],
        "receipt_no": row["receipt_no"],
        "member_id": row["member_id"],
        "amount": row["amount"],
        "quantity": row["quantity"],
        "channel": row["channel"],
        "purchased_at": row["purchased_at"],
        "recorded_at": row["recorded_at"],
        "late": row["late"],
        "points_earned": row["points_earned"],
        "points_reversed": row.get("points_reversed", 0),
        "points_pending": _pending(row),
        "amount_returned": row.get("amount_returned", 0),
        "voided": row.get("voided_at") is not None,
    }


def _pending(row: Mapping[str, Any]) -> int:
    """One that was recorded just now knows it."""
    known: int | None = row.get("points_pending")
    return pending.of_purchase(row["id"]) if known is None else known


def member_now(member_id: int) -> dict[str, Any]:
    """Of an erased member its id alone is left."""
    nobody = {"id": member_id, "phone": None, "name": None, "points": 0, "tier": None}
    found = nobody if members.is_erased(member_id) else members.get(member_id)
    return {**{name: found[name] for name in nobody}, "created": False}
