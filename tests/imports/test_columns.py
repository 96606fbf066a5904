"""How files are written: columns in any order and language, delimiters, marks, dates."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from tests.core.rows import scalar
from tests.imports.files import COLUMNS, NO_QUANTITIES, csv_text, imported, row, rows, written
from tests.purchases.receipts import LOCAL

pytestmark = pytest.mark.usefixtures("store")

HEADERS = [
    ("Số điện thoại", "Cửa hàng", "Mã hóa đơn", "Thời gian", "Số tiền"),
    ("So dien thoai", "Cua hang", "Ma hoa don", "Thoi gian", "So tien"),
    ("SĐT", "CHI NHÁNH", "SỐ HÓA ĐƠN", "NGÀY MUA", "TỔNG TIỀN"),
    ("sdt", "mã cửa hàng", "mã đơn hàng", "ngày", "thành tiền"),
    ("Phone Number", "Store Code", "Receipt-No.", "Purchase_Date", " Total "),
    ("phone", "branch", "invoice", "datetime", "paid"),
    # The same marks as separate characters, as some systems export them.
    ("So\u0302\u0301 đie\u0323\u0302n thoa\u0323i", "store", "receipt_no", "date", "amount"),
]

ENCODINGS = {
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "bom and crlf": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "no newline at the end": lambda text: text.rstrip("\n").encode(),
    "every cell quoted": lambda text: "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()
    ).encode(),
    "spaces around cells": lambda text: text.replace(",", " , ").encode(),
}

DATES = {
    "2025-11-22T10:42:00+07:00": datetime(2025, 11, 22, 3, 42, tzinfo=UTC),
    "2025-11-22T03:42:00Z": datetime(2025, 11, 22, 3, 42, tzinfo=UTC),
    "2025-11-22 10:42:00": datetime(2025, 11, 22, 10, 42, tzinfo=LOCAL),
    "2025-11-22": datetime(2025, 11, 22, tzinfo=LOCAL),
    "22/11/2025": datetime(2025, 11, 22, tzinfo=LOCAL),
    "22/11/2025 10:42": datetime(2025, 11, 22, 10, 42, tzinfo=LOCAL),
    "22/11/2025 10:42:09": datetime(2025, 11, 22, 10, 42, 9, tzinfo=LOCAL),
    "3/4/2025": datetime(2025, 4, 3, tzinfo=LOCAL),
    "03/04/2025 9:05": datetime(2025, 4, 3, 9, 5, tzinfo=LOCAL),
}


@pytest.mark.parametrize("header", HEADERS, ids=[names[0] for names in HEADERS])
def test_header_names_are_read_in_both_languages(cli, tmp_path, header):
    assert imported(cli, written(tmp_path, csv_text([row()], header=header)))["recorded"] == 1


def test_columns_stand_in_any_order_with_others_between(api, cli, tmp_path):
    names = ("note", "amount", "purchased_at", "colour", "receipt_no", "phone", "store")
    given = row(note="=1+1", colour="đỏ")
    imported(cli, written(tmp_path, csv_text([given], columns=names)))
    [purchase] = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"]
    assert (purchase["amount"], purchase["purchased_at"]) == (150_000, "2025-11-22T03:42:00Z")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(cli, tmp_path, delimiter):
    told = imported(cli, written(tmp_path, csv_text(rows(3), delimiter=delimiter)))
    assert (told["rows"], told["recorded"]) == (3, 3)


@pytest.mark.parametrize("name", ENCODINGS)
def test_file_as_programs_save_it_is_read(cli, tmp_path, name):
    content = ENCODINGS[name](csv_text(rows(3)))
    told = imported(cli, written(tmp_path, content))
    assert (told["rows"], told["recorded"]) == (3, 3)


def test_gzip_is_read_also_in_several_parts(cli, tmp_path):
    head, rest = csv_text(rows(1)), "".join(csv_text(rows(3)).splitlines(True)[2:])
    content = gzip.compress(head.encode()) + gzip.compress(rest.encode())
    assert imported(cli, written(tmp_path, content, "PURCHASES.CSV.GZ"))["recorded"] == 3


@pytest.mark.parametrize(("text", "moment"), DATES.items(), ids=list(DATES))
def test_time_is_read_with_the_day_first_in_the_shops_zone(api, cli, tmp_path, text, moment):
    imported(cli, written(tmp_path, csv_text([row(purchased_at=text)])))
    [purchase] = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"]
    assert datetime.fromisoformat(purchase["purchased_at"]) == moment


@pytest.mark.parametrize(("text", "quantity"), [("3", 3), ("", None), ("0", 0), (" 12 ", 12)])
def test_quantity_is_kept(app, cli, tmp_path, text, quantity):
    given = csv_text([row(quantity=text)], columns=[*COLUMNS, "quantity"])
    imported(cli, written(tmp_path, given))
    assert scalar(app, "SELECT quantity FROM purchases") == quantity


@pytest.mark.parametrize("text", ["-1", "two", "1000001", *NO_QUANTITIES])
def test_quantity_that_is_no_whole_number_refuses_its_row(cli, tmp_path, text):
    given = csv_text([row(quantity=text)], columns=[*COLUMNS, "quantity"])
    assert imported(cli, written(tmp_path, given))["rejected"] == {"invalid_row": 1}


def test_register_channel_and_name_are_kept(app, api, cli, tmp_path):
    """Two registers may print the same number; a name fills a blank and overwrites none."""
    more = [
        {"quay": "1", "kenh": "store", "ten": "Trần Thị Lan"},
        {"quay": "2", "kenh": "online", "ten": "Someone Else"},
    ]
    given = [row() | each for each in more]
    told = imported(cli, written(tmp_path, csv_text(given, columns=[*COLUMNS, *more[0]])))
    assert told["recorded"] == 2
    items = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"]
    assert sorted((item["register"], item["channel"]) for item in items) == [
        ("1", "store"),
        ("2", "online"),
    ]
    assert scalar(app, "SELECT name FROM members") == "Trần Thị Lan"


def test_channel_that_is_none_refuses_its_row(cli, tmp_path):
    given = csv_text([row(channel="moon")], columns=[*COLUMNS, "channel"])
    assert imported(cli, written(tmp_path, given))["rejected"] == {"invalid_row": 1}
