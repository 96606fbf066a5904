"""Lines of one invoice as one purchase or one return. No database here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loyalty.core.errors import Code, Problem
from loyalty.core.money import MAX_AMOUNT
from loyalty.imports.line_cells import GoodsLine, Kind


def given_of(lines: Sequence[GoodsLine], store: str | None) -> dict[str, Any]:
    """As the API's schemas load it: the first line says when, and what all of them say. Raises
    `negative_sale` (also of a return), `invalid_amount` and `receipt_no_required`."""
    about = {**lines[0].about, "phone": lines[0].phone}
    about["store"] = about["store"] or store
    if about["receipt_no"] is None:
        raise Problem(Code.RECEIPT_NO_REQUIRED, field="receipt_no")
    return about | (_sale(lines) if lines[0].kind is Kind.SALE else _return(lines, about))


def _sale(lines: Sequence[GoodsLine]) -> dict[str, Any]:
    amount = sum(line.amount for line in lines)
    if amount < 0:
        raise Problem(Code.NEGATIVE_SALE)
    _check(amount)
    sold = [line for line in lines if line.quantity >= 0 and line.amount >= 0]
    amounts = _in_proportion(amount, [line.amount for line in sold])
    return {
        "purchased_at": lines[0].at,
        "amount": amount,
        "quantity": sum(line.quantity for line in sold),
        "lines": [
            {
                "sku": line.sku,
                "name": line.description,
                "category": line.category,
                "quantity": line.quantity,
                "amount": part,
            }
            for line, part in zip(sold, amounts, strict=True)
        ],
    }


def _in_proportion(total: int, amounts: Sequence[int]) -> list[int]:
    """What a discount takes off a sale, or a fee off a return, is taken off the other lines, each
    in its measure; the parts add up to the total."""
    whole, through, parts = sum(amounts), 0, []
    for amount in amounts:
        before = through
        through += amount
        parts.append(total * through // whole - total * before // whole if whole else 0)
    return parts


def _return(lines: Sequence[GoodsLine], about: dict[str, Any]) -> dict[str, Any]:
    """A return is of positive goods. Files write what came back below 0, or all of it above;
    what stands above 0 beside goods that came back is what the shop kept."""
    written_above = all(line.amount >= 0 for line in lines)
    back = [line for line in lines if written_above or line.amount <= 0]
    amount = sum(line.amount for line in lines) * (1 if written_above else -1)
    if amount < 0:
        raise Problem(Code.NEGATIVE_SALE)
    _check(amount)
    amounts = _in_proportion(amount, [abs(line.amount) for line in back])
    return {
        "return_no": about["receipt_no"],
        "returned_at": lines[0].at,
        "lines": [
            {"sku": line.sku, "quantity": abs(line.quantity), "amount": part}
            for line, part in zip(back, amounts, strict=True)
        ],
    }


def _check(amount: int) -> None:
    if amount > MAX_AMOUNT:
        raise Problem(Code.INVALID_AMOUNT, field="amount")
