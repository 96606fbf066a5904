"""Which column holds what: header names in English, Vietnamese and Thai, in any order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask_babel import gettext

from loyalty.imports.files import BadFile
from loyalty.members.rules import fold

Columns = Mapping[str, int]
"""Field -> place in a row."""

PHONE_WORDS = (
    *("mobile", "mobile phone", "mobile number", "phone", "phone number", "phone no"),
    *("customer phone", "contact number", "tel", "telephone"),
    *("so di dong", "di dong", "dien thoai di dong", "dt di dong", "so dien thoai", "sdt"),
    *("dien thoai", "so dt", "sdt khach hang", "so dien thoai khach hang"),
    *("เบอร์มือถือ", "มือถือ", "โทรศัพท์มือถือ", "เบอร์โทร", "เบอร์โทรศัพท์"),
    *("หมายเลขโทรศัพท์", "โทรศัพท์"),
)
"""The better ones first: of two columns of a list of customers, the mobile phone."""
PURCHASE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "phone": PHONE_WORDS,
    "store": (
        *("store", "store code", "shop", "branch", "branch code"),
        *("cua hang", "ma cua hang", "chi nhanh", "ma chi nhanh"),
    ),
    "receipt_no": (
        *("receipt no", "receipt", "receipt number", "invoice", "invoice no", "bill", "bill no"),
        *("ma hoa don", "so hoa don", "hoa don", "so bill", "ma bill", "ma don hang"),
    ),
    "purchased_at": (
        *("purchased at", "date", "time", "purchase date", "datetime"),
        *("thoi gian", "ngay mua", "ngay", "ngay gio", "thoi gian mua", "ngay ban"),
    ),
    "amount": (
        *("amount", "total", "paid", "total amount"),
        *("so tien", "tong tien", "thanh tien", "khach tra", "doanh thu"),
    ),
    "quantity": ("quantity", "qty", "items", "so luong", "sl"),
    "register": ("register", "pos", "till", "quay", "may pos", "quay thu ngan"),
    "channel": ("channel", "kenh", "kenh ban"),
    "name": ("name", "customer", "customer name", "ten", "ho ten", "ten khach hang"),
}
PHONE_COLUMN: Mapping[str, tuple[str, ...]] = {"phone": PURCHASE_COLUMNS["phone"]}
REQUIRED = ("phone", "store", "receipt_no", "purchased_at", "amount")
LINE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{name: words for name, words in PURCHASE_COLUMNS.items() if name != "amount"},
    "purchased_at": (
        *PURCHASE_COLUMNS["purchased_at"],
        *("invoice time", "invoice date", "ngay hoa don", "ngay lap"),
    ),
    "kind": ("kind", "type", "loai", "loai hoa don"),
    "sku": (
        *("sku", "stock code", "stockcode", "product code", "item code"),
        *("ma hang", "ma san pham", "ma sp", "ma vach", "รหัสสินค้า"),
    ),
    "description": (
        *("description", "product", "product name", "item"),
        *("ten hang", "ten san pham", "mat hang", "ชื่อสินค้า"),
    ),
    "category": ("category", "product category", "nhom hang", "loai hang", "หมวดหมู่"),
    "unit_price": ("unit price", "unitprice", "price", "don gia", "gia ban", "ราคาต่อหน่วย"),
}
"""Of files with a row for each line of a receipt."""
REQUIRED_OF_LINES = ("phone", "receipt_no", "purchased_at", "sku", "quantity", "unit_price")


def is_of_lines(header: Sequence[str]) -> bool:
    """Whether rows are lines of receipts: they name goods and what one of them costs."""
    named = {plain(written) for written in header}
    return all(named & set(map(plain, LINE_COLUMNS[name])) for name in ("sku", "unit_price"))


def find_columns(
    header: Sequence[str],
    *,
    required: Sequence[str] = REQUIRED,
    among: Mapping[str, Sequence[str]] = PURCHASE_COLUMNS,
) -> Columns:
    """The place of each known column; raises `BadFile` for one missing or named twice."""
    known = {plain(name): field for field, names in among.items() for name in names}
    found: dict[str, int] = {}
    for place, written in enumerate(header):
        field = known.get(plain(written))
        if field is None:
            continue
        if field in found:
            raise BadFile(gettext("Two columns hold the %(field)s: keep one of them.", field=field))
        found[field] = place
    missing = [field for field in required if field not in found]
    if missing:
        raise BadFile(
            gettext(
                "The file has no column %(names)s: name it in the first line.",
                names=", ".join(missing),
            )
        )
    return found


def plain(written: str) -> str:
    """As headers are compared: no case, no marks, and a space for what stands between words."""
    return re.sub(r"[\s_.\-]+", " ", fold(written)).strip()
