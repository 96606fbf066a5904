"""Cells of a row that is a line of a receipt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import (
    CATEGORY_LENGTH,
    CODE_LENGTH,
    NAME_LENGTH,
    RECEIPT_LENGTH,
    REGISTER_LENGTH,
    SKU_LENGTH,
)
from loyalty.core.money import MAX_AMOUNT, decimals_of
from loyalty.core.phone import PhoneNumber
from loyalty.imports.columns import Columns, plain
from loyalty.imports.purchase_cells import channel_of, quantity_of, text_of, time_of
from loyalty.imports.refused_rows import check_width, no_phone


class Kind(StrEnum):
    SALE = "sale"
    RETURN = "return"


_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(map(plain, ("sale", "sales", "bán", "bán hàng", "ขาย")), Kind.SALE),
    **dict.fromkeys(
        map(plain, ("return", "refund", "trả", "trả hàng", "hoàn hàng", "คืน", "คืนสินค้า")),
        Kind.RETURN,
    ),
}
_PRICE = re.compile(r"-?[0-9]{1,12}(?:\.([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLine:
    """Quantity and amount (minor units) are below 0 where the row says so; `about` is what all
    lines of a receipt say, as the API's schemas name it."""

    kind: Kind
    phone: PhoneNumber
    sku: str
    description: str | None
    category: str | None
    quantity: int
    amount: int
    at: datetime
    about: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class LineReader:
    columns: Columns
    width: int
    region: str
    currency: str
    zone: ZoneInfo

    @classmethod
    def of(cls, columns: Columns, *, width: int) -> LineReader:
        settings = current_app.extensions["settings"]
        return cls(
            columns=columns,
            width=width,
            region=settings.default_region,
            currency=settings.currency,
            zone=settings.time_zone,
        )

    def load(self, cells: Sequence[str]) -> GoodsLine:
        """Raises `Problem`; `empty` in its extra when there is no phone at all."""
        check_width(cells, least=max(self.columns.values()) + 1, width=self.width)
        cell = {name: cells[place].strip() for name, place in self.columns.items()}
        kind = _kind(cell.get("kind"))
        if not cell["phone"]:
            raise no_phone()
        name = text_of(cell, "name", NAME_LENGTH)
        quantity = _signed(cell["quantity"])
        return GoodsLine(
            kind=kind,
            phone=PhoneNumber.parse(cell["phone"], self.region).as_member_key(),
            sku=_required(text_of(cell, "sku", SKU_LENGTH), "sku"),
            description=text_of(cell, "description", NAME_LENGTH),
            category=text_of(cell, "category", CATEGORY_LENGTH),
            quantity=quantity,
            amount=line_amount(quantity, cell["unit_price"], self.currency),
            at=time_of(cell["purchased_at"], self.zone),
            about={
                "store": text_of(cell, "store", CODE_LENGTH),
                "register": text_of(cell, "register", REGISTER_LENGTH),
                "receipt_no": text_of(cell, "receipt_no", RECEIPT_LENGTH),
                "channel": channel_of(cell.get("channel")),
                "member": {"name": name} if name else {},
            },
        )


def line_amount(quantity: int, unit_price: str, currency: str) -> int:
    """Quantity x unit price (major units, up to 6 decimals) in minor units, rounded half up.

    `25.000` of a currency without decimals is two numbers: a point before three digits separates
    groups in Vietnam. Raises `invalid_amount`.
    """
    match = _PRICE.fullmatch(unit_price)
    decimals = decimals_of(currency)
    if match is None or (decimals == 0 and len(match[1] or "") == 3):
        raise Problem(Code.INVALID_AMOUNT, field="unit_price")
    exact = (Decimal(unit_price) * quantity).scaleb(decimals)
    amount = int(exact.to_integral_value(ROUND_HALF_UP))
    if abs(amount) > MAX_AMOUNT:
        raise Problem(Code.INVALID_AMOUNT, field="unit_price")
    return amount


def _kind(text: str | None) -> Kind:
    """A file without that column is one of sales."""
    found = Kind.SALE if text is None else _KINDS.get(plain(text))
    if found is None:
        raise Problem(Code.UNKNOWN_KIND, field="kind")
    return found


def _signed(text: str) -> int:
    return -quantity_of(text[1:]) if text.startswith("-") else quantity_of(text)


def _required(text: str | None, name: str) -> str:
    if text is None:
        raise Problem(Code.INVALID_REQUEST, detail=f"The {name} is missing.", field=name)
    return text
