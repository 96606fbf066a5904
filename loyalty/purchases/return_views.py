"""Returns as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS
from loyalty.programme import service as programme
from loyalty.purchases.models import Purchase, PurchaseLine, Return, ReturnLine
from loyalty.purchases.sold import left_of
from loyalty.purchases.views import member_now
from loyalty.purchases.views import view as purchase_view

_returns = table_of(Return)
_lines = table_of(ReturnLine)
_purchases = table_of(Purchase)
_sold_lines = table_of(PurchaseLine)


@dataclass(frozen=True, kw_only=True)
class ReturnResult:
    """One return and its member, as the API shows them."""

    returned: dict[str, Any]
    member: dict[str, Any]
    replayed: bool = False

    def as_answer(self) -> dict[str, Any]:
        return {"return": self.returned, "member": self.member}


def get(return_id: int) -> dict[str, Any]:
    """Raises `unknown_return`, and `forbidden` for one of a store that is not the actor's."""
    its_row = select(_returns).where(_returns.c.id == return_id)
    row = connection().execute(its_row).mappings().first()
    if row is None:
        raise Problem(Code.UNKNOWN_RETURN)
    _check_store(row["store_id"])
    return views_of([dict(row)])[0]


def of_purchase(purchase_id: int) -> list[dict[str, Any]]:
    """All returns that took goods of a purchase back, the newest first."""
    theirs = select(_lines.c.return_id).where(_lines.c.purchase_id == purchase_id)
    query = select(_returns).where(_returns.c.id.in_(theirs)).order_by(_returns.c.id.desc())
    rows = connection().execute(query.limit(PAGE_ROWS)).mappings()
    return views_of(map(dict, rows))


def purchase(purchase_id: int) -> dict[str, Any]:
    """A purchase with its lines, what is left of it and its returns; raises `unknown_purchase`,
    and `forbidden` for one of a store that is not the actor's."""
    its_row = select(_purchases).where(_purchases.c.id == purchase_id)
    row = connection().execute(its_row).first()
    if row is None:
        raise Problem(Code.UNKNOWN_PURCHASE)
    _check_store(row.store_id)
    named = ("sku", "name", "category", "quantity", "amount")
    lines = connection().execute(
        select(*(_sold_lines.c[name] for name in named))
        .where(_sold_lines.c.purchase_id == purchase_id)
        .order_by(_sold_lines.c.position)
    )
    return {
        "purchase": {
            **purchase_view(row._asdict()),
            "lines": [line._asdict() for line in lines],
            "left": left_of(purchase_id).as_document(),
            "returns": of_purchase(purchase_id),
        },
        "member": member_now(row.member_id),
    }


def _view(row: Mapping[str, Any], lines: Iterable[Any]) -> dict[str, Any]:
    store = programme.snapshot().store_by_id(row["store_id"])
    return {
        "id": row["id"],
        "purchase_id": row["purchase_id"],
        "store": store.code,
        "register": row["register"],
        "return_no": row["return_no"],
        "member_id": row["member_id"],
        "amount": row["amount"],
        "lines": [
            {
                "purchase_id": line.purchase_id,
                "sku": line.sku,
                "quantity": line.quantity,
                "amount": line.amount,
            }
            for line in lines
        ],
        "returned_at": row["returned_at"],
        "recorded_at": row["recorded_at"],
        "points_reversed": row["points_reversed"],
        "points_restored": row["points_restored"],
    }


def views_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `returns` as `ReturnViewSchema` shows them, with their lines."""
    returns = {row["id"]: row for row in rows}
    lines: dict[int, list[Any]] = {return_id: [] for return_id in returns}
    found = connection().execute(
        select(_lines)
        .where(_lines.c.return_id.in_(list(lines)))
        .order_by(_lines.c.return_id, _lines.c.position)
    )
    for line in found:
        lines[line.return_id].append(line)
    return [_view(row, lines[return_id]) for return_id, row in returns.items()]


def _check_store(store_id: int) -> None:
    if not current_actor().may_use_store(store_id):
        raise Problem(Code.FORBIDDEN)
