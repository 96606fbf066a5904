"""Which column holds what: header names in English and Vietnamese, in any order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask_babel import gettext

from loyalty.imports.source import BadFile
from loyalty.members.rules import fold

Columns = Mapping[str, int]
"""Field -> place in a row."""

PURCHASE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "phone": (
        *("phone", "phone number", "mobile", "tel", "telephone", "customer phone"),
        *("so dien thoai", "dien thoai", "sdt", "so dt", "di dong", "sdt khach hang"),
    ),
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


def find_columns(
    header: Sequence[str],
    *,
    required: Sequence[str] = REQUIRED,
    among: Mapping[str, Sequence[str]] = PURCHASE_COLUMNS,
) -> Columns:
    """The place of each known column; raises `BadFile` for one missing or named twice."""
    known = {name: field for field, names in among.items() for name in names}
    found: dict[str, int] = {}
    for place, written in enumerate(header):
        field = known.get(_plain(written))
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


def _plain(written: str) -> str:
    return re.sub(r"[\s_.\-]+", " ", fold(written)).strip()
